//! `cargo admin audit`: runs the audit of the nightly function now.

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
    /// Only the accounts of this organization, or of this sandbox
    #[arg(long, value_name = "UUID")]
    org: Option<OrgId>,
}

/// The differences that the audit found, and the accounts that it could not judge.
#[derive(Debug, Default)]
struct Found {
    agreeing: usize,
    differing: Vec<(OrgId, Vec<Difference>)>,
    moved: Vec<OrgId>,
    unread: Vec<(OrgId, String)>,
}

const MOVED: &str = "could not be judged, because its money moved all the while: run the audit again at a quieter time";

impl Audit {
    pub async fn run(&self, operator: &Operator) -> Result<Answer, Failure> {
        let mut found = Found::default();
        match self.org {
            Some(org) => {
                let audited = operator
                    .store
                    .audit(org)
                    .await
                    .transpose()
                    .ok_or(Failure::NoSuchOrganization(org))?;
                found.add(org, audited);
            }
            None => operator.store.audit_all(|org, audited| found.add(org, audited)).await?,
        }
        Ok(found.answer())
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

    /// The answer is sound only if every account was judged and none differs.
    fn answer(&self) -> Answer {
        let sound = self.differing.is_empty() && self.moved.is_empty() && self.unread.is_empty();
        Answer { sound, ..Answer::from(self.listing()) }
    }

    fn listing(&self) -> Listing {
        let row = |org: &OrgId, what: String| vec![org.to_string(), what];
        let differing = self.differing.iter().flat_map(|(org, differences)| {
            differences.iter().map(move |difference| row(org, difference.to_string()))
        });
        let unread =
            self.unread.iter().map(|(org, error)| row(org, format!("could not be read: {error}")));
        let moved = self.moved.iter().map(|org| row(org, MOVED.to_owned()));
        Listing {
            head: &["ORGANIZATION", "WHAT"],
            rows: differing.chain(unread).chain(moved).collect(),
            note: format!(
                "{} agree with their ledger and jobs, {} differ, {} could not be judged, {} could not be read.",
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
        Difference::Entries { account, ledger } => {
            json!({"what": "entries", "account": account, "ledger": ledger})
        }
        Difference::Sequence { place, sequence } => {
            json!({"what": "sequence", "place": place, "entry": sequence})
        }
        Difference::BalanceAfter { sequence, entry, sum } => json!({
            "what": "balance_after",
            "entry": sequence,
            "entry_mxn": entry.to_string(),
            "sum_mxn": sum.to_string(),
        }),
        Difference::Held { account, jobs } => {
            json!({"what": "held", "account_mxn": account.to_string(), "jobs_mxn": jobs.to_string()})
        }
        Difference::OpenJobs { account, jobs } => {
            json!({"what": "open_jobs", "account": account, "jobs": jobs})
        }
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
        Difference::Refunds { job, status, charged, times, refunded } => json!({
            "what": "refunds",
            "job": job,
            "status": status.map(|status| status.as_str()),
            "charged_mxn": charged.to_string(),
            "refunds": times,
            "refunded_mxn": refunded.to_string(),
        }),
        Difference::Index { job, status, indexed } => {
            json!({"what": "index", "job": job, "status": status.as_str(), "indexed": indexed})
        }
        Difference::OpenTooLong { job, since } => {
            json!({"what": "open_too_long", "job": job, "open_s": since.as_secs()})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_that_could_not_be_judged_is_no_success_and_says_what_to_do() {
        let org: OrgId = "e8c96506-72a1-429f-a7ed-4bb0a42541be".parse().unwrap();
        let mut found = Found::default();
        found.add(org, Ok(Audited::Agrees));
        assert!(found.answer().sound);
        found.add(org, Ok(Audited::Moved));
        let answer = found.answer();
        assert_eq!((answer.sound, &answer.json["moved"]), (false, &json!([org])));
        assert!(answer.text.contains("run the audit again at a quieter time"), "{}", answer.text);
        assert!(
            answer
                .text
                .contains("1 agree with their ledger and jobs, 0 differ, 1 could not be judged")
        );
    }
}
