//! A large video is uploaded in parts. An upload that breaks goes on where it stopped.

use super::{PART, completes_once};
use crate::stage::{Caller, Stage};
use ghub::job::{Job, State};
use ghub::outbound::{Exchange, Gate, Network};
use local::fal::{Ending, Verdict};
use local::faults::{Fault, Then};
use local::options::Options;
use local::supabase::{self, Step};
use reqwest::{Method, Request};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Three whole parts and a bit.
const LARGE: u64 = 3 * PART + 125_632;

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_breaks_goes_on_where_it_stopped() {
    let (stage, parts) = observe(None).await;
    on_patch(&stage, Then::Own(supabase::Odd::BreakAfter { bytes: 1_000_000 }), 1);
    let (caller, job) = large(&stage).await;
    completes_once(&stage, &caller, &job).await;
    let kept = PART + 1_000_000;
    assert_eq!(parts.offsets(), [0, PART, kept, kept + PART]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_whose_answer_is_lost_is_not_sent_again() {
    let (stage, parts) = observe(None).await;
    on_patch(&stage, Then::CloseAfter, 1);
    let (caller, job) = large(&stage).await;
    completes_once(&stage, &caller, &job).await;
    assert_eq!(parts.offsets(), [0, PART, 2 * PART, 3 * PART]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_part_whose_answer_is_lost_completes_the_job() {
    let (stage, parts) = observe(None).await;
    on_patch(&stage, Then::CloseAfter, 3);
    let (caller, job) = large(&stage).await;
    completes_once(&stage, &caller, &job).await;
    assert_eq!(parts.offsets(), [0, PART, 2 * PART, 3 * PART]);
}

/// Waits five seconds for a part instead of a minute; a part that takes longer on a slow machine is
/// only asked about once more.
#[tokio::test(flavor = "multi_thread")]
async fn a_storage_that_falls_silent_is_left_and_found_again() {
    let (stage, parts) = observe(Some(Duration::from_secs(5))).await;
    on_patch(&stage, Then::HangBefore { ms: 24 * 60 * 60 * 1000 }, 1);
    let (caller, job) = large(&stage).await;
    completes_once(&stage, &caller, &job).await;
    let offsets = parts.offsets();
    assert!(
        offsets.is_sorted() && offsets.iter().filter(|offset| **offset == 0).count() == 1,
        "{offsets:?}"
    );
    assert_eq!(
        &offsets[..3],
        [0, PART, PART],
        "the part that nobody took is sent again, and nothing before it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_host_that_breaks_off_is_asked_again_and_the_upload_goes_on() {
    let (stage, parts) = observe(None).await;
    let keep_bytes = usize::try_from(2 * PART + 5).unwrap();
    stage.fal().faults().add(Fault::once("file", Then::TruncatedBody { keep_bytes })).unwrap();
    let (caller, job) = large(&stage).await;
    completes_once(&stage, &caller, &job).await;
    assert_eq!(parts.offsets(), [0, PART, 2 * PART, 3 * PART]);
}

pub(super) async fn large(stage: &Stage) -> (Caller, String) {
    stage.fal().decide(Verdict::next(1, Ending::padded(LARGE)));
    let caller = stage.caller();
    let job = caller.accept("a large one").await;
    (caller, job)
}

/// How many resumable uploads were begun.
pub(super) fn begun(stage: &Stage) -> usize {
    let begins =
        |seen: &&supabase::Seen| seen.method == "POST" && seen.path.ends_with("/upload/resumable");
    stage.storage().requests().iter().filter(begins).count()
}

pub(super) fn upload_of(job: &Job) -> Option<String> {
    match job.state() {
        State::Processing(processing) => processing.file.as_ref()?.upload_url.clone(),
        _ => None,
    }
}

/// The fault happens to one part, after so many others.
pub(super) fn on_patch(stage: &Stage, fault: Then<supabase::Odd>, after: u32) {
    stage.storage().faults().add(Fault::once(Step::TusPatch, fault).after(after)).unwrap();
}

pub(super) async fn observe(timeout: Option<Duration>) -> (Stage, Arc<Parts>) {
    let parts = Arc::new(Parts { timeout, offsets: Mutex::default() });
    (Stage::with(Options { gate: Some(parts.clone()), ..Options::test() }).await, parts)
}

/// Notes from where in the file each part is sent, and may be less patient than the function.
#[derive(Debug)]
pub(super) struct Parts {
    timeout: Option<Duration>,
    offsets: Mutex<Vec<u64>>,
}

impl Parts {
    pub(super) fn take(&self) -> Vec<u64> {
        std::mem::take(&mut self.offsets.lock().unwrap())
    }

    pub(super) fn offsets(&self) -> Vec<u64> {
        self.offsets.lock().unwrap().clone()
    }
}

impl Gate for Parts {
    fn exchange<'a>(&'a self, mut request: Request, send: Network<'a>) -> Exchange<'a> {
        if request.method() == Method::PATCH {
            let offset =
                request.headers()["upload-offset"].to_str().ok().and_then(|text| text.parse().ok());
            self.offsets.lock().unwrap().push(offset.expect("a part says where it belongs"));
            if self.timeout.is_some() {
                *request.timeout_mut() = self.timeout;
            }
        }
        send(request)
    }
}
