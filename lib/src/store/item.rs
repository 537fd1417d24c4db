//! Jobs and accounts as DynamoDB items. Their attributes are flat, so that conditions and indexes
//! can name them.

mod account;
mod audited;
mod update;
mod void;

pub(super) use account::{LedgerEnd, from_account, to_account, to_ledger_end};
pub(super) use audited::{to_posting, to_standing, to_stated};
pub(super) use update::JobUpdate;
pub(super) use void::{NOT_VOID, VOID, from_void, is_void};

use super::error::Item;
use crate::adapter::Handle;
use crate::error::BoxError;
use crate::failure::Failure;
use crate::id::{JobId, OrgId};
use crate::job::{Deletion, File, Job, Parts, Processing, State, Stop, Trace, Trouble};
use crate::terms::Terms;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The partitions of the index of open jobs. There are 16, so that a busy gateway does not write to
/// a single one.
pub const SHARDS: [&str; 16] =
    ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];

/// The version of a job item. It is raised when a reader of the old version would misunderstand the
/// new one.
const VERSION: u32 = 1;

/// A job as it is stored. Attributes without a value are not written.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct JobItem {
    org: OrgId,
    job: JobId,
    v: u32,
    write: String,
    revision: u64,
    status: String,
    #[serde(flatten)]
    terms: Terms,
    created: Timestamp,
    due: Timestamp,
    /// The partition of the index of open jobs. A final job has none, so it leaves the index.
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<Handle>,
    #[serde(skip_serializing_if = "Option::is_none")]
    submitted: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rendering_since: Option<Timestamp>,
    /// This and the next five attributes are optional: jobs of the version before do not have them.
    #[serde(skip_serializing_if = "Option::is_none")]
    over_since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_requested: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_failure: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_found: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_url: Option<String>,
    /// Whether an attempt to store the file has failed. Absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    store_tried: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    video_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    /// When its owner deleted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_gone: Option<bool>,
    /// When DynamoDB may remove the item (the table's time to live). Only final jobs of sandboxes
    /// have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Timestamp>,
}

/// Whether an item has passed its time to live. DynamoDB may take days to remove it.
pub(super) fn has_expired(item: &Item, now: Timestamp) -> bool {
    let expires = item.get("expires").and_then(|expires| expires.as_n().ok()?.parse::<i64>().ok());
    expires.is_some_and(|expires| expires <= now.unix_s())
}

/// A job's partition of the index of open jobs: the last hex digit, which is random in every UUID
/// version.
fn shard(job: JobId) -> String {
    let text = job.to_string();
    text[text.len() - 1..].to_owned()
}

/// The attribute with the id of the write that made the item as it is.
pub(super) const WRITE: &str = "write";

pub(super) fn from_job(job: &Job, write: &str) -> Result<Item, BoxError> {
    let (status, trace, open, expires) = (job.status(), job.trace(), job.is_open(), job.expires());
    let Parts { id, org, terms, created, due, revision, state, stop, trouble, deletion } =
        job.clone().into_parts();
    let mut item = JobItem {
        org,
        job: id,
        v: VERSION,
        write: write.to_owned(),
        revision,
        status: status.as_str().to_owned(),
        terms,
        created,
        due,
        open: open.then(|| shard(id)),
        lease_until: None,
        handle: None,
        submitted: None,
        rendering_since: None,
        over_since: None,
        stop_requested: stop.as_ref().map(|stop| stop.requested),
        stop_failure: stop.map(|stop| stop.failure),
        trouble_at: trouble.as_ref().map(|trouble| trouble.at),
        trouble_count: trouble.as_ref().map(|trouble| trouble.count),
        trouble: trouble.map(|trouble| trouble.what),
        file_url: None,
        file_found: None,
        upload_url: None,
        store_tried: None,
        ended: None,
        video_url: None,
        failure: None,
        deleted: deletion.map(|deletion| deletion.at),
        file_gone: deletion.map(|deletion| deletion.file_gone),
        expires,
    };
    item.set_trace(trace);
    item.set_state(state);
    Ok(serde_dynamo::to_item(item)?)
}

