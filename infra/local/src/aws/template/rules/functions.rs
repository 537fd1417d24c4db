//! The API and its functions: they answer on the paths that callers know, in time, and leave a
//! trace that ends.

use super::{Breaches, ids};
use crate::template::{Api, Function, Limit, Template, Trigger};
use std::collections::BTreeSet;

/// Another stage's name would stand before `/v1`; without the route, the API answers unmatched
/// paths in its own words.
pub(super) fn default_is_missing(template: &Template) -> Breaches {
    let routes = template
        .functions
        .iter()
        .flat_map(|f| &f.triggers)
        .filter(|t| **t == Trigger::Default)
        .count();
    let wrong = |stage: &str| stage != "$default" || routes != 1;
    template.apis.iter().filter(|api| wrong(&api.stage)).map(|api| api.logical_id.clone()).collect()
}

/// One caller in a loop would use up the functions that the account may run at once, for all. A
/// number that an entry leaves out is not the default's, and 0 turns every request away.
pub(super) fn requests_are_unlimited(template: &Template) -> Breaches {
    let set = |number: Option<u32>| number.is_some_and(|number| number > 0);
    let whole = |limit: &Limit| set(limit.requests_per_s) && set(limit.burst);
    let limited = |api: &Api| {
        whole(&api.default_limit) && api.route_limits.iter().all(|(_, limit)| whole(limit))
    };
    template.apis.iter().filter(|api| !limited(api)).map(|api| api.logical_id.clone()).collect()
}

/// AWS answers "Unable to find Route by key", and the deployment is taken back.
pub(super) fn limits_have_no_route(template: &Template) -> Breaches {
    let routes: BTreeSet<_> = template.functions.iter().flat_map(routes).collect();
    let limits = template.apis.iter().flat_map(|api| &api.route_limits);
    limits.filter(|(route, _)| !routes.contains(route)).map(|(route, _)| route.clone()).collect()
}

/// The default is for reads by key. A route that searches, writes or asks outside takes longer, and
/// every caller can flood a route without a key.
pub(super) fn dear_routes_share_the_default(template: &Template) -> Breaches {
    let limited: BTreeSet<_> =
        template.apis.iter().flat_map(|api| &api.route_limits).map(|(route, _)| route).collect();
    let bare = |function: &&Function| !routes(function).all(|route| limited.contains(&route));
    ids(template
        .functions
        .iter()
        .filter(|function| is_dear(function) || !asks_for_a_key(function))
        .filter(bare))
}

fn asks_for_a_key(function: &Function) -> bool {
    function.environment.iter().any(|(name, _)| name == "TABLE_KEYS")
}

fn is_dear(function: &Function) -> bool {
    let mut actions = function.permissions.iter().flat_map(|permission| &permission.actions);
    actions.any(|action| {
        action == "dynamodb:Query"
            || action == "dynamodb:PutItem"
            || action.starts_with("secretsmanager:")
    })
}

/// The keys that API Gateway knows a function's routes by.
fn routes(function: &Function) -> impl Iterator<Item = String> {
    function.triggers.iter().filter_map(|trigger| match trigger {
        Trigger::Http { method, path } => Some(format!("{method} {path}")),
        Trigger::Default => Some("$default".to_owned()),
        Trigger::Queue { .. } | Trigger::Schedule { .. } => None,
    })
}

/// What the API answers by itself, such as 429 or 503, is seen nowhere else.
pub(super) fn requests_leave_no_trace(template: &Template) -> Breaches {
    template
        .apis
        .iter()
        .filter(|api| api.access_log_days.is_none())
        .map(|api| api.logical_id.clone())
        .collect()
}

/// An HTTP API waits for 30 seconds at most, and then answers 503 for work that may well have been
/// done.
pub(super) fn triggers_are_wrong(template: &Template) -> Breaches {
    let answers = |f: &Function| {
        f.triggers.iter().any(|t| matches!(t, Trigger::Http { .. } | Trigger::Default))
    };
    ids(template
        .functions
        .iter()
        .filter(|f| f.triggers.is_empty() || answers(f) && f.timeout_s > 29))
}

/// What is built is built for this; it costs a fifth less than x86-64.
pub(super) fn platforms_differ(template: &Template) -> Breaches {
    let same = |(system, processor): &(String, String)| {
        system == "provided.al2023" && processor == "arm64"
    };
    ids(template.functions.iter().filter(|function| !same(&function.platform)))
}

pub(super) fn logs_are_endless(template: &Template) -> Breaches {
    ids(template
        .functions
        .iter()
        .filter(|function| !function.logs_json || function.log_retention_days.is_none()))
}

/// Lambda's own lines for each start and end are a third of what logs cost.
pub(super) fn the_platform_is_loud(template: &Template) -> Breaches {
    ids(template
        .functions
        .iter()
        .filter(|function| function.platform_log_level.as_deref() != Some("WARN")))
}
