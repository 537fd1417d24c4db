//! `cargo admin jobs`: lists the jobs of one organization or of all, the newest first. Open or
//! stuck jobs are listed the oldest first.
//!
//! Every search is bounded. For one organization it goes on until there are enough jobs. For all
//! organizations it asks each of them once. Open jobs are found in their index.

use crate::environment::Operator;
use crate::failure::Failure;
use crate::job::stand::{Stand, stand, stuck, trouble, trouble_object};
use crate::output::{Listing, moment};
use clap::{ArgGroup, Args};
use futures::{StreamExt, TryStreamExt, stream};
use ghub::catalog::Catalog;
use ghub::id::{JobId, OrgId};
use ghub::job::{Job, State};
use ghub::status::Status;
use ghub::store::{SHARDS, StoreError, Wanted};
use ghub::time::Timestamp;
use serde_json::{Value, json};
use std::cmp::Reverse;

/// How many reads run at once. A hundred reads take a tenth of a second, and no table notices them.
const AT_ONCE: usize = 16;
/// How many organizations are asked, each with a read of its own. A thousand take some seconds and
/// cost 0.002 USD.
const MOST_ORGANIZATIONS: usize = 1_000;
/// How many open jobs of each shard of the index are read, the most overdue first. The index has 16
/// shards, so 16,000 jobs are read in all. The workers are made for a fifth of that.
const MOST_OF_A_SHARD: i32 = 1_000;
/// A time after every time at which a job can be due.
const AFTER_ALL: Timestamp = Timestamp::from_unix_s(i64::MAX);

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whose").args(["org", "all"]).required(true))]
pub struct Jobs {
    /// The id of the organization
    #[arg(long, value_name = "UUID")]
    org: Option<OrgId>,
    /// The jobs of all organizations. Without --open or --stuck each organization is asked, up to a
    /// thousand
    #[arg(long)]
    all: bool,
    /// Only jobs that are pending, processing, completed or failed
    #[arg(long, value_parser = status)]
    status: Option<Status>,
    /// Only jobs that are not over, the oldest first
    #[arg(long, conflicts_with_all = ["status", "before"])]
    open: bool,
    /// Only open jobs that make no progress, and why: late for a look by 10 minutes, in trouble
    /// three times, or open for over 2 hours
    #[arg(long, conflicts_with_all = ["status", "before", "open"])]
    stuck: bool,
    /// Only jobs of this model, such as fal/kling-2
    #[arg(long)]
    model: Option<String>,
    /// Only jobs of this end user, as the caller named it in the order
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// How many jobs are listed at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
    most: u16,
    /// Only jobs older than this one. With the last job of a page, it gives the next page
    #[arg(long, value_name = "UUID")]
    before: Option<JobId>,
}

/// The jobs that were found, and where a further search continues.
struct Found {
    jobs: Vec<Job>,
    next: Option<JobId>,
    note: String,
}

impl Jobs {
    pub async fn run(&self, operator: &Operator) -> Result<Listing, Failure> {
        if let Some(org) = self.org {
            operator.account(org).await?;
        }
        let now = operator.ambient.now();
        let Found { jobs, next, note } = match self.org {
            _ if self.open || self.stuck => self.among_the_open(operator, now).await?,
            Some(org) => self.of(org, operator).await?,
            None => self.of_all(operator).await?,
        };
        let mut json = json!({"jobs": jobs.iter().map(|job| object(job, now)).collect::<Vec<_>>(), "next": next});
        if let Some(org) = self.org {
            json["org"] = json!(org);
        }
        Ok(Listing {
            json,
            head: if self.all { &OF_ALL } else { &OF_ALL[1..] },
            rows: jobs.iter().map(|job| row(job, now).split_off(usize::from(!self.all))).collect(),
            note,
        })
    }

