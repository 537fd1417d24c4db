//! `cargo admin balance …`: shows, recharges, corrects and refunds an organization's money.

use crate::confirm::Confirmation;
use crate::environment::Operator;
use crate::failure::Failure;
use crate::org::arguments::live;
use crate::org::show::shown;
use crate::output::Report;
use crate::posting::Posting;
use clap::{Args, Subcommand};
use ghub::id::{JobId, OrgId};
use ghub::money::Money;
use ghub::store::{Entry, Refund};

/// Longer than the id of any payment service, and far below the 1024 bytes of a table's key.
const LONGEST_REFERENCE: usize = 200;
/// The longest reason, in characters. A reason is a line in a ledger, not a letter.
const LONGEST_REASON: usize = 200;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Pay money in, once for each reference
    Recharge(Recharge),
    /// Correct a balance, up or down, once for each reference
    Adjust(Adjust),
    /// Give back the charge of a completed job, all of it and once
    Refund(RefundOfJob),
    /// Show what an organization has, and how much of it is held for open jobs
    Show {
        /// The id of the organization
        #[arg(long, value_name = "UUID")]
        org: OrgId,
    },
}

#[derive(Debug, Args)]
pub struct Recharge {
    /// The id of the organization
    #[arg(long, value_name = "UUID", value_parser = live)]
    org: OrgId,
    /// MXN, above 0, at most six places, such as 500.00
    #[arg(long, value_name = "MXN", value_parser = amount, allow_negative_numbers = true)]
    amount: Money,
    /// What was paid, such as payment-123. A second recharge of the organization with the same
    /// reference credits nothing
    #[arg(long, value_parser = reference)]
    reference: String,
    #[command(flatten)]
    confirmation: Confirmation,
}

#[derive(Debug, Args)]
pub struct Adjust {
    /// The id of the organization
    #[arg(long, value_name = "UUID", value_parser = live)]
    org: OrgId,
    /// MXN, above or below 0, at most six places, such as -4.20
    #[arg(long, value_name = "MXN", value_parser = correction, allow_negative_numbers = true)]
    amount: Money,
    /// What makes the adjustment happen once, such as ticket-77. A second adjustment of the
    /// organization with the same reference changes nothing
    #[arg(long, value_parser = reference)]
    reference: String,
    /// Why, in a line. It stays in the ledger for ever, and the organization reads it in its
    /// transactions
    #[arg(long, value_parser = reason)]
    reason: String,
    #[command(flatten)]
    confirmation: Confirmation,
}

#[derive(Debug, Args)]
pub struct RefundOfJob {
    /// The id of the job
    #[arg(long, value_name = "UUID")]
    job: JobId,
    /// The organization of the job. Without it, all jobs are searched, which takes a minute for a
    /// million of them
    #[arg(long, value_name = "UUID")]
    org: Option<OrgId>,
    /// Why, in a line. It stays in the ledger, and the organization reads it in its transactions
    #[arg(long, value_parser = reason)]
    reason: Option<String>,
    #[command(flatten)]
    confirmation: Confirmation,
}

pub async fn run(command: Command, operator: &Operator) -> Result<Report, Failure> {
    match command {
        Command::Recharge(recharge) => recharge.run(operator).await,
        Command::Adjust(adjust) => adjust.run(operator).await,
        Command::Refund(refund) => refund.run(operator).await,
        Command::Show { org } => Ok(shown(&operator.account(org).await?, "")?),
    }
}

impl Recharge {
    async fn run(&self, operator: &Operator) -> Result<Report, Failure> {
        let Self { org, amount, reference, confirmation } = self;
        let entry = Entry::recharge(*org, reference, *amount, operator.ambient.now_unix_ms());
        let again =
            format!("balance recharge --org {org} --amount {amount} --reference '{reference}'");
        Posting { entry, confirmation, done: "credited", again }.run(operator).await
    }
}

