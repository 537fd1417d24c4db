//! `cargo admin balance …`: an organization's money, shown and paid in.

use crate::confirm::Confirmation;
use crate::environment::Operator;
use crate::failure::Failure;
use crate::output::{Report, moment, mxn};
use clap::{Args, Subcommand};
use ghub::account::{Account, Change};
use ghub::id::OrgId;
use ghub::money::Money;
use ghub::store::{Entry, Posted, StoreError};
use serde_json::json;

/// Longer than any payment service's id, and far below the 1024 bytes of a table's key.
const LONGEST_REFERENCE: usize = 200;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Pay money in, once for each reference
    Recharge(Recharge),
    /// Show what an organization has, and what of it is held for open jobs
    Show {
        /// The organization
        #[arg(long, value_name = "UUID")]
        org: OrgId,
    },
}

#[derive(Debug, Args)]
pub struct Recharge {
    /// The organization
    #[arg(long, value_name = "UUID")]
    org: OrgId,
    /// MXN, above 0, at most six places, such as 500.00
    #[arg(long, value_name = "MXN", value_parser = amount, allow_negative_numbers = true)]
    amount: Money,
    /// What was paid, such as payment-123: a second recharge of the organization under it credits nothing
    #[arg(long, value_parser = reference)]
    reference: String,
    #[command(flatten)]
    confirmation: Confirmation,
}

pub async fn run(command: Command, operator: &Operator) -> Result<Report, Failure> {
    match command {
        Command::Recharge(recharge) => recharge.run(operator).await,
        Command::Show { org } => show(org, operator).await,
    }
}

impl Recharge {
    async fn run(&self, operator: &Operator) -> Result<Report, Failure> {
        let (org, store) = (self.org, &operator.store);
        let account = account(org, operator).await?;
        if let Some(before) = store.entry(org, &self.entry(operator).cause).await? {
            return self.repeated(before, operator).await;
        }
        let after = account.after(Change::posting(self.amount))?;
        after.available()?; // the account keeps this sum too, so it must fit as well
        self.confirmation.obtain(&format!(
            "MXN {} to organization {org} at {}, reference {}: from MXN {} to MXN {}.",
            self.amount, operator.place, self.reference, account.balance, after.balance
        ))?;
        let entry = self.entry(operator);
        match store.post(&entry).await.map_err(|source| self.unfinished(source))? {
            Posted::Now => self.report(&entry, true, operator).await,
            Posted::Before(before) => self.repeated(before, operator).await,
            Posted::NoSuchOrganization => Err(Failure::NoSuchOrganization(org)),
        }
    }

    fn entry(&self, operator: &Operator) -> Entry {
        Entry::recharge(self.org, &self.reference, self.amount, operator.ambient.now_unix_ms())
    }

    /// The reference has credited before: the same amount is a repeat, another one is a mistake.
    async fn repeated(&self, before: Entry, operator: &Operator) -> Result<Report, Failure> {
        if before.amount == self.amount {
            return self.report(&before, false, operator).await;
        }
        Err(Failure::AnotherAmount {
            reference: self.reference.clone(),
            asked: self.amount,
            credited: before.amount,
            posted: before.posted_at(),
        })
    }

    async fn report(&self, entry: &Entry, credited: bool, operator: &Operator) -> Result<Report, Failure> {
        let balance = operator.store.account(self.org).await.map_err(|source| self.unfinished(source))?;
        let balance = balance.ok_or(Failure::NoSuchOrganization(self.org))?.balance;
        let posted = entry.posted_at();
        let note = if credited {
            "It is credited.".to_owned()
        } else {
            format!("The reference had credited MXN {} on {}; nothing was changed.", entry.amount, moment(posted))
        };
        Ok(Report {
            json: json!({
                "org": self.org,
                "reference": self.reference,
                "amount_mxn": entry.amount.to_string(),
                "credited": credited,
                "posted": posted,
                "balance_mxn": balance.to_string(),
            }),
            table: vec![
                ("organization", self.org.to_string()),
                ("reference", self.reference.clone()),
                ("amount", mxn(entry.amount)),
                ("posted", moment(posted)),
                ("balance", mxn(balance)),
            ],
            note,
        })
    }

    fn unfinished(&self, source: StoreError) -> Failure {
        let Self { org, amount, reference, .. } = self;
        let again = format!("balance recharge --org {org} --amount {amount} --reference '{reference}'");
        Failure::Unfinished { again, source }
    }
}

async fn show(org: OrgId, operator: &Operator) -> Result<Report, Failure> {
    let account = account(org, operator).await?;
    let available = account.available()?;
    Ok(Report {
        json: json!({
            "org": org,
            "balance_mxn": account.balance.to_string(),
            "held_mxn": account.held.to_string(),
            "credit_limit_mxn": account.credit_limit.to_string(),
            "available_mxn": available.to_string(),
            "open_jobs": account.open_jobs,
            "open_jobs_limit": account.open_jobs_limit,
            "suspended": account.suspended,
        }),
        table: vec![
            ("organization", org.to_string()),
            ("balance", mxn(account.balance)),
            ("held for open jobs", mxn(account.held)),
            ("credit limit", mxn(account.credit_limit)),
            ("available", mxn(available)),
            ("open jobs", format!("{} of {}", account.open_jobs, account.open_jobs_limit)),
            ("suspended", if account.suspended { "yes" } else { "no" }.to_owned()),
        ],
        note: String::new(),
    })
}

async fn account(org: OrgId, operator: &Operator) -> Result<Account, Failure> {
    operator.store.account(org).await?.ok_or(Failure::NoSuchOrganization(org))
}

fn amount(text: &str) -> Result<Money, String> {
    match text.parse::<Money>() {
        Ok(amount) if amount > Money::ZERO => Ok(amount),
        Ok(_) => Err("an amount is above 0".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// A space more or less, or a letter that only looks the same, would credit one payment twice.
fn reference(text: &str) -> Result<String, String> {
    if (1..=LONGEST_REFERENCE).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\'')
    {
        Ok(text.to_owned())
    } else {
        Err(format!("a reference has 1 to {LONGEST_REFERENCE} printable ASCII characters, without spaces and quotes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_exact_and_above_0() {
        assert_eq!(amount("0.000001"), Ok(Money::from_micros(1)));
        for text in ["0", "0.00", "-1", "1,50", "1e3", "0.0000001", "MXN 5", ""] {
            assert!(amount(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_reference_has_one_spelling() {
        assert_eq!(reference("pi_3N#a-1/b"), Ok("pi_3N#a-1/b".to_owned()));
        for text in ["", "payment 123", "payment-123 ", "paymеnt", "it's", "a\n", &"a".repeat(201)] {
            assert!(reference(text).is_err(), "{text:?}");
        }
    }
}
