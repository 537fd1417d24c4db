//! The API and its functions: they answer on the paths that callers know, in time, and leave a trace that ends.

use super::{Breaches, ids};
use crate::template::{Function, Template, Trigger};

/// Another stage's name would stand before `/v1`; without the route, the API answers unmatched paths in its own words.
pub(super) fn default_is_missing(template: &Template) -> Breaches {
    let routes = template.functions.iter().flat_map(|f| &f.triggers).filter(|t| **t == Trigger::Default).count();
    let wrong = |stage: &str| stage != "$default" || routes != 1;
    template.apis.iter().filter(|api| wrong(&api.stage)).map(|api| api.logical_id.clone()).collect()
}

/// One caller in a loop would use up the functions that the account may run at once, for all.
pub(super) fn requests_are_unlimited(template: &Template) -> Breaches {
    template.apis.iter().filter(|api| api.requests_per_s.is_none()).map(|api| api.logical_id.clone()).collect()
}

/// What the API answers by itself, such as 429 or 503, is seen nowhere else.
pub(super) fn requests_leave_no_trace(template: &Template) -> Breaches {
    template.apis.iter().filter(|api| api.access_log_days.is_none()).map(|api| api.logical_id.clone()).collect()
}

/// An HTTP API waits for 30 seconds at most, and then answers 503 for work that may well have been done.
pub(super) fn triggers_are_wrong(template: &Template) -> Breaches {
    let answers = |f: &Function| f.triggers.iter().any(|t| matches!(t, Trigger::Http { .. } | Trigger::Default));
    ids(template.functions.iter().filter(|f| f.triggers.is_empty() || answers(f) && f.timeout_s > 29))
}

/// What is built is built for this; it costs a fifth less than x86-64.
pub(super) fn platforms_differ(template: &Template) -> Breaches {
    let same = |(system, processor): &(String, String)| system == "provided.al2023" && processor == "arm64";
    ids(template.functions.iter().filter(|function| !same(&function.platform)))
}

pub(super) fn logs_are_endless(template: &Template) -> Breaches {
    ids(template.functions.iter().filter(|function| !function.logs_json || function.log_retention_days.is_none()))
}

/// Lambda's own lines for each start and end are a third of what logs cost.
pub(super) fn the_platform_is_loud(template: &Template) -> Breaches {
    ids(template.functions.iter().filter(|function| function.platform_log_level.as_deref() != Some("WARN")))
}
