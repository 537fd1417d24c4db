//! Queues and the functions that they wake: no message is lost, none is seen twice without need,
//! and no provider is flooded.

use super::{Breaches, ids};
use crate::template::{Function, Template, Trigger};
use std::collections::BTreeSet;

/// Lambda enforces one timeout; with six and the window, a message is not seen twice because its
/// function was throttled.
pub(super) fn visibility_is_short(template: &Template) -> Breaches {
    let needed = |name: &str| {
        triggered(template)
            .filter(|(_, by)| by.queue == name)
            .map(|(f, by)| f.timeout_s * 6 + by.window_s)
            .max()
    };
    let short = template
        .queues
        .iter()
        .filter(|queue| needed(&queue.logical_id).is_some_and(|s| queue.visibility_s < s));
    short.map(|queue| queue.logical_id.clone()).collect()
}

/// Without it what the function says is ignored, and a failed message counts as done.
pub(super) fn failures_are_not_reported(template: &Template) -> Breaches {
    ids(triggered(template).filter(|(_, by)| !by.reports).map(|(function, _)| function))
}

/// A thousand messages at once would be a thousand requests to one provider.
pub(super) fn concurrency_is_unbounded(template: &Template) -> Breaches {
    ids(triggered(template).filter(|(_, by)| !by.bounded).map(|(function, _)| function))
}

/// Where concurrency is reserved, Lambda takes as many messages as the mappings say, and throttles
/// what the reservation has no place for; AWS asks for their sum at least. A bare number, without
/// the parameter, would stop the deployment in a new account.
pub(super) fn reservations_are_short(template: &Template) -> Breaches {
    let wakes = |trigger: &Trigger| match trigger {
        Trigger::Queue { concurrency, .. } => *concurrency,
        _ => None,
    };
    let needed = |function: &Function| function.triggers.iter().filter_map(wakes).sum::<u32>();
    let short = |function: &&Function| {
        function.reserved_concurrency.is_none_or(|places| places < needed(function))
    };
    ids(template.functions.iter().filter(|function| needed(function) > 0).filter(short))
}

/// Lambda stops what looks like a loop after 16 hops and puts the message with the dead letters.
pub(super) fn recursion_is_stopped(template: &Template) -> Breaches {
    let feeds = |function: &Function, queue: &str| {
        let sends = function
            .permissions
            .iter()
            .filter(|p| p.actions.iter().any(|a| a == "sqs:SendMessage"));
        sends.flat_map(|p| &p.resources).any(|resource| resource.source() == Some(queue))
    };
    ids(triggered(template)
        .filter(|(f, by)| feeds(f, by.queue) && !f.may_recurse)
        .map(|(function, _)| function))
}

/// A message that fails for ever would go round for ever, unseen.
pub(super) fn dead_letters_are_lost(template: &Template) -> Breaches {
    let targets = dead_letter_queues(template);
    let lost = template.queues.iter().filter(|queue| match &queue.dead_letter {
        Some(to) => !template.queues.iter().any(|other| other.logical_id == to.queue),
        None => !targets.contains(queue.logical_id.as_str()),
    });
    lost.map(|queue| queue.logical_id.clone()).collect()
}

/// They are looked at by people, who have weekends.
pub(super) fn dead_letters_expire(template: &Template) -> Breaches {
    let targets = dead_letter_queues(template);
    let early = template.queues.iter().filter(|queue| targets.contains(queue.logical_id.as_str()));
    early
        .filter(|queue| queue.retention_s < 14 * 86_400)
        .map(|queue| queue.logical_id.clone())
        .collect()
}

/// What rules ask about a function that a queue wakes.
struct ByQueue<'a> {
    queue: &'a str,
    window_s: u32,
    reports: bool,
    bounded: bool,
}

fn triggered(template: &Template) -> impl Iterator<Item = (&Function, ByQueue<'_>)> {
    let by_queue = |trigger| match trigger {
        &Trigger::Queue {
            ref queue,
            window_s,
            concurrency,
            report_batch_item_failures: reports,
            ..
        } => Some(ByQueue { queue, window_s, reports, bounded: concurrency.is_some() }),
        _ => None,
    };
    template
        .functions
        .iter()
        .flat_map(move |f| f.triggers.iter().filter_map(by_queue).map(move |by| (f, by)))
}

fn dead_letter_queues(template: &Template) -> BTreeSet<&str> {
    template
        .queues
        .iter()
        .filter_map(|queue| Some(queue.dead_letter.as_ref()?.queue.as_str()))
        .collect()
}
