//! `cargo admin audit`: what the nightly function does, now.

use crate::environment::Operator;
use crate::failure::Failure;
use crate::output::{Answer, Listing};
use clap::Args;
use ghub::audit::Difference;
use ghub::error::causes;
use ghub::id::OrgId;
use ghub::store::{Audited, StoreError};
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub struct Audit {
    /// Only this organization
    #[arg(long, value_name = "UUID")]
    org: Option<OrgId>,
}

/// What was found.
#[derive(Debug, Default)]
struct Found {
    agreeing: usize,
    differing: Vec<(OrgId, Vec<Difference>)>,
    moved: Vec<OrgId>,
    unread: Vec<(OrgId, String)>,
}

impl Audit {
    pub async fn run(&self, operator: &Operator) -> Result<Answer, Failure> {
        let mut found = Found::default();
        match self.org {
            Some(org) => {
                let audited = operator.store.audit(org).await.transpose().ok_or(Failure::NoSuchOrganization(org))?;
                found.add(org, audited);
            }
            None => operator.store.audit_all(|org, audited| found.add(org, audited)).await?,
        }
        let sound = found.differing.is_empty() && found.unread.is_empty();
        Ok(Answer { sound, ..Answer::from(found.listing()) })
    }
}

impl Found {
    fn add(&mut self, org: OrgId, audited: Result<Audited, StoreError>) {
        match audited {
            Ok(Audited::Agrees) => self.agreeing += 1,
            Ok(Audited::Differs(differences)) => self.differing.push((org, differences)),
            Ok(Audited::Moved) => self.moved.push(org),
            Err(error) => self.unread.push((org, causes(&error))),
        }
    }

    fn listing(self) -> Listing {
        let row = |org: &OrgId, what: String| vec![org.to_string(), what];
        let differing = self
            .differing
            .iter()
            .flat_map(|(org, differences)| differences.iter().map(move |difference| row(org, difference.to_string())));
        let unread = self.unread.iter().map(|(org, error)| row(org, format!("could not be audited: {error}")));
        let moved = self.moved.iter().map(|org| row(org, "moved during every look: audit it again".to_owned()));
        Listing {
            head: &["ORGANIZATION", "WHAT"],
            rows: differing.chain(unread).chain(moved).collect(),
            note: format!(
                "{} agree with their ledger and jobs, {} differ, {} moved meanwhile, {} could not be audited.",
                self.agreeing,
                self.differing.len(),
                self.moved.len(),
                self.unread.len()
            ),
            json: json!({
                "agreeing": self.agreeing,
                "differing": self.differing.iter().map(|(org, differences)| {
                    json!({"org": org, "differences": differences.iter().map(object).collect::<Vec<_>>()})
                }).collect::<Vec<_>>(),
                "moved": self.moved,
                "unread": self.unread.iter().map(|(org, error)| json!({"org": org, "error": error})).collect::<Vec<_>>(),
            }),
        }
    }
}

fn object(difference: &Difference) -> Value {
    match difference {
        Difference::Balance { account, ledger } => {
            json!({"what": "balance", "account_mxn": account.to_string(), "ledger_mxn": ledger.to_string()})
        }
        Difference::Entries { account, ledger } => json!({"what": "entries", "account": account, "ledger": ledger}),
        Difference::Sequence { place, sequence } => json!({"what": "sequence", "place": place, "entry": sequence}),
        Difference::BalanceAfter { sequence, entry, sum } => json!({
            "what": "balance_after",
            "entry": sequence,
            "entry_mxn": entry.to_string(),
            "sum_mxn": sum.to_string(),
        }),
        Difference::Held { account, jobs } => {
            json!({"what": "held", "account_mxn": account.to_string(), "jobs_mxn": jobs.to_string()})
        }
        Difference::OpenJobs { account, jobs } => json!({"what": "open_jobs", "account": account, "jobs": jobs}),
        Difference::Available { account, sum } => {
            json!({"what": "available", "account_mxn": account.to_string(), "sum_mxn": sum.to_string()})
        }
        Difference::Charges { job, status, due, times, charged } => json!({
            "what": "charges",
            "job": job,
            "status": status.map(|status| status.as_str()),
            "due_mxn": due.to_string(),
            "consumptions": times,
            "charged_mxn": charged.to_string(),
        }),
    }
}
