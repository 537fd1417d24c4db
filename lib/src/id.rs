//! Identities: who owns a thing and which thing it is. Parsed once at the edge; a bare UUID never travels.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Whose books: an organization's, or its sandbox's. A sandbox is a tenant of its own beside the live one: it has jobs and an account under
/// `<uuid>#test`, and neither ever sees the other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrgId {
    uuid: Uuid,
    mode: Mode,
}

/// Whether something is real.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// Videos are rendered and charged.
    Live,
    /// Nothing is rendered, and nothing charged.
    Sandbox,
}

/// What a sandbox's id has behind its organization's.
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

    /// Whether it is the organization or its sandbox.
    pub const fn mode(self) -> Mode {
        self.mode
    }

    /// The organization that this is, or whose sandbox it is.
    pub const fn live(self) -> Self {
        Self { mode: Mode::Live, ..self }
    }

    /// Its sandbox.
    pub const fn sandbox(self) -> Self {
        Self { mode: Mode::Sandbox, ..self }
    }

    /// Whether it is a sandbox.
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

/// A video job. Version 7: ordered by its creation, with 74 random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(Uuid);

impl JobId {
    /// The nil UUID, which no job has.
    pub const NONE: Self = Self(Uuid::nil());

    /// Takes a UUID as this identity.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The identity as a UUID.
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

/// Only the hyphenated form of 36 characters is read: a caller's id has one spelling.
fn uuid(text: &str) -> Result<Uuid, NotAnId> {
    if text.len() == 36 { Uuid::try_parse(text).map_err(|_| NotAnId) } else { Err(NotAnId) }
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
        for text in
            ["#test", "e8c96506-72a1-429f-a7ed-4bb0a42541be#live", "e8c96506-72a1-429f-a7ed-4bb0a42541be#test#test"]
        {
            assert_eq!(text.parse::<OrgId>(), Err(NotAnId), "{text}");
        }
    }
}
