//! What the API has, resource by resource. A test compares it with the table of routes.

mod meta;
mod videos;

use crate::operation::Endpoint;

/// All operations.
pub(crate) fn all() -> Vec<Endpoint> {
    let mut all = videos::endpoints();
    all.extend(meta::endpoints());
    all
}
