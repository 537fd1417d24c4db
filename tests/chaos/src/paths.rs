//! The ways that a job can take, whose steps [`crate::exhaustive`] disturbs.

use crate::order::{Ending, can_be_stopped};
use crate::verdict::Fate;
use crate::{operator, owner};
use std::time::Duration;

/// A way that a job can take.
#[derive(Debug, Clone)]
pub struct Path {
    /// What it is called.
    pub name: &'static str,
    /// The model, and with it the provider.
    pub model: &'static str,
    /// How the render ends.
    pub ending: Ending,
    /// How it ends undisturbed.
    pub fate: Fate,
    /// How long the render takes.
    pub rendering: Duration,
    /// Whether the caller sends an idempotency key: the order twice at once, once more when there
    /// is a job, and again after a fault.
    pub insists: bool,
    /// Whether the caller looks; one that does hurries a job whose message was lost.
    pub looked_at: bool,
    /// When everybody stands still, and for how long: the messages that were due meanwhile come
    /// then.
    pub standstill: Option<[Duration; 2]>,
    /// How many submissions the provider refuses first.
    pub refused_first: u32,
    /// How many messages of each queue are lost first.
    pub lost_first: u32,
    /// How long after its acceptance the job is cancelled, if it is.
    pub cancelled_after: Option<Duration>,
    /// Whether fal stops a render when it is asked to.
    pub cancel_stops_rendering: bool,
    /// Whose steps are disturbed: those that other paths have not got.
    pub functions: &'static [&'static str],
    /// Which of their invocations are disturbed, where many are alike.
    pub part: Part,
}

/// A part of a path's invocations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Whole,
    /// So many from the beginning.
    First(usize),
    /// So many up to the end.
    Last(usize),
}

const SOON: Duration = Duration::from_secs(20);
/// The queue's five seconds, the render's twenty, and one more.
const FINISHED: Duration = Duration::from_secs(26);
/// After each provider's first look. A render may take an hour, of which only the end matters: a
/// look before it and one after.
const STANDSTILL: [Duration; 2] = [Duration::from_secs(40), Duration::from_secs(59 * 60)];
/// A little more than a render may take: a few looks after that hour.
const PAST_THE_HOUR: Duration = Duration::from_secs(64 * 60);
/// Longer than two of Google's half minutes.
const A_FEW_LOOKS: Duration = Duration::from_secs(100);
/// A long file: a part of 6 MiB and a little more.
const TWO_PARTS: u64 = (6 << 20) + (100 << 10);

/// The path with this name, at fal.
pub fn path(name: &str) -> Path {
    let found = paths().into_iter().find(|path| path.name == name);
    found.unwrap_or_else(|| panic!("there is no path {name}"))
}

/// All paths, for each provider.
pub fn paths() -> Vec<Path> {
    ["fal/kling-2", "google/veo-3.1"].into_iter().flat_map(paths_of).collect()
}

fn paths_of(model: &'static str) -> Vec<Path> {
    let path = Path {
        name: "submit, check, store",
        model,
        ending: Ending::Video,
        fate: Fate::Completed,
        rendering: SOON,
        insists: false,
        looked_at: true,
        standstill: None,
        refused_first: 0,
        lost_first: 0,
        cancelled_after: None,
        cancel_stops_rendering: true,
        functions: &["submit-video", "get-video", "poll-jobs", "store-video"],
        part: Part::Whole,
    };
    [to_an_end(&path).as_slice(), &past_a_deadline(&path), &cancelled(&path)].concat()
}

/// The paths to a video or a refusal.
fn to_an_end(path: &Path) -> [Path; 6] {
    let path = path.clone();
    [
        path.clone(),
        Path { name: "submit and replay", insists: true, functions: &["submit-video"], ..path },
        Path {
            name: "re-submit",
            refused_first: 1,
            functions: &["poll-jobs"],
            part: Part::First(4),
            ..path
        },
        Path { name: "sweep", lost_first: 1, looked_at: false, functions: &["sweep-jobs"], ..path },
        Path {
            name: "store in parts",
            ending: Ending::Large(TWO_PARTS),
            functions: &["store-video"],
            ..path
        },
        Path {
            name: "fail",
            ending: Ending::Refused,
            fate: Fate::Failed,
            functions: &["poll-jobs"],
            part: Part::Last(4),
            ..path
        },
    ]
}

/// The paths of a render that takes longer than it may.
fn past_a_deadline(path: &Path) -> [Path; 2] {
    let late = Path {
        standstill: Some(STANDSTILL),
        looked_at: false,
        functions: &["poll-jobs"],
        ..path.clone()
    };
    let stops = can_be_stopped(path.model);
    [
        Path {
            name: "time out and cancel",
            // fal's would go on for half a day; Google's ends soon after the deadline, since it is
            // waited for
            rendering: if stops { Duration::from_secs(12 * 3600) } else { PAST_THE_HOUR },
            // Google renders it to its end
            fate: if stops { Fate::Failed } else { Fate::Completed },
            part: Part::Last(4),
            ..late
        },
        Path {
            name: "time out and go on",
            rendering: PAST_THE_HOUR,
            cancel_stops_rendering: false,
            part: Part::Last(6),
            ..late
        },
    ]
}

/// The paths of a job that its operator and its owner cancel.
fn cancelled(path: &Path) -> [Path; 4] {
    let stops = can_be_stopped(path.model);
    let cancelled = Path {
        fate: Fate::Failed,
        cancelled_after: Some(Duration::from_secs(5)),
        functions: &[operator::NAME, owner::NAME],
        ..path.clone()
    };
    [
        Path { name: "cancel while pending", refused_first: u32::MAX, ..cancelled },
        Path {
            name: "cancel while rendering",
            rendering: if stops { Duration::from_secs(30 * 60) } else { A_FEW_LOOKS },
            // just before fal is asked again, and amid Google's half minute
            cancelled_after: Some(Duration::from_secs(13)),
            fate: if stops { Fate::Failed } else { Fate::Completed },
            ..cancelled
        },
        Path {
            name: "cancel and go on",
            rendering: A_FEW_LOOKS,
            cancelled_after: Some(Duration::from_secs(13)),
            cancel_stops_rendering: false,
            fate: Fate::Completed,
            functions: &[operator::NAME, owner::NAME, "poll-jobs"],
            part: Part::First(12),
            ..cancelled
        },
        Path {
            name: "cancel when finished",
            fate: Fate::Completed,
            cancelled_after: Some(FINISHED), // and before the poller looks
            ..cancelled
        },
    ]
}
