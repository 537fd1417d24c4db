//! Identities: who owns a thing and which thing it is. Parsed once at the edge; a bare UUID never travels.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// An organization: the tenant that owns keys, jobs, a balance and a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrgId(Uuid);

/// A video job. Version 7: ordered by its creation, with 74 random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(Uuid);

macro_rules! uuid_identity {
    ($name:ident) => {
        impl $name {
            /// Takes a UUID as this identity.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The identity as a UUID.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        /// Only the hyphenated form of 36 characters is read: a caller's id has one spelling.
        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                if text.len() != 36 {
                    return Err(NotAnId);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| NotAnId)
            }
        }
    };
}

uuid_identity!(OrgId);
uuid_identity!(JobId);

impl JobId {
    /// The nil UUID, which no job has.
    pub const NONE: Self = Self(Uuid::nil());
}

/// An entry of a ledger, as its organization calls it: made of the organization and of what caused the entry, so that the same cause has
/// the same id whoever works it out, and no two organizations have one in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TransactionId(String);

impl TransactionId {
    const PREFIX: &str = "txn_";
    /// 128 bits: enough that no two causes ever meet.
    const DIGITS: usize = 32;

    /// The id of what this caused; a job's charge has the cause `job#<id>`.
    pub fn of(org: OrgId, cause: &str) -> Self {
        let digest = Sha256::digest(format!("{org}/{cause}"));
        let digits = digest.iter().take(Self::DIGITS / 2).map(|byte| format!("{byte:02x}"));
        Self(Self::PREFIX.to_owned() + &digits.collect::<String>())
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Only text that could be an id is read as one, so that nothing else is looked up.
impl FromStr for TransactionId {
    type Err = NoTransactionId;

    fn from_str(text: &str) -> Result<Self, NoTransactionId> {
        let digits = text.strip_prefix(Self::PREFIX).ok_or(NoTransactionId)?;
        let fits = digits.len() == Self::DIGITS && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
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
        for text in ["", "e8c9650672a1429fa7ed4bb0a42541be", "{e8c96506-72a1-429f-a7ed-4bb0a42541be}", "../e8c96506"] {
            assert_eq!(text.parse::<JobId>(), Err(NotAnId), "{text}");
        }
    }

    #[test]
    fn a_transaction_is_called_by_its_organization_and_its_cause() {
        let [one, other] = [1, 2].map(|number| OrgId::from_uuid(Uuid::from_u128(number)));
        let id = TransactionId::of(one, "bonus");
        assert_eq!(id.to_string(), "txn_9c9a394900352df96d0c389a03a83728", "the table has it as its key: it stays");
        assert_eq!(id.to_string().parse(), Ok(id.clone()));
        assert!(id != TransactionId::of(other, "bonus") && id != TransactionId::of(one, "recharge#bonus"));
        let text = id.to_string();
        for text in ["", "txn_", &text[1..], &text[..35], &format!("{text}0"), &text.to_uppercase(), &"a".repeat(4000)]
        {
            assert_eq!(text.parse::<TransactionId>(), Err(NoTransactionId), "{text}");
        }
    }
}
