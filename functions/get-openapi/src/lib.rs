//! `GET /v1/openapi.json`: what this API is, for programs. It asks for no key.

mod answers;
mod document;
mod operation;
mod paths;

use ghub::http::{Call, Endpoint, Error};
use serde_json::value::{RawValue, to_raw_value};
use std::time::Duration;

/// It changes with a deployment, and nobody needs to see that sooner than in five minutes.
const KEPT: Duration = Duration::from_secs(300);

/// The function, with what it answers.
#[derive(Debug)]
pub struct GetOpenapi {
    document: Result<Box<RawValue>, String>,
}

impl Default for GetOpenapi {
    /// Makes the document, once.
    fn default() -> Self {
        Self { document: to_raw_value(&document::document()).map_err(|error| error.to_string()) }
    }
}

impl Endpoint for GetOpenapi {
    type Answer = Box<RawValue>;

    async fn answer(&self, call: &mut Call) -> Result<Box<RawValue>, Error> {
        call.kept_for = Some(KEPT);
        self.document.clone().map_err(|error| Error::Internal(error.into()))
    }
}