    /// Searches one organization until there are enough jobs, or no more. It says where to continue
    /// if there may be more.
    async fn of(&self, org: OrgId, operator: &Operator) -> Result<Found, Failure> {
        let (most, mut jobs) = (usize::from(self.most), Vec::new());
        let mut wanted = self.wanted();
        let next = loop {
            let found = operator.store.jobs(org, wanted, most - jobs.len()).await?;
            jobs.extend(found.jobs);
            if found.reached.is_none() || jobs.len() == most {
                break found.reached;
            }
            wanted.older_than = found.reached;
        };
        let note = match next {
            Some(last) => format!("There may be older ones: --before {last}"),
            None if jobs.is_empty() && self.names_no_model() => self.no_such_model(),
            None if jobs.is_empty() && self.is_narrow() => {
                "The organization has no such job.".to_owned()
            }
            None if jobs.is_empty() => "The organization has no jobs yet.".to_owned(),
            None => String::new(),
        };
        Ok(Found { jobs, next, note })
    }

    /// The newest jobs of all organizations, out of the newest of each. Job ids are ordered by
    /// time.
    async fn of_all(&self, operator: &Operator) -> Result<Found, Failure> {
        let accounts = operator.store.accounts().await?;
        if accounts.len() > MOST_ORGANIZATIONS {
            return Err(Failure::TooManyOrganizations(accounts.len(), MOST_ORGANIZATIONS));
        }
        let most = usize::from(self.most);
        let each = stream::iter(
            accounts.iter().map(|account| operator.store.jobs(account.org, self.wanted(), most)),
        );
        let found: Vec<_> = each.buffered(AT_ONCE).try_collect().await?;
        let more = found.iter().any(|found| found.reached.is_some());
        let mut jobs: Vec<Job> = found.into_iter().flat_map(|found| found.jobs).collect();
        jobs.sort_by_key(|job| Reverse(job.id()));
        let cut = jobs.len() > most;
        jobs.truncate(most);
        let next = jobs.last().map(|job| job.id()).filter(|_| more || cut);
        let note = match next {
            Some(last) => format!("There may be older ones: --before {last}"),
            None if jobs.is_empty() && self.names_no_model() => self.no_such_model(),
            None if jobs.is_empty() && more => {
                "No such job is among the newest. Name an organization with --org.".to_owned()
            }
            None if jobs.is_empty() && self.is_narrow() => "There is no such job.".to_owned(),
            None if jobs.is_empty() => "There are no jobs yet.".to_owned(),
            None => String::new(),
        };
        Ok(Found { jobs, next, note })
    }

    /// The jobs in the index of open jobs. Each is read again, because the index lags and contains
    /// only keys.
    async fn among_the_open(&self, operator: &Operator, now: Timestamp) -> Result<Found, Failure> {
        let shards = stream::iter(
            SHARDS.map(|shard| operator.store.overdue(shard, AFTER_ALL, MOST_OF_A_SHARD)),
        );
        let shards: Vec<_> = shards.buffered(AT_ONCE).try_collect().await?;
        let full = shards
            .iter()
            .any(|keys| i32::try_from(keys.len()).is_ok_and(|found| found >= MOST_OF_A_SHARD));
        let mut keys: Vec<_> = shards.into_iter().flatten().collect();
        keys.retain(|key| self.org.is_none_or(|org| org == key.org));
        keys.sort_by_key(|key| key.job);
        let each = stream::iter(keys.iter().map(|key| operator.store.job(key.org, key.job)));
        let jobs = each.buffered(AT_ONCE).try_filter_map(async |job| {
            Ok::<_, StoreError>(job.filter(|job| self.takes(job, now)))
        });
        let most = usize::from(self.most);
        let mut jobs: Vec<Job> = jobs.take(most + 1).try_collect().await?;
        let cut = jobs.len() > most;
        jobs.truncate(most);
        let what = if self.stuck { "stuck" } else { "open" };
        let mut note = match (jobs.is_empty(), cut) {
            (true, _) if self.names_no_model() => self.no_such_model(),
            (true, _) if self.model.is_some() || self.user.is_some() || self.org.is_some() => {
                format!("No such job is {what}.")
            }
            (true, _) => format!("No job is {what}."),
            (false, true) => "There are more of them: --most shows them.".to_owned(),
            (false, false) => String::new(),
        };
        if full {
            note.push_str(" More jobs are open; only the most overdue were read.");
        }
        Ok(Found { jobs, next: None, note: note.trim().to_owned() })
    }

