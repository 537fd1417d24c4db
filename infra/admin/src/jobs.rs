//! `cargo admin jobs`: an organization's jobs, the newest first.

use crate::environment::Operator;
use crate::failure::Failure;
use crate::output::{Listing, moment};
use clap::Args;
use ghub::id::{JobId, OrgId};
use ghub::job::{Job, State, Status};
use ghub::store::Wanted;
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub struct Jobs {
    /// The organization
    #[arg(long, value_name = "UUID")]
    org: OrgId,
    /// Only those that are pending, processing, completed or failed
    #[arg(long, value_parser = status)]
    status: Option<Status>,
    /// So many at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
    most: u16,
    /// Only those older than this one: the next page, after the last one's
    #[arg(long, value_name = "UUID")]
    before: Option<JobId>,
}

impl Jobs {
    pub async fn run(&self, operator: &Operator) -> Result<Listing, Failure> {
        operator.account(self.org).await?;
        let (jobs, next) = self.found(operator).await?;
        let note = match next {
            Some(last) => format!("There may be older ones: --before {last}"),
            None if jobs.is_empty() => "There is no such job.".to_owned(),
            None => String::new(),
        };
        Ok(Listing {
            json: json!({"org": self.org, "jobs": jobs.iter().map(object).collect::<Vec<_>>(), "next": next}),
            head: &["JOB", "STATUS", "MODEL", "SECONDS", "MXN", "CREATED", "ENDED", "NOTE"],
            rows: jobs.iter().map(row).collect(),
            note,
        })
    }
}

impl Jobs {
    /// Goes on where one search of the store ends, until there are enough or no more; and where there may be more, if so.
    async fn found(&self, operator: &Operator) -> Result<(Vec<Job>, Option<JobId>), Failure> {
        let (most, mut jobs) = (usize::from(self.most), Vec::new());
        let mut wanted = Wanted { status: self.status, model: None, older_than: self.before, deleted_too: true };
        loop {
            let found = operator.store.jobs(self.org, wanted, most - jobs.len()).await?;
            jobs.extend(found.jobs);
            if found.reached.is_none() || jobs.len() == most {
                return Ok((jobs, found.reached));
            }
            wanted.older_than = found.reached;
        }
    }
}

fn row(job: &Job) -> Vec<String> {
    let (ended, why) = match &job.state {
        State::Pending { .. } | State::Processing(_) => (String::new(), String::new()),
        State::Completed { at, .. } => (moment(*at), String::new()),
        State::Failed { at, failure, .. } => (moment(*at), failure.message.clone()),
    };
    let why = if job.deletion.is_some() { "deleted by its owner".to_owned() } else { why };
    let (status, created) = (job.status().as_str().to_owned(), moment(job.created));
    vec![
        job.id.to_string(),
        status,
        job.model.clone(),
        job.seconds.to_string(),
        job.cost.to_string(),
        created,
        ended,
        why,
    ]
}

fn object(job: &Job) -> Value {
    let (ended, failure) = match &job.state {
        State::Pending { .. } | State::Processing(_) => (None, None),
        State::Completed { at, .. } => (Some(at), None),
        State::Failed { at, failure, .. } => (Some(at), Some(failure)),
    };
    json!({
        "id": job.id,
        "status": job.status().as_str(),
        "model": job.model,
        "seconds": job.seconds,
        "cost_mxn": job.cost.to_string(),
        "created": job.created,
        "ended": ended,
        "failure": failure.map(ghub::job::Failure::shown),
        "deleted": job.deletion.map(|deletion| deletion.at),
    })
}

fn status(text: &str) -> Result<Status, String> {
    Status::named(text).ok_or_else(|| "a status is pending, processing, completed or failed".to_owned())
}
