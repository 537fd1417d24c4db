//! An organization's money as `GET /v1/credits` shows it.

use super::schema::{Mxn, credits, mxn};
use crate::account::Account;
use crate::http::openapi::{Operation, Told, balance, of, ok, shapes};
use crate::money::{Money, MoneyOverflow};
use serde::Serialize;
use utoipa::ToSchema;

/// Below this much available a caller is told to recharge: MXN 20 are four Kling videos of 5 s and
/// not one of Luma.
const LOW: Money = Money::from_micros(20_000_000);

/// The account, in amounts of decimal text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Credits {
    #[schema(schema_with = credits)]
    pub object: &'static str,
    /// The sum of all transactions; below 0 when the last job cost more than was left.
    #[schema(value_type = Mxn)]
    pub balance: String,
    /// What the jobs in progress will cost.
    #[schema(value_type = Mxn)]
    pub held: String,
    /// What can be spent: `balance − held + credit_limit`. Jobs are accepted while it is above 0.
    #[schema(value_type = Mxn)]
    pub available: String,
    /// How far below 0 the balance may go before jobs are refused.
    #[schema(value_type = Mxn)]
    pub credit_limit: String,
    #[schema(schema_with = mxn)]
    pub currency: &'static str,
    /// Whether less than 20.00 is available.
    pub low: bool,
}

impl Credits {
    /// What an account's organization is shown.
    pub fn of(account: &Account) -> Result<Self, MoneyOverflow> {
        let available = account.available()?;
        Ok(Self {
            object: "credits",
            balance: account.balance.to_string(),
            held: account.held.to_string(),
            available: available.to_string(),
            credit_limit: account.credit_limit.to_string(),
            currency: "MXN",
            low: available < LOW,
        })
    }
}

/// `GET /v1/credits` in the OpenAPI document.
pub(super) fn get() -> Operation {
    let told = Told {
        id: "getCredits",
        tag: "credits",
        summary: "Shows the balance",
        description: "What is there, what is held for jobs in progress, and what can be spent.",
        parameters: Vec::new(),
        shapes: shapes::<Credits>(),
        answer: ok("The organization's credits.", of::<Credits>())
            .header("x-geekhub-balance-mxn", balance())
            .build(),
    };
    told.guarded(&[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::OrgId;
    use uuid::Uuid;

    fn shown(balance: &str, held: &str, credit_limit: &str) -> Credits {
        let mxn = |text: &str| text.parse().unwrap();
        let account = Account::new(OrgId::from_uuid(Uuid::nil()));
        let (balance, held, credit_limit) = (mxn(balance), mxn(held), mxn(credit_limit));
        Credits::of(&Account { balance, held, credit_limit, ..account }).unwrap()
    }

    #[test]
    fn the_amounts_are_text_in_the_documented_order() {
        assert_eq!(
            serde_json::to_string(&shown("50", "4.20", "0")).unwrap(),
            r#"{"object":"credits","balance":"50.00","held":"4.20","available":"45.80","credit_limit":"0.00","currency":"MXN","low":false}"#
        );
    }

    #[test]
    fn low_is_what_is_available_below_20_and_not_the_balance() {
        for (balance, held, credit_limit, available, low) in [
            ("20", "0", "0", "20.00", false),
            ("19.999999", "0", "0", "19.999999", true),
            ("50", "42", "0", "8.00", true),
            ("-4.20", "0", "100", "95.80", false),
            ("-4.20", "0", "0", "-4.20", true),
        ] {
            let shown = shown(balance, held, credit_limit);
            assert_eq!(
                (shown.available.as_str(), shown.low),
                (available, low),
                "{balance} {held} {credit_limit}"
            );
        }
    }
}
