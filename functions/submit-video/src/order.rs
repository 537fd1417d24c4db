//! What a caller orders: the body, field by field, against the catalog. Unknown fields are ignored.

use ghub::ambient::Ambient;
use ghub::catalog::{Catalog, Model, Services};
use ghub::config::Rates;
use ghub::error::{Refusal, shortened};
use ghub::http::Error;
use ghub::http::video_order::LONGEST_KEY;
use ghub::id::{Mode, OrgId};
use ghub::job::{Job, SUBMIT_LEASE, State};
use ghub::money::Money;
use ghub::provider::{Provider, sandbox};
use lambda_http::http::HeaderMap;
use serde_json::{Map, Value};

/// From 2^53 on, every float is a whole number.
const LARGE: f64 = 9_007_199_254_740_992.0;

/// A valid order.
#[derive(Debug)]
pub(crate) struct Order<'c> {
    model: &'c Model,
    route: &'c str,
    prompt: String,
    seconds: u32,
    aspect_ratio: Option<String>,
}

/// Reads and checks a body.
pub(crate) fn read<'c>(
    body: &Map<String, Value>,
    catalog: &'c Catalog,
    services: &Services,
) -> Result<Order<'c>, Refusal> {
    let (model, route) = model(body, catalog, services)?;
    Ok(Order {
        model,
        route,
        prompt: prompt(body, model)?,
        seconds: model.seconds(whole_number(body, "duration")?)?,
        aspect_ratio: model.aspect_ratio(text(body, "aspect_ratio")?)?,
    })
}

impl Order<'_> {
    /// Who would render it with a live key.
    pub(crate) const fn provider(&self) -> Provider {
        self.model.provider
    }

    /// The job to store: price and markup frozen, ours to send until the lease ends. A sandbox's
    /// job goes to nobody and costs nothing.
    pub(crate) fn into_job(
        self,
        org: OrgId,
        rates: &Rates,
        ambient: &Ambient,
    ) -> Result<Job, Error> {
        let price = rates.price(self.model.usd_per_second);
        let cost = price
            .cost_rounded_half_up(self.seconds)
            .map_err(|error| Error::Internal(error.into()))?;
        let (provider, route, cost, poll_every_s) = match org.mode() {
            Mode::Live => (self.model.provider, self.route, cost, self.model.poll_every_s),
            Mode::Sandbox => {
                (Provider::Sandbox, sandbox::ROUTE, Money::ZERO, sandbox::POLL_EVERY_S)
            }
        };
        let now = ambient.now();
        let lease_until = now.after(SUBMIT_LEASE);
        Ok(Job {
            id: ambient.job_id(),
            org,
            model: self.model.id.clone(),
            provider,
            route: route.to_owned(),
            prompt: self.prompt,
            seconds: self.seconds,
            aspect_ratio: self.aspect_ratio,
            price,
            cost,
            poll_every_s,
            created: now,
            due: lease_until,
            revision: 0,
            state: State::Pending { lease_until: Some(lease_until) },
            stop: None,
            trouble: None,
            deletion: None,
        })
    }
}

/// The caller's idempotency key, if one was sent.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key)
            if (1..=LONGEST_KEY).contains(&key.len())
                && key.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            Ok(Some(key))
        }
        _ => Err(Refusal::invalid(format!(
            "Idempotency-Key: it must be 1 to {LONGEST_KEY} visible ASCII characters without spaces, such as a UUID"
        ))),
    }
}

/// Whether the caller only wants to know: validated and priced, and nothing is created.
pub(crate) fn is_dry_run(body: &Map<String, Value>) -> Result<bool, Refusal> {
    match body.get("dry_run") {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(dry)) => Ok(*dry),
        Some(other) => {
            Err(Refusal::invalid(format!("dry_run: it must be true or false, not {}", kind(other))))
        }
    }
}

fn model<'c>(
    body: &Map<String, Value>,
    catalog: &'c Catalog,
    services: &Services,
) -> Result<(&'c Model, &'c str), Refusal> {
    let id = text(body, "model")?.ok_or_else(|| {
        Refusal::invalid("model: it is required, a string such as \"fal/kling-2\"")
    })?;
    catalog.served(id, services)
}

fn prompt(body: &Map<String, Value>, model: &Model) -> Result<String, Refusal> {
    let (least, most) = model.prompt_length;
    let required = || {
        Refusal::invalid(format!("prompt: it is required, a text of {least} to {most} characters"))
    };
    crate::prompt::checked(text(body, "prompt")?.ok_or_else(required)?, model)
}

/// A string field; absent and `null` are the same.
fn text<'b>(body: &'b Map<String, Value>, field: &str) -> Result<Option<&'b str>, Refusal> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => {
            Err(Refusal::invalid(format!("{field}: it must be a string, not {}", kind(other))))
        }
    }
}

/// A whole-number field; absent and `null` are the same. `5.0` is not written as a whole number and
/// is refused.
fn whole_number(body: &Map<String, Value>, field: &str) -> Result<Option<i128>, Refusal> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => Ok(number.as_i128()),
        // A number that an i64 has no room for is read as a float, and is whole all the same.
        Some(Value::Number(number))
            if number.as_f64().is_some_and(|number| number.abs() >= LARGE) =>
        {
            let number = shortened(&number.to_string());
            Err(Refusal::invalid(format!(
                "{field}: {number} is out of range; a video has a few seconds"
            )))
        }
        Some(Value::Number(number)) => Err(Refusal::invalid(format!(
            "{field}: it must be a whole number of seconds, not {}",
            shortened(&number.to_string())
        ))),
        Some(other) => Err(Refusal::invalid(format!(
            "{field}: it must be a whole number of seconds, not {}",
            kind(other)
        ))),
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
