//! What the API has, resource by resource. A test compares it with the table of routes.

mod credits;
mod meta;
mod models;
mod videos;

pub(crate) use credits::TRANSACTION_LIST;
pub(crate) use videos::VIDEO_LIST;

use crate::operation::Endpoint;

/// All operations.
pub(crate) fn all() -> Vec<Endpoint> {
    let mut all = videos::endpoints();
    all.extend(models::endpoints());
    all.extend(credits::endpoints());
    all.extend(meta::endpoints());
    all
}
