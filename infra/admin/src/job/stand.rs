//! The standing of an open job in words: what it waits for and since when, what went wrong last,
//! and whether it is stuck.

use crate::output::moment;
use ghub::job::{Deadline, Job, State, Trouble};
use ghub::time::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// When a look counts as late. The sweep replaces a lost message within five minutes, so after
/// twice that time the job is not being looked at.
const LATE: Duration = Duration::from_secs(10 * 60);
/// How many troubles count as being stuck. One or two pass by themselves.
const TROUBLES: u32 = 3;
/// When an open job counts as stuck: twenty-four times the longest usual render.
const LONG: Duration = Duration::from_secs(2 * 60 * 60);

/// The event that an open job waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    pub what: String,
    pub since: Timestamp,
    /// When the job ends at the latest, if nothing changes.
    pub until: Timestamp,
}

/// The standing of a job; `None` if it is over.
pub fn stand(job: &Job) -> Option<Stand> {
    let (deadline, since, until) = job.waits_for()?;
    let provider = job.terms().provider().name();
    let what = match (deadline, job.state()) {
        (Deadline::Pending, State::Pending { lease_until: Some(_) }) => {
            format!("{provider} to answer the submission")
        }
        (Deadline::Pending, _) => format!("{provider} to take it"),
        (Deadline::Queued, _) => format!("{provider} to begin to render"),
        (Deadline::Rendering, _) => format!("{provider} to finish the render"),
        (Deadline::Result, _) => format!("a result of {provider} that can be read"),
        (Deadline::Stopping, _) => format!("{provider} to stop the render"),
        (Deadline::Storing, _) => "storage to take the video".to_owned(),
    };
    Some(Stand { what, since, until })
}

/// The last trouble of a job, for people.
pub fn trouble(Trouble { what, at, count }: &Trouble) -> String {
    let times = if *count == 1 { "once".to_owned() } else { format!("{count} times") };
    format!("{what} ({times}, last {})", moment(*at))
}

/// The last trouble of a job, for programs.
pub fn trouble_object(trouble: Option<&Trouble>) -> Value {
    trouble.map_or(
        Value::Null,
        |Trouble { what, at, count }| json!({"what": what, "at": at, "count": count}),
    )
}

/// Why an open job makes no progress; `None` if it makes progress.
pub fn stuck(job: &Job, now: Timestamp) -> Option<String> {
    if !job.is_open() {
        return None;
    }
    let (late, age) = (now.since(job.due()), now.since(job.created()));
    let troubles = job.trouble().filter(|trouble| trouble.count >= TROUBLES);
    if late > LATE {
        Some(format!("nothing has looked at it for {} min", late.as_secs() / 60))
    } else if let Some(last) = troubles {
        Some(trouble(last))
    } else if age > LONG {
        Some(format!("open for {} h", age.as_secs() / 3_600))
    } else {
        None
    }
}
