//! The ids of organizations, jobs and ledger entries. An id is parsed once, where it enters; after
//! that it has its own type and is never a bare UUID.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// The owner of jobs and of an account: an organization, or the sandbox of one. A sandbox is a
/// tenant of its own, with jobs and an account under `<uuid>#test`. An organization and its sandbox
/// never see each other's jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrgId {
    uuid: Uuid,
    mode: Mode,
}

/// Whether jobs are rendered and paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// Videos are rendered and charged.
    Live,
    /// Nothing is rendered, and nothing is charged.
    Sandbox,
}

/// The end of a sandbox's id, after the UUID of its organization.
const SANDBOX: &str = "#test";

impl OrgId {
    /// The live organization with this UUID.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, mode: Mode::Live }
    }

    /// The UUID, which an organization and its sandbox share.
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }

    /// Live for an organization, and sandbox for its sandbox.
    pub const fn mode(self) -> Mode {
        self.mode
    }

    /// The organization itself; for a sandbox, the organization that it belongs to.
    pub const fn live(self) -> Self {
        Self { mode: Mode::Live, ..self }
    }

    /// The sandbox of this organization; for a sandbox, itself.
    pub const fn sandbox(self) -> Self {
        Self { mode: Mode::Sandbox, ..self }
    }

    /// Whether this is the sandbox of an organization.
    pub const fn is_sandbox(self) -> bool {
        matches!(self.mode, Mode::Sandbox)
    }
}

impl fmt::Display for OrgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = if self.is_sandbox() { SANDBOX } else { "" };
        write!(f, "{}{suffix}", self.uuid)
    }
}

impl FromStr for OrgId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        match text.strip_suffix(SANDBOX) {
            Some(organization) => uuid(organization).map(|uuid| Self::from_uuid(uuid).sandbox()),
            None => uuid(text).map(Self::from_uuid),
        }
    }
}

impl TryFrom<String> for OrgId {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<Self, NotAnId> {
        text.parse()
    }
}

impl From<OrgId> for String {
    fn from(org: OrgId) -> Self {
        org.to_string()
    }
}

/// Which job, and whose. It is the key of a job's item, and the whole of a message about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct JobKey {
    pub org: OrgId,
    pub job: JobId,
}

/// The id of a video job: a UUID of version 7, so ids sort by the creation of their jobs. It has 74
/// random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(Uuid);

impl JobId {
    /// The nil UUID, which no job has.
    pub const NONE: Self = Self(Uuid::nil());

    /// The job with this UUID.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The UUID of the job.
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for JobId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        uuid(text).map(Self)
    }
}

/// Reads only the form of 36 characters with hyphens, so that an id has one spelling.
fn uuid(text: &str) -> Result<Uuid, NotAnId> {
    if text.len() == 36 { Uuid::try_parse(text).map_err(|_| NotAnId) } else { Err(NotAnId) }
}

/// The id of a ledger entry, as callers see it. It is a hash of the organization and of the cause
/// of the entry. So the same cause always has the same id, and two organizations never share one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TransactionId(String);

impl TransactionId {
    const PREFIX: &str = "txn_";
    /// 32 hex digits are 128 bits: enough that two causes never meet.
    const DIGITS: usize = 32;

    /// The id of the entry with this cause. The cause of a job's charge is `job#<id>`.
    pub fn of(org: OrgId, cause: &str) -> Self {
        let digest = Sha256::digest(format!("{org}/{cause}"));
        Self(format!("{}{}", Self::PREFIX, &hex::encode(digest)[..Self::DIGITS]))
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Only text of the right form is an id, so that no other text is looked up.
impl FromStr for TransactionId {
    type Err = NoTransactionId;

    fn from_str(text: &str) -> Result<Self, NoTransactionId> {
        let digits = text.strip_prefix(Self::PREFIX).ok_or(NoTransactionId)?;
        let fits = digits.len() == Self::DIGITS
            && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if fits { Ok(Self(text.to_owned())) } else { Err(NoTransactionId) }
    }
}

/// The text is not `txn_` and 32 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a transaction's id is txn_ and 32 hex digits")]
pub struct NoTransactionId;

/// The text is not a UUID of 36 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is a UUID, such as e8c96506-72a1-429f-a7ed-4bb0a42541be")]
pub struct NotAnId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hyphenated_form_is_an_id() {
        assert!("e8c96506-72a1-429f-a7ed-4bb0a42541be".parse::<JobId>().is_ok());
        for text in [
            "",
            "e8c9650672a1429fa7ed4bb0a42541be",
            "{e8c96506-72a1-429f-a7ed-4bb0a42541be}",
            "../e8c96506",
        ] {
            assert_eq!(text.parse::<JobId>(), Err(NotAnId), "{text}");
        }
    }

    #[test]
    fn a_sandbox_is_another_tenant_than_its_organization() {
        let live: OrgId = "e8c96506-72a1-429f-a7ed-4bb0a42541be".parse().unwrap();
        let sandbox: OrgId = "e8c96506-72a1-429f-a7ed-4bb0a42541be#test".parse().unwrap();
        assert_eq!((live.sandbox(), sandbox.live(), live.uuid()), (sandbox, live, sandbox.uuid()));
        assert_ne!(live, sandbox);
        for org in [live, sandbox] {
            let json = serde_json::to_string(&org).unwrap();
            assert_eq!(json, format!("\"{org}\""));
            assert_eq!(serde_json::from_str::<OrgId>(&json).unwrap(), org);
        }
        for text in [
            "#test",
            "e8c96506-72a1-429f-a7ed-4bb0a42541be#live",
            "e8c96506-72a1-429f-a7ed-4bb0a42541be#test#test",
        ] {
            assert_eq!(text.parse::<OrgId>(), Err(NotAnId), "{text}");
        }
    }

    #[test]
    fn a_transaction_is_called_by_its_organization_and_its_cause() {
        let [one, other] = [1, 2].map(|number| OrgId::from_uuid(Uuid::from_u128(number)));
        let id = TransactionId::of(one, "bonus");
        assert_eq!(
            id.to_string(),
            "txn_9c9a394900352df96d0c389a03a83728",
            "the table has it as its key: it stays"
        );
        assert_eq!(id.to_string().parse(), Ok(id.clone()));
        assert!(
            id != TransactionId::of(other, "bonus")
                && id != TransactionId::of(one, "recharge#bonus")
        );
        let text = id.to_string();
        for text in [
            "",
            "txn_",
            &text[1..],
            &text[..35],
            &format!("{text}0"),
            &text.to_uppercase(),
            &"a".repeat(4000),
        ] {
            assert_eq!(text.parse::<TransactionId>(), Err(NoTransactionId), "{text}");
        }
    }
}