    fn takes(&self, job: &Job, now: Timestamp) -> bool {
        let is_wanted = job.is_open() && (!self.stuck || stuck(job, now).is_some());
        is_wanted
            && self.model.as_ref().is_none_or(|model| *model == job.terms().model())
            && self.user.as_deref().is_none_or(|user| job.terms().user() == Some(user))
    }

    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            status: self.status,
            model: self.model.as_deref(),
            user: self.user.as_deref(),
            older_than: self.before,
            deleted_too: true,
        }
    }

    /// Whether the catalog has no model of the name that was asked for.
    fn names_no_model(&self) -> bool {
        self.model.as_ref().is_some_and(|model| Catalog::published().get(model).is_none())
    }

    fn no_such_model(&self) -> String {
        let catalog = Catalog::published();
        let models: Vec<&str> = catalog.ids().collect();
        format!(
            "There is no model {}: there are {}.",
            self.model.as_deref().unwrap_or_default(),
            models.join(", ")
        )
    }

    const fn is_narrow(&self) -> bool {
        self.status.is_some()
            || self.model.is_some()
            || self.user.is_some()
            || self.before.is_some()
    }
}

const OF_ALL: [&str; 9] =
    ["ORGANIZATION", "JOB", "STATUS", "MODEL", "SECONDS", "MXN", "CREATED", "ENDED", "NOTE"];

fn row(job: &Job, now: Timestamp) -> Vec<String> {
    let (status, created) = (job.status().as_str().to_owned(), moment(job.created()));
    vec![
        job.org().to_string(),
        job.id().to_string(),
        status,
        job.terms().model().to_owned(),
        job.terms().seconds().to_string(),
        job.cost().to_string(),
        created,
        ended(job).map(moment).unwrap_or_default(),
        note(job, now),
    ]
}

/// Why the job failed; or if it is open, what it waits for and what went wrong last.
fn note(job: &Job, now: Timestamp) -> String {
    if job.deletion().is_some() {
        return "deleted by its owner".to_owned();
    }
    match job.state() {
        State::Failed { failure, .. } => failure.message.clone(),
        State::Completed { .. } => String::new(),
        State::Pending { .. } | State::Processing(_) => {
            let waits = stand(job).map(|Stand { what, since, .. }| {
                format!("waits for {what}, since {}", moment(since))
            });
            let wrong = stuck(job, now).or_else(|| job.trouble().map(trouble));
            waits.into_iter().chain(wrong).collect::<Vec<_>>().join("; ")
        }
    }
}

const fn ended(job: &Job) -> Option<Timestamp> {
    match job.state() {
        State::Pending { .. } | State::Processing(_) => None,
        State::Completed { at, .. } | State::Failed { at, .. } => Some(*at),
    }
}

fn object(job: &Job, now: Timestamp) -> Value {
    let failure = match job.state() {
        State::Failed { failure, .. } => Some(failure),
        State::Pending { .. } | State::Processing(_) | State::Completed { .. } => None,
    };
    json!({
        "id": job.id(),
        "org": job.org(),
        "status": job.status().as_str(),
        "model": job.terms().model(),
        "seconds": job.terms().seconds(),
        "cost_mxn": job.cost().to_string(),
        "created": job.created(),
        "due": job.is_open().then_some(job.due()),
        "waits_for": stand(job).map(|stand| stand.what),
        "stuck": stuck(job, now),
        "trouble": trouble_object(job.trouble()),
        "ended": ended(job),
        "failure": failure.map(ghub::failure::Failure::shown),
        "deleted": job.deletion().map(|deletion| deletion.at),
    })
}

fn status(text: &str) -> Result<Status, String> {
    Status::named(text)
        .ok_or_else(|| "a status is pending, processing, completed or failed".to_owned())
}