impl Adjust {
    async fn run(&self, operator: &Operator) -> Result<Report, Failure> {
        let Self { org, amount, reference, reason, confirmation } = self;
        let entry =
            Entry::adjustment(*org, reference, *amount, reason, operator.ambient.now_unix_ms());
        let again = format!(
            "balance adjust --org {org} --amount {amount} --reference '{reference}' --reason '{reason}'"
        );
        Posting { entry, confirmation, done: "adjusted", again }.run(operator).await
    }
}

impl RefundOfJob {
    async fn run(&self, operator: &Operator) -> Result<Report, Failure> {
        let (job, now_unix_ms) = (self.job, operator.ambient.now_unix_ms());
        let org = operator.owner(job, self.org).await?;
        let entry =
            match operator.store.refund(org, job, self.reason.as_deref(), now_unix_ms).await? {
                Refund::Due(entry) => entry,
                Refund::Before(entry) => {
                    return Err(Failure::RefundedBefore {
                        job,
                        amount: entry.amount,
                        posted: entry.posted_at(),
                    });
                }
                Refund::NotCharged(status) => return Err(Failure::NotCharged(job, status)),
                Refund::NoSuchJob => return Err(Failure::NoSuchJob(job)),
            };
        let again = again(job, org, self.reason.as_deref());
        Posting { entry, confirmation: &self.confirmation, done: "refunded", again }
            .run(operator)
            .await
    }
}

/// The command line of the refund, for a shell. The reason has no single quote in it.
fn again(job: JobId, org: OrgId, reason: Option<&str>) -> String {
    let reason = reason.map(|reason| format!(" --reason '{reason}'")).unwrap_or_default();
    format!("balance refund --job {job} --org {org}{reason}")
}

fn amount(text: &str) -> Result<Money, String> {
    match text.parse::<Money>() {
        Ok(amount) if amount > Money::ZERO => Ok(amount),
        Ok(_) => Err("an amount is above 0".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn correction(text: &str) -> Result<Money, String> {
    match text.parse::<Money>() {
        Ok(amount) if amount != Money::ZERO => Ok(amount),
        Ok(_) => Err("an adjustment of 0 changes nothing".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads a reason: one line that can stand between quotes on a command line.
pub fn reason(text: &str) -> Result<String, String> {
    let fits = (1..=LONGEST_REASON).contains(&text.chars().count());
    if fits && text.trim() == text && !text.chars().any(|found| found.is_control() || found == '\'')
    {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "a reason has 1 to {LONGEST_REASON} characters, without control or invisible characters, single quotes, or \
             blanks around it"
        ))
    }
}

/// Reads a reference strictly. An additional space, or a letter that only looks the same, would
/// credit one payment twice.
fn reference(text: &str) -> Result<String, String> {
    if (1..=LONGEST_REFERENCE).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\'')
    {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "a reference has 1 to {LONGEST_REFERENCE} printable ASCII characters, without spaces and quotes"
        ))
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
    fn a_correction_is_exact_and_not_0() {
        assert_eq!(correction("-0.000001"), Ok(Money::from_micros(-1)));
        for text in ["0", "-0.00", "+1", "1,50"] {
            assert!(correction(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_reason_is_a_line() {
        assert_eq!(reason("cobro duplicado, señal 7"), Ok("cobro duplicado, señal 7".to_owned()));
        for text in ["", " ", "a ", "a\nb", "it's", &"a".repeat(201)] {
            assert!(reason(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_refund_that_is_run_again_has_its_reason_still() {
        let (job, org) =
            ("01a202fb-0000-7000-8000-000000000001", "e8c96506-72a1-429f-a7ed-4bb0a42541be");
        let line = format!("balance refund --job {job} --org {org}");
        let again = |reason| again(job.parse().unwrap(), org.parse().unwrap(), reason);
        assert_eq!(again(None), line);
        assert_eq!(again(Some("salió $borroso")), format!("{line} --reason 'salió $borroso'"));
    }

    #[test]
    fn a_reference_has_one_spelling() {
        assert_eq!(reference("pi_3N#a-1/b"), Ok("pi_3N#a-1/b".to_owned()));
        for text in ["", "payment 123", "payment-123 ", "paymеnt", "it's", "a\n", &"a".repeat(201)]
        {
            assert!(reference(text).is_err(), "{text:?}");
        }
    }
}
