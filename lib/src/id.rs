//! Identities: who owns a thing and which thing it is. Parsed once at the edge; a bare UUID never travels.

use serde::{Deserialize, Serialize};
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
}
