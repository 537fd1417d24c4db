//! `GET /v1/openapi.json`: what this API is, for programs. It asks for no key.

use ghub::http::{Call, Endpoint, Error};
use serde_json::value::RawValue;
use std::time::Duration;

/// Made of the table of endpoints, see `tests/system/generated.rs`. No function links its maker.
const DOCUMENT: &str = include_str!("../openapi.json");

/// The document changes with a deployment, and five minutes later is soon enough to see it.
const KEPT: Duration = Duration::from_secs(300);

/// The function. It has no state.
#[derive(Debug)]
pub struct GetOpenapi;

impl Endpoint for GetOpenapi {
    type Answer = Box<RawValue>;

    async fn answer(&self, call: &mut Call) -> Result<Box<RawValue>, Error> {
        call.kept_for = Some(KEPT);
        let document = DOCUMENT.lines().map(str::trim_start).collect();
        RawValue::from_string(document).map_err(|error| Error::Internal(error.into()))
    }
}
