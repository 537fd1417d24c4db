//! `cargo admin job …`: shows a job, has it checked again, or ends it.

mod show;
pub mod stand;

use crate::balance::reason;
use crate::confirm::Confirmation;
use crate::environment::Operator;
use crate::failure::Failure;
use crate::output::Report;
use clap::{Args, Subcommand, ValueEnum};
use ghub::aws::sdk_config;
use ghub::cancellation::{Cancellation, Canceller};
use ghub::checking::Checker;
use ghub::failure::FailureCode;
use ghub::id::{JobId, OrgId};
use ghub::job::{Job, Processing, State};
use ghub::lifetime::Lifetime;
use ghub::queue::Queue;
use ghub::sender::ProviderSender;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// How long the command waits while another worker has the job's turn. A submission takes 60 s at
/// most. A transfer of a video may take longer, and so may another cancellation that died.
const PATIENCE: Duration = Duration::from_secs(75);
/// The worker gives its turn back at a whole second, so a look shortly afterwards is early enough.
const MOMENT: Duration = Duration::from_millis(200);

/// The time for one attempt: three exchanges of 10 s with a provider, and the writes around them.
const ATTEMPT: Duration = Duration::from_secs(60);

const REQUESTED: &str = "Its provider was asked to stop, and may go on. The job stays open, with its hold. It fails when the provider has \
    stopped. If the video comes, it is completed and charged. It fails after 24 hours if neither is known.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show all that is stored of a job, what happened to it, and what it was charged
    Show {
        #[command(flatten)]
        which: Which,
        /// Show what the caller wrote too: the prompt, the negative prompt and the labels
        #[arg(long)]
        prompt: bool,
    },
    /// Have a job looked at now, or when it is due
    Recheck {
        #[command(flatten)]
        which: Which,
    },
    /// End an open job without a charge.
    ///
    /// If a render has begun, its provider is asked to stop it, and the job stays open until it has
    /// stopped. If a render is finished, the video is stored and charged. Google's renders cannot
    /// be stopped, so the job goes on. With --discard the job fails in all these cases, and the
    /// paid render is thrown away.
    Fail(Fail),
}

#[derive(Debug, Args)]
pub struct Which {
    /// The id of the job
    #[arg(value_name = "JOB")]
    job: JobId,
    /// The organization of the job. Without it, all jobs are searched, which takes a minute for a
    /// million of them
    #[arg(long, value_name = "UUID")]
    org: Option<OrgId>,
}