pub(super) fn to_job(item: Item) -> Result<Job, BoxError> {
    let item: JobItem = serde_dynamo::from_item(item)?;
    if item.v != VERSION {
        let (job, v) = (item.job, item.v);
        return Err(format!("job {job} has item version {v}, this code reads {VERSION}").into());
    }
    let state = item.state().ok_or_else(|| {
        format!("job {} is {} without what that state needs", item.job, item.status)
    })?;
    let (stop, trouble, deletion) = (item.stop(), item.trouble(), item.deletion());
    let JobItem { org, job: id, revision, terms, created, due, .. } = item;
    Ok(Job::from_parts(Parts {
        id,
        org,
        terms,
        created,
        due,
        revision,
        state,
        stop,
        trouble,
        deletion,
    }))
}

impl JobItem {
    fn set_trace(&mut self, trace: Option<Trace>) {
        let Some(Trace { handle, submitted, rendering_since, file_found }) = trace else { return };
        (self.handle, self.submitted) = (Some(handle), Some(submitted));
        (self.rendering_since, self.file_found) = (rendering_since, file_found);
    }

    fn set_state(&mut self, state: State) {
        match state {
            State::Pending { lease_until } => self.lease_until = lease_until,
            State::Processing(Processing { over_since, file, .. }) => {
                self.over_since = over_since;
                if let Some(File { url, upload_url, tried, .. }) = file {
                    (self.file_url, self.upload_url) = (Some(url), upload_url);
                    self.store_tried = tried.then_some(true);
                }
            }
            State::Completed { at, video_url, .. } => {
                self.ended = Some(at);
                self.video_url = Some(video_url).filter(|url| !url.is_empty());
            }
            State::Failed { at, failure, .. } => {
                (self.ended, self.failure) = (Some(at), Some(failure));
            }
        }
    }

    fn state(&self) -> Option<State> {
        Some(match self.status.as_str() {
            "pending" => State::Pending { lease_until: self.lease_until },
            "processing" => State::Processing(Processing {
                handle: self.handle.clone()?,
                submitted: self.submitted?,
                rendering_since: self.rendering_since,
                over_since: self.over_since,
                file: match &self.file_url {
                    Some(url) => Some(File {
                        url: url.clone(),
                        found: self.file_found?,
                        upload_url: self.upload_url.clone(),
                        tried: self.store_tried.unwrap_or_default(),
                    }),
                    None => None,
                },
            }),
            "completed" => State::Completed {
                at: self.ended?,
                video_url: match self.deleted {
                    // The version before removed the URL when the job was deleted.
                    Some(_) => self.video_url.clone().unwrap_or_default(),
                    None => self.video_url.clone()?,
                },
                trace: self.trace(),
            },
            "failed" => State::Failed {
                at: self.ended?,
                failure: self.failure.clone()?,
                trace: self.trace(),
            },
            _ => return None,
        })
    }

    fn stop(&self) -> Option<Stop> {
        Some(Stop { requested: self.stop_requested?, failure: self.stop_failure.clone()? })
    }

    fn trouble(&self) -> Option<Trouble> {
        let (at, count) = (self.trouble_at?, self.trouble_count.unwrap_or(1));
        Some(Trouble { what: self.trouble.clone()?, at, count })
    }

    fn deletion(&self) -> Option<Deletion> {
        let file_gone = self.file_gone.unwrap_or_default();
        self.deleted.map(|at| Deletion { at, file_gone })
    }

    /// `None` for a job that ended before these attributes existed.
    fn trace(&self) -> Option<Trace> {
        Some(Trace {
            handle: self.handle.clone()?,
            submitted: self.submitted?,
            rendering_since: self.rendering_since,
            file_found: self.file_found,
        })
    }
}

/// The job id in a key of the table of jobs.
pub(super) fn to_job_id(key: Item) -> Result<JobId, BoxError> {
    #[derive(Deserialize)]
    struct Key {
        job: JobId,
    }
    let Key { job } = serde_dynamo::from_item(key)?;
    Ok(job)
}

/// The organization of an item that was read with that attribute alone.
pub(super) fn to_org(item: Item) -> Result<OrgId, BoxError> {
    #[derive(Deserialize)]
    struct OrgItem {
        org: OrgId,
    }
    let OrgItem { org } = serde_dynamo::from_item(item)?;
    Ok(org)
}

#[cfg(test)]
mod tests;
