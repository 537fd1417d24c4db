//! Text and numbers of a kind, as the OpenAPI document describes them. The fields of answers that
//! hold them name these types there.

use crate::failure;
use crate::status;
use crate::store::EntryKind;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, Object, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// An amount in MXN.
#[derive(Debug)]
pub struct Mxn;

/// A price in USD, a markup or an exchange rate.
#[derive(Debug)]
pub struct Factor;

/// A caller's own labels of a job.
#[derive(Debug)]
pub struct Metadata;

/// A moment, in seconds since the Unix epoch.
#[derive(Debug)]
pub struct UnixSeconds;

/// Where a job stands.
#[derive(Debug)]
pub struct Status;

/// Why a job failed, for programs.
#[derive(Debug)]
pub struct FailureCode;

/// The kind of a transaction: why money moved.
#[derive(Debug)]
pub struct TransactionType;

impl ToSchema for Status {}
impl ToSchema for FailureCode {}
impl ToSchema for TransactionType {}
impl ToSchema for Mxn {}
impl ToSchema for Factor {}
impl ToSchema for UnixSeconds {}
impl ToSchema for Metadata {}

impl PartialSchema for Metadata {
    fn schema() -> RefOr<Schema> {
        let value = ObjectBuilder::new().schema_type(Type::String).max_length(Some(512));
        ObjectBuilder::new()
            .description(Some(
                "Labels of your own: at most 16 keys of 1 to 64 characters, with texts of at most \
                 512 characters. Line breaks and tabs are their only control characters.",
            ))
            .property_names(Some(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .min_length(Some(1))
                    .max_length(Some(64)),
            ))
            .additional_properties(Some(value))
            .max_properties(Some(16))
            .build()
            .into()
    }
}

impl PartialSchema for Mxn {
    fn schema() -> RefOr<Schema> {
        text(
            "An amount in MXN as decimal text: at least two places, at most six, and no zeros past the second. Read it as a decimal, \
             never as a float.",
            r"^-?(0|[1-9][0-9]*)\.[0-9]{2,6}$",
        )
        .examples(["4.20", "0.0546", "-4.20"])
        .into()
    }
}

impl PartialSchema for Factor {
    fn schema() -> RefOr<Schema> {
        text(
            "A decimal of at least 0 as text, with two to six places.",
            r"^(0|[1-9][0-9]*)\.[0-9]{2,6}$",
        )
        .examples(["0.04", "1.05", "20.00"])
        .into()
    }
}

impl PartialSchema for UnixSeconds {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(0))
            .description(Some("Seconds since 1970-01-01 UTC."))
            .examples([1_782_415_166])
            .into()
    }
}

impl PartialSchema for Status {
    fn schema() -> RefOr<Schema> {
        let all = status::Status::ALL.map(status::Status::as_str);
        words("The four words that callers know.", &all)
    }
}

impl PartialSchema for FailureCode {
    fn schema() -> RefOr<Schema> {
        let line = |code: failure::FailureCode| {
            let again = if code.is_retryable() { "yes" } else { "no" };
            format!("`{}`: {}. Order again: {again}.", code.as_str(), code.meaning())
        };
        let all = failure::FailureCode::ALL;
        words(&all.map(line).join("\n\n"), &all.map(failure::FailureCode::as_str))
    }
}

impl PartialSchema for TransactionType {
    fn schema() -> RefOr<Schema> {
        words("Why money moved.", &EntryKind::ALL.map(EntryKind::as_str))
    }
}

fn words(description: &str, all: &[&'static str]) -> RefOr<Schema> {
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.enum_values(Some(all.to_vec())).description(Some(description)).into()
}

fn text(description: &str, pattern: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .pattern(Some(pattern))
}

/// A field that says what kind of thing it is in.
fn always(word: &str) -> Object {
    let description = format!("Always `{word}`.");
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some([word]))
        .build()
}

pub(super) fn video_job() -> Object {
    always("video.job")
}

pub(super) fn video_dry_run() -> Object {
    always("video.dry_run")
}

pub(super) fn video_deleted() -> Object {
    always("video.deleted")
}

pub(super) fn list() -> Object {
    always("list")
}

pub(super) fn model() -> Object {
    always("model")
}

pub(super) fn credits() -> Object {
    always("credits")
}

pub(super) fn credit_transaction() -> Object {
    always("credit.transaction")
}

pub(super) fn mxn() -> Object {
    always("MXN")
}