#[derive(Debug, Args)]
pub struct Fail {
    #[command(flatten)]
    which: Which,
    /// Why, in a line that the caller sees as the job's error
    #[arg(long, value_parser = reason)]
    reason: String,
    /// Whose doing it is. Programs read it, and it decides whether the job counts as a failure of
    /// ours
    #[arg(long, value_enum, default_value_t = Code::Cancelled)]
    code: Code,
    /// Fail the job even if its render is finished, may be finished, or cannot be stopped. The paid
    /// render is thrown away
    #[arg(long)]
    discard: bool,
    #[command(flatten)]
    confirmation: Confirmation,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Code {
    /// The owner or the operator wished it
    Cancelled,
    /// The provider does not serve us
    #[value(name = "provider_unavailable")]
    ProviderUnavailable,
}

pub async fn run(command: Command, operator: &Operator) -> Result<Report, Failure> {
    match command {
        Command::Show { which, prompt } => {
            show::run(&which.read(operator).await?, prompt, operator).await
        }
        Command::Recheck { which } => recheck(&which.read(operator).await?, operator).await,
        Command::Fail(fail) => fail.run(operator).await,
    }
}

impl Which {
    async fn read(&self, operator: &Operator) -> Result<Job, Failure> {
        operator.job(self.job, self.org).await
    }
}

fn open(job: &Job) -> Result<(), Failure> {
    if job.is_open() { Ok(()) } else { Err(Failure::JobIsOver(job.id(), job.status())) }
}

async fn recheck(job: &Job, operator: &Operator) -> Result<Report, Failure> {
    open(job)?;
    let now = operator.ambient.now();
    let wait = if job.is_due(now) { Duration::ZERO } else { job.due().since(now) };
    let sent = queue("POLL_QUEUE_URL", operator)?.send(job.key(), wait).await;
    sent.map_err(|error| Failure::Queue {
        what: format!("job {}", job.id()),
        done: "queued",
        source: error.into(),
    })?;
    let note = match wait.as_secs() {
        0 => "A message is queued: poll-jobs looks at it now.".to_owned(),
        seconds => format!("It is not due for {seconds} s; a message is queued for then."),
    };
    let mut report = brief(job, note);
    report.json["looked_at_in_s"] = wait.as_secs().into();
    Ok(report)
}

impl Fail {
    async fn run(&self, operator: &Operator) -> Result<Report, Failure> {
        let mut job = self.which.read(operator).await?;
        open(&job)?;
        let (id, org, place) = (job.id(), job.org(), &operator.place);
        let checker = checker(&job, operator).await?;
        let lost = self.lost(&job, &checker);
        self.confirmation.obtain(&format!(
            "Job {id} of organization {org} at {place}, {}, fails: {:?}. Its hold of MXN {} is released.{lost}",
            job.status().as_str(),
            self.reason,
            job.cost()
        ))?;
        let poll_queue = queue("POLL_QUEUE_URL", operator)?;
        let canceller = Canceller::new(&checker, &operator.store, &poll_queue, &operator.ambient);
        let end = Instant::now() + PATIENCE;
        loop {
            let failure =
                ghub::failure::Failure::new(self.code(), &self.reason).by(&operator.actor);
            let due = job.due();
            let lifetime = Lifetime::of(ATTEMPT);
            let wait = match canceller
                .cancel(job, failure, self.discard, lifetime)
                .await
                .map_err(Failure::Job)?
            {
                Cancellation::Failed => {
                    return self
                        .report(operator, "It has failed, uncharged; its hold is released.")
                        .await;
                }
                Cancellation::FailedByProvider(_) => {
                    return self
                        .report(
                            operator,
                            "The provider had failed it before; its hold is released.",
                        )
                        .await;
                }
                Cancellation::Requested => return self.report(operator, REQUESTED).await,
                Cancellation::Finished => return Err(Failure::RenderFinished(id)),
                Cancellation::Unstoppable => return Err(Failure::CannotBeStopped(id)),
                Cancellation::NoAnswer => return Err(Failure::ProviderSilent(id)),
                Cancellation::Over => {
                    let job = operator.job(id, Some(org)).await?;
                    return Err(Failure::JobIsOver(id, job.status()));
                }
                Cancellation::NotDue => due.since(operator.ambient.now()) + MOMENT,
                Cancellation::Overtaken => MOMENT,
            };
            if Instant::now() + wait > end {
                return Err(Failure::JobIsTaken(id, due));
            }
            tokio::time::sleep(wait).await;
            job = operator.job(id, Some(org)).await?;
        }
    }

    /// Says what is lost with the job. Only --discard throws away a render that is paid for.
    fn lost(&self, job: &Job, checker: &Checker) -> &'static str {
        match job.state() {
            _ if !self.discard => "",
            State::Processing(Processing { handle, file: None, .. })
                if !checker.can_stop(handle) =>
            {
                " This provider cannot be stopped: its render goes on, is paid for and thrown away."
            }
            _ => " A finished render is thrown away.",
        }
    }

    fn code(&self) -> FailureCode {
        match self.code {
            Code::Cancelled => FailureCode::Cancelled,
            Code::ProviderUnavailable => FailureCode::ProviderUnavailable,
        }
    }

    async fn report(&self, operator: &Operator, note: &str) -> Result<Report, Failure> {
        let job = self.which.read(operator).await?;
        let mut report = brief(&job, note.to_owned());
        if let State::Failed { failure, .. } = job.state() {
            report.json["failure"] = failure.shown();
            report.table.push(("error", failure.message.clone()));
        }
        Ok(report)
    }
}

fn brief(job: &Job, note: String) -> Report {
    let status = job.status().as_str();
    Report {
        json: json!({"id": job.id(), "org": job.org(), "status": status}),
        table: vec![
            ("job", job.id().to_string()),
            ("organization", job.org().to_string()),
            ("status", status.to_owned()),
        ],
        note,
    }
}

/// Has the provider's credentials and the queue of poll-jobs, which stops renders in the same way
/// at a deadline.
async fn checker(job: &Job, operator: &Operator) -> Result<Checker, Failure> {
    let Operator { world, store, ambient, .. } = operator;
    let sender = ProviderSender::new(world, &sdk_config(world)?).await?;
    if let Some(why) = sender.problem(job.terms().provider()).await {
        return Err(Failure::ProviderSecret(job.terms().provider().name(), why));
    }
    let store_queue = queue("STORE_QUEUE_URL", operator)?;
    Ok(Checker::new(&world.env.providers()?, &sender, store, &store_queue, ambient))
}

fn queue(variable: &str, operator: &Operator) -> Result<Queue, Failure> {
    Ok(Queue::new(&operator.world, &sdk_config(&operator.world)?, variable)?)
}
