//! Posts money once for each cause, even if the command is run again. It says what will happen,
//! asks, posts, and shows the entry that stands.

use crate::confirm::Confirmation;
use crate::environment::Operator;
use crate::failure::Failure;
use crate::output::{Report, moment, mxn};
use ghub::account::Change;
use ghub::store::{Entry, EntryKind, Posted, StoreError};
use serde_json::json;

/// A ledger entry that the operator wants to post.
#[derive(Debug)]
pub struct Posting<'a> {
    pub entry: Entry,
    pub confirmation: &'a Confirmation,
    /// The name in the JSON of the field that says whether this run posted the entry.
    pub done: &'static str,
    /// The command to run again if the answer was lost.
    pub again: String,
}

impl Posting<'_> {
    pub async fn run(mut self, operator: &Operator) -> Result<Report, Failure> {
        self.entry.actor = Some(operator.actor.clone());
        let Entry { org, amount, .. } = self.entry;
        let account = operator.account(org).await?;
        if let Some(before) = operator.store.entry(org, &self.entry.cause).await? {
            return self.report_repeat(&before, operator).await;
        }
        let after = account.after(Change::posting(amount))?;
        after.available()?; // the account keeps this sum too, so it must fit as well
        self.confirmation.obtain(&format!(
            "MXN {amount} to organization {org} at {}, {}: from MXN {} to MXN {}.",
            operator.place,
            self.what(),
            account.balance,
            after.balance
        ))?;
        match operator.store.post(&self.entry).await.map_err(|source| self.unfinished(source))? {
            Posted::Now => self.report(&self.entry, true, operator).await,
            Posted::Before(before) => self.report_repeat(&before, operator).await,
            Posted::NoSuchOrganization => Err(Failure::NoSuchOrganization(org)),
        }
    }

    fn what(&self) -> String {
        let reference = self.entry.reference();
        let named = match self.entry.job {
            Some(job) => format!("{} of job {job}", self.entry.kind.as_str()),
            None => format!("reference {reference}"),
        };
        self.entry
            .reason
            .as_ref()
            .map_or_else(|| named.clone(), |reason| format!("{named} ({reason})"))
    }

    /// The cause has posted an entry before. The same amount is a repeat, and another amount is a
    /// mistake. A job is refunded once, so a second refund is an error.
    async fn report_repeat(&self, before: &Entry, operator: &Operator) -> Result<Report, Failure> {
        let (amount, posted) = (before.amount, before.posted_at());
        if let Some(job) = before.job {
            return Err(Failure::RefundedBefore { job, amount, posted });
        }
        if amount == self.entry.amount {
            return self.report(before, false, operator).await;
        }
        let (reference, asked) = (before.reference().to_owned(), self.entry.amount);
        Err(Failure::AnotherAmount { reference, asked, before: amount, posted })
    }

    async fn report(
        &self,
        entry: &Entry,
        now: bool,
        operator: &Operator,
    ) -> Result<Report, Failure> {
        let balance =
            operator.store.account(entry.org).await.map_err(|source| self.unfinished(source))?;
        let balance = balance.ok_or(Failure::NoSuchOrganization(entry.org))?.balance;
        let posted = entry.posted_at();
        let note = match (now, entry.kind) {
            (true, EntryKind::Recharge) => "It is credited.".to_owned(),
            (true, _) => "It is posted.".to_owned(),
            (false, _) => {
                format!(
                    "The reference had posted MXN {} on {}; nothing was changed.",
                    entry.amount,
                    moment(posted)
                )
            }
        };
        let mut json = json!({
            "org": entry.org,
            "reference": entry.reference(),
            "amount_mxn": entry.amount.to_string(),
            "posted": posted,
            "balance_mxn": balance.to_string(),
        });
        json[self.done] = now.into();
        let mut table = vec![
            ("organization", entry.org.to_string()),
            ("reference", entry.reference().to_owned()),
            ("amount", mxn(entry.amount)),
            ("posted", moment(posted)),
            ("balance", mxn(balance)),
        ];
        if let Some(reason) = &entry.reason {
            json["reason"] = reason.as_str().into();
            table.insert(3, ("reason", reason.clone()));
        }
        if let Some(actor) = &entry.actor {
            json["actor"] = json!(actor);
            table.insert(table.len() - 1, ("by", actor.to_string()));
        }
        Ok(Report { json, table, note })
    }

    fn unfinished(&self, source: StoreError) -> Failure {
        Failure::Unfinished { again: self.again.clone(), source }
    }
}
