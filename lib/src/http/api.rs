//! The API: each of its endpoints once, and beside each shape the operations that answer it.

mod billing;
mod credits;
mod deleted_video;
mod list;
mod model_inputs;
mod model_object;
mod transaction;
mod video_job;
pub mod video_order;

pub(super) mod schema;

pub use billing::{Billing, BillingStatus};
pub use credits::Credits;
pub use deleted_video::DeletedVideo;
pub use list::List;
pub use model_object::{ModelList, ModelObject, PromptLength, TypicalSeconds};
pub use transaction::Transaction;
pub use video_job::{DryRun, ErrorDetail, VideoJob};

use super::openapi::{self, Operation};

/// An endpoint's place in the API, and the function behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// In capitals. A route with `GET` takes `HEAD` too.
    pub method: &'static str,
    /// From `/v1` on. `{id}` stands for one segment, `{id+}` for one or more.
    pub path: &'static str,
    /// Its directory under `functions/`.
    pub function: &'static str,
}

/// The function behind all requests that no route takes.
pub const UNKNOWN_ROUTE: &str = "unknown-route";

/// Makes two lists of one table. [`operations`] stands alone so that only the maker of the OpenAPI
/// document links it, and no function does.
macro_rules! endpoints {
    ($(($method:literal, $path:literal, $function:literal, $operation:path),)*) => {
        /// All routes, in the order of the OpenAPI document.
        pub const ROUTES: &[Route] =
            &[$(Route { method: $method, path: $path, function: $function }),*];

        /// What the OpenAPI document says of each route.
        pub(super) fn operations() -> Vec<(Route, Operation)> {
            ROUTES.iter().copied().zip([$($operation()),*]).collect()
        }
    };
}

// Each endpoint: its method, its path, its function, and its operation in the OpenAPI document.
// Tests compare the table with `template.yaml`, `cargo lambda watch` and the document.
endpoints![
    ("POST", "/v1/videos/generations", "submit-video", video_order::submit),
    ("GET", "/v1/videos", "list-videos", video_job::list),
    ("GET", "/v1/videos/{id}", "get-video", video_job::get),
    ("DELETE", "/v1/videos/{id}", "delete-video", deleted_video::delete),
    ("POST", "/v1/videos/{id}/cancel", "cancel-video", video_job::cancel),
    ("GET", "/v1/models", "list-models", model_object::list_all),
    ("GET", "/v1/models/{id+}", "get-model", model_object::get),
    ("GET", "/v1/credits", "get-credits", credits::get),
    ("GET", "/v1/credits/transactions", "list-transactions", transaction::list),
    ("GET", "/v1/openapi.json", "get-openapi", openapi::get),
];
