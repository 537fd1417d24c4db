//! A job's receipt: what it is expected to cost, what it did cost, and how that came about.

use super::schema::{Factor, Mxn, mxn};
use crate::id::TransactionId;
use crate::job::Job;
use crate::money::Money;
use crate::status::Status;
use crate::store::Entry;
use serde::Serialize;
use utoipa::ToSchema;

/// What became of a job's cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BillingStatus {
    /// The job is open: its cost is set aside, and not charged yet.
    Held,
    /// The job is completed: its cost was taken from the balance.
    Charged,
    /// The job failed: what was set aside is free again, and nothing was charged.
    Released,
    /// A sandbox's job costs nothing.
    Free,
    /// A dry run: this is what a job would cost.
    Estimated,
}

/// Amounts in MXN, as decimal text: at least two places, at most six.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Billing {
    /// What became of the cost.
    pub status: BillingStatus,
    #[schema(schema_with = mxn)]
    pub currency: &'static str,
    /// `seconds` × `usd_per_second` × `markup` × `fx_mxn_per_usd`, rounded half up to a millionth.
    /// A sandbox's job shows what a live one would cost.
    #[schema(value_type = Mxn)]
    pub estimate: String,
    /// What was charged; null as long as that is open.
    #[schema(value_type = Option<Mxn>, required)]
    pub amount: Option<String>,
    /// The model's price for a second, as it was when the job was accepted.
    #[schema(value_type = Factor)]
    pub usd_per_second: String,
    /// The name of the row of the model's `prices` that applied; null on jobs that are older than
    /// rows.
    #[schema(required)]
    pub price_row: Option<String>,
    /// Seconds that are billed.
    #[schema(minimum = 1)]
    pub seconds: u32,
    /// The factor on the model's price: 1.05 adds five per cent.
    #[schema(value_type = Factor)]
    pub markup: String,
    /// Pesos for a US dollar, as they were when the job was accepted.
    #[schema(value_type = Factor)]
    pub fx_mxn_per_usd: String,
    /// The charge in `GET /v1/credits/transactions`, once there is one.
    #[schema(required, pattern = "^txn_[0-9a-f]{32}$")]
    pub transaction: Option<String>,
}

impl Billing {
    /// The receipt of a job as it stands.
    pub fn of(job: &Job) -> Self {
        let (status, amount) = match job.status() {
            _ if job.cost() == Money::ZERO => (BillingStatus::Free, Some(Money::ZERO)),
            Status::Pending | Status::Processing => (BillingStatus::Held, None),
            Status::Completed => (BillingStatus::Charged, Some(job.cost())),
            Status::Failed => (BillingStatus::Released, Some(Money::ZERO)),
        };
        let charged = matches!(status, BillingStatus::Charged);
        let amount = amount.map(|amount| amount.to_string());
        Self {
            amount,
            transaction: charged.then(|| transaction(job)),
            ..Self::estimate(job, status)
        }
    }

    /// What a job would cost that is not accepted.
    pub fn of_a_dry_run(job: &Job) -> Self {
        Self::estimate(job, BillingStatus::Estimated)
    }

    fn estimate(job: &Job, status: BillingStatus) -> Self {
        Self {
            status,
            currency: "MXN",
            estimate: job.terms().estimate().to_string(),
            amount: None,
            usd_per_second: job.terms().price().usd_per_second.to_string(),
            price_row: job.terms().price_row().map(str::to_owned),
            seconds: job.terms().seconds(),
            markup: job.terms().price().markup.to_string(),
            fx_mxn_per_usd: job.terms().price().fx_mxn_per_usd.to_string(),
            transaction: None,
        }
    }
}

/// The id of the job's consumption in the ledger.
fn transaction(job: &Job) -> String {
    TransactionId::of(job.org(), &Entry::charge_of(job.id())).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{changed, in_state, kling, with};

    #[test]
    fn a_receipt_says_what_became_of_the_cost() {
        for (state, status, amount) in [
            ("pending", BillingStatus::Held, None),
            ("rendering", BillingStatus::Held, None),
            ("completed", BillingStatus::Charged, Some("4.20")),
            ("failed", BillingStatus::Released, Some("0.00")),
        ] {
            let receipt = Billing::of(&in_state(state));
            assert_eq!((receipt.status, receipt.amount.as_deref()), (status, amount), "{state}");
            assert_eq!(
                (receipt.estimate.as_str(), receipt.transaction.is_some()),
                ("4.20", state == "completed")
            );
            let free = Billing::of(&with(in_state(state), |job| {
                job.terms = changed(&job.terms, &serde_json::json!({"cost": 0}));
            }));
            assert_eq!(
                (free.status, free.amount.as_deref(), free.transaction),
                (BillingStatus::Free, Some("0.00"), None)
            );
            assert_eq!(free.estimate, "4.20", "as a live one would cost");
        }
        assert_eq!(Billing::of_a_dry_run(&kling()).amount, None);
    }
}
