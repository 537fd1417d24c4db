//! Where an open job stands, in words: what it waits for and since when, what went wrong last, and
//! whether it is stuck.

use crate::output::moment;
use ghub::job::{Deadline, Job, State, Trouble};
use ghub::time::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// The sweep replaces a lost message within five minutes: a job that is twice as late is not looked
/// at.
const LATE: Duration = Duration::from_secs(10 * 60);
/// One or two troubles pass by themselves.
const TROUBLES: u32 = 3;
/// Twenty-four times the longest usual render.
const LONG: Duration = Duration::from_secs(2 * 60 * 60);

/// What an open job waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    pub what: String,
    pub since: Timestamp,
    /// When it ends at the latest, if nothing changes.
    pub until: Timestamp,
}

/// Where the job stands; none if it is over.
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

/// What went wrong last, for people.
pub fn trouble(Trouble { what, at, count }: &Trouble) -> String {
    let times = if *count == 1 { "once".to_owned() } else { format!("{count} times") };
    format!("{what} ({times}, last {})", moment(*at))
}

/// The same for programs.
pub fn trouble_object(trouble: Option<&Trouble>) -> Value {
    trouble.map_or(
        Value::Null,
        |Trouble { what, at, count }| json!({"what": what, "at": at, "count": count}),
    )
}

/// Why an open job does not get on, if it does not.
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
