//! Jobs and accounts as DynamoDB items: flat attributes, so that conditions and indexes can name
//! them.

mod account;
mod audited;
mod update;
mod void;

pub(super) use account::{LedgerEnd, from_account, to_account, to_ledger_end};
pub(super) use audited::{to_posting, to_standing, to_stated};
pub(super) use update::JobUpdate;
pub(super) use void::{NOT_VOID, VOID, from_void, is_void};

use super::error::Item;
use crate::failure::Failure;
use crate::id::{JobId, OrgId};
use crate::job::{Deletion, File, Job, Processing, State, Stop, Trace, Trouble};
use crate::money::Money;
use crate::outbound::BoxError;
use crate::pricing::Price;
use crate::provider::{Handle, Provider};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The index of open jobs is spread over this many partitions, so that a busy gateway does not
/// write to one.
pub const SHARDS: [&str; 16] =
    ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];

/// The shape of a job item; raised when a reader of the old shape would misunderstand the new one.
const VERSION: u32 = 1;

/// A job as it is stored. Absent attributes are not written.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct JobItem {
    org: OrgId,
    job: JobId,
    v: u32,
    write: String,
    revision: u64,
    status: String,
    model: String,
    provider: Provider,
    route: String,
    prompt: String,
    seconds: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    aspect_ratio: Option<String>,
    price: Price,
    cost: Money,
    poll_every_s: u32,
    created: Timestamp,
    due: Timestamp,
    /// The partition of the index of open jobs; a final job has none and leaves the index.
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
    /// Optional under this item version: jobs of the version before have none of the six.
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
    /// Whether an attempt to store the file did not come to its end; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    store_tried: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    video_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    /// Since when its owner sees it no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_gone: Option<bool>,
    /// When DynamoDB may remove the item: the table's time to live. Only final jobs of sandboxes
    /// have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Timestamp>,
}

/// Whether an item is only there because DynamoDB, which takes up to some days for that, has not
/// removed it yet.
pub(super) fn has_expired(item: &Item, now: Timestamp) -> bool {
    let expires = item.get("expires").and_then(|expires| expires.as_n().ok()?.parse::<i64>().ok());
    expires.is_some_and(|expires| expires <= now.unix_s())
}

/// The partition of the index of open jobs: the last hex digit, which is random in every UUID
/// version.
fn shard(job: JobId) -> String {
    let text = job.to_string();
    text[text.len() - 1..].to_owned()
}

/// The attribute that names the write by which an item stands.
pub(super) const WRITE: &str = "write";

pub(super) fn from_job(job: &Job, write: &str) -> Result<Item, BoxError> {
    let mut item = JobItem {
        org: job.org,
        job: job.id,
        v: VERSION,
        write: write.to_owned(),
        revision: job.revision,
        status: job.status().as_str().to_owned(),
        model: job.model.clone(),
        provider: job.provider,
        route: job.route.clone(),
        prompt: job.prompt.clone(),
        seconds: job.seconds,
        aspect_ratio: job.aspect_ratio.clone(),
        price: job.price,
        cost: job.cost,
        poll_every_s: job.poll_every_s,
        created: job.created,
        due: job.due,
        open: job.is_open().then(|| shard(job.id)),
        lease_until: None,
        handle: None,
        submitted: None,
        rendering_since: None,
        over_since: None,
        stop_requested: job.stop.as_ref().map(|stop| stop.requested),
        stop_failure: job.stop.as_ref().map(|stop| stop.failure.clone()),
        trouble: job.trouble.as_ref().map(|trouble| trouble.what.clone()),
        trouble_at: job.trouble.as_ref().map(|trouble| trouble.at),
        trouble_count: job.trouble.as_ref().map(|trouble| trouble.count),
        file_url: None,
        file_found: None,
        upload_url: None,
        store_tried: None,
        ended: None,
        video_url: None,
        failure: None,
        deleted: job.deletion.map(|deletion| deletion.at),
        file_gone: job.deletion.map(|deletion| deletion.file_gone),
        expires: job.expires(),
    };
    if let Some(Trace { handle, submitted, rendering_since, file_found }) = job.trace() {
        (item.handle, item.submitted) = (Some(handle), Some(submitted));
        (item.rendering_since, item.file_found) = (rendering_since, file_found);
    }
    match job.state.clone() {
        State::Pending { lease_until } => item.lease_until = lease_until,
        State::Processing(processing) => {
            item.over_since = processing.over_since;
            if let Some(file) = processing.file {
                (item.file_url, item.upload_url) = (Some(file.url), file.upload_url);
                item.store_tried = file.tried.then_some(true);
            }
        }
        State::Completed { at, video_url, .. } => {
            item.ended = Some(at);
            item.video_url = Some(video_url).filter(|url| !url.is_empty());
        }
        State::Failed { at, failure, .. } => {
            item.ended = Some(at);
            item.failure = Some(failure);
        }
    }
    Ok(serde_dynamo::to_item(item)?)
}

pub(super) fn to_job(item: Item) -> Result<Job, BoxError> {
    let item: JobItem = serde_dynamo::from_item(item)?;
    if item.v != VERSION {
        return Err(format!(
            "job {} has item version {}, this code reads {VERSION}",
            item.job, item.v
        )
        .into());
    }
    let state = item.state().ok_or_else(|| {
        format!("job {} is {} without what that state needs", item.job, item.status)
    })?;
    let (stop, trouble) = (item.stop(), item.trouble());
    Ok(Job {
        id: item.job,
        org: item.org,
        model: item.model,
        provider: item.provider,
        route: item.route,
        prompt: item.prompt,
        seconds: item.seconds,
        aspect_ratio: item.aspect_ratio,
        price: item.price,
        cost: item.cost,
        poll_every_s: item.poll_every_s,
        created: item.created,
        due: item.due,
        revision: item.revision,
        state,
        stop,
        trouble,
        deletion: item
            .deleted
            .map(|at| Deletion { at, file_gone: item.file_gone.unwrap_or_default() }),
    })
}

impl JobItem {
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
                    // the version before took it off at once
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

    /// A job that ended before this was kept has none.
    fn trace(&self) -> Option<Trace> {
        Some(Trace {
            handle: self.handle.clone()?,
            submitted: self.submitted?,
            rendering_since: self.rendering_since,
            file_found: self.file_found,
        })
    }
}

/// The job whose key this is.
pub(super) fn to_job_id(key: Item) -> Result<JobId, BoxError> {
    #[derive(Deserialize)]
    struct Key {
        job: JobId,
    }
    let Key { job } = serde_dynamo::from_item(key)?;
    Ok(job)
}

/// An item of which only the organization was asked for.
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
