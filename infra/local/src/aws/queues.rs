//! The template's queues, and what carries their messages to the functions.

use crate::mapping::EventSourceMapping;
use crate::options::Pace;
use crate::sqs::{QueueSpec, Sqs};
use crate::system::{seconds, text};
use crate::template::{Function, Template, Trigger};
use std::time::Duration;

/// Creates the template's queues.
pub fn create(sqs: &Sqs, template: &Template) -> Result<(), String> {
    let mut queues: Vec<_> = template.queues.iter().collect();
    // a dead-letter queue has to be there before the queue that names it
    queues.sort_by_key(|queue| queue.dead_letter.is_some());
    for queue in queues {
        let spec = QueueSpec {
            name: queue.logical_id.clone(),
            delay: seconds(queue.delay_s),
            visibility: seconds(queue.visibility_s),
            max_receive_count: queue
                .dead_letter
                .as_ref()
                .map(|dead| (dead.max_receive_count, dead.queue.clone())),
            retention: seconds(queue.retention_s),
        };
        sqs.create(spec).map_err(text)?;
    }
    Ok(())
}

/// What brings a queue's messages to a function.
pub(crate) fn mapping(
    sqs: &Sqs,
    function: &Function,
    trigger: &Trigger,
    built: crate::mapping::Function,
    pace: Pace,
) -> EventSourceMapping {
    let Trigger::Queue { queue, batch_size, window_s, concurrency, report_batch_item_failures } =
        trigger
    else {
        unreachable!("only queues have mappings")
    };
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    EventSourceMapping {
        sqs: sqs.clone(),
        queue: queue.clone(),
        function: built,
        batch_size: count(*batch_size),
        window: if pace == Pace::Fast { Duration::ZERO } else { seconds(*window_s) },
        concurrency: count(concurrency.unwrap_or(1000)),
        report_batch_item_failures: *report_batch_item_failures,
        function_timeout: seconds(function.timeout_s),
    }
}
