//! `cargo admin org …`: the tenants.

pub mod show;

use crate::confirm::Confirmation;
use crate::environment::Operator;
use crate::failure::Failure;
use crate::org::show::{object, shown};
use crate::output::{Answer, Listing, Report, mxn};
use clap::{Args, Subcommand};
use ghub::account::{About, Account};
use ghub::foreign_text::printable;
use ghub::id::OrgId;
use ghub::money::{Money, MoneyOverflow};
use ghub::onboarding::{SIGNUP_BONUS, SignUp, create_organization};
use ghub::store::{Description, Setting};
use serde_json::json;
use std::collections::BTreeMap;

/// An organization's name fits in a column of a table.
const LONGEST_NAME: usize = 64;
/// An e-mail address has at most 254 characters; a contact is little more than that.
const LONGEST_CONTACT: usize = 254;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an organization, with the sign-up bonus of MXN 50 on its account
    Create {
        /// Its id; without one a new one is drawn. A repeat with the same id changes nothing
        #[arg(long, value_name = "UUID", value_parser = live)]
        id: Option<OrgId>,
        #[command(flatten)]
        description: Described,
    },
    /// Write down an organization's name and whom to write to
    Set {
        /// The organization
        #[arg(long, value_name = "UUID", value_parser = live)]
        org: OrgId,
        #[command(flatten)]
        description: Described,
    },
    /// Show all organizations and what they have
    List,
    /// Show one organization
    Show {
        /// The organization
        #[arg(long, value_name = "UUID")]
        org: OrgId,
    },
    /// Refuse an organization everything; its open jobs go on, and are charged
    Suspend {
        /// The organization
        #[arg(long, value_name = "UUID", value_parser = live)]
        org: OrgId,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Serve an organization again
    Resume {
        /// The organization
        #[arg(long, value_name = "UUID", value_parser = live)]
        org: OrgId,
    },
    /// Set how many jobs an organization may have open at once; those that are open stay
    Limit {
        /// The organization
        #[arg(long, value_name = "UUID")]
        org: OrgId,
        /// At least 1: to have none served, suspend it
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        jobs: u32,
    },
    /// Set how many jobs an organization's sandbox may submit in a day (UTC); 500 unless it is set
    DailyLimit {
        /// The sandbox: the organization's id and #test, as `org list` shows it
        #[arg(long, value_name = "UUID#test", value_parser = sandbox)]
        org: OrgId,
        /// 0 closes the sandbox
        #[arg(long, value_name = "N")]
        jobs: u32,
    },
    /// Set how far below 0 an organization's balance may go
    CreditLimit {
        /// The organization
        #[arg(long, value_name = "UUID", value_parser = live)]
        org: OrgId,
        /// MXN, 0 or more, at most six places; 0 takes the credit back
        #[arg(long, value_name = "MXN", value_parser = limit, allow_negative_numbers = true)]
        amount: Money,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

/// What is written down of an organization.
#[derive(Debug, Args)]
pub struct Described {
    /// What you call it; an empty text takes the name away
    #[arg(long, value_parser = name)]
    name: Option<String>,
    /// Whom to write to, such as an e-mail address; an empty text takes it away
    #[arg(long, value_parser = contact)]
    contact: Option<String>,
}

impl Described {
    fn is_empty(&self) -> bool {
        self.name.is_none() && self.contact.is_none()
    }

    fn description(&self) -> Description {
        Description { name: self.name.clone(), contact: self.contact.clone() }
    }
}

pub async fn run(command: Command, operator: &Operator) -> Result<Answer, Failure> {
    Ok(match command {
        Command::Create { id, description } => {
            create(id.unwrap_or_else(|| operator.ambient.org_id()), &description, operator)
                .await?
                .into()
        }
        Command::Set { org, description } => describe(org, &description, operator).await?.into(),
        Command::List => list(operator).await?.into(),
        Command::Show { org } => shown(&operator.account(org).await?, "")?.into(),
        Command::Suspend { org, confirmation } => {
            let ask = |_: &Account| {
                format!(
                    "Organization {org} at {} is refused everything from now on.",
                    operator.place
                )
            };
            set(org, Setting::Suspended(true), Some((&confirmation, &ask)), operator).await?.into()
        }
        Command::Resume { org } => {
            set(org, Setting::Suspended(false), None, operator).await?.into()
        }
        Command::Limit { org, jobs } => {
            set(org, Setting::OpenJobsLimit(jobs), None, operator).await?.into()
        }
        Command::DailyLimit { org, jobs } => {
            set(org, Setting::JobsPerDay(jobs), None, operator).await?.into()
        }
        Command::CreditLimit { org, amount, confirmation } => {
            let ask = |account: &Account| {
                let (was, place) = (account.credit_limit, &operator.place);
                format!(
                    "Organization {org} at {place} may owe MXN {amount}; so far it may owe MXN {was}."
                )
            };
            set(org, Setting::CreditLimit(amount), Some((&confirmation, &ask)), operator)
                .await?
                .into()
        }
    })
}

async fn create(org: OrgId, described: &Described, operator: &Operator) -> Result<Report, Failure> {
    let unfinished =
        |source| Failure::Unfinished { again: format!("org create --id {org}"), source };
    let (created, bonus, note) = match create_organization(&operator.store, &operator.ambient, org)
        .await
    {
        Ok(SignUp::Done) => {
            (true, SIGNUP_BONUS, "It is new. `cargo admin key create` makes its first key.")
        }
        Ok(SignUp::Before { bonus }) => (false, bonus, "It was there before; nothing was changed."),
        Err(error) => return Err(unfinished(error)),
    };
    let mut json = json!({"org": org, "created": created, "bonus_mxn": bonus.to_string()});
    let mut table = vec![("organization", org.to_string())];
    if !described.is_empty() {
        let account =
            operator.store.describe(org, &described.description()).await.map_err(unfinished)?;
        let about = account.ok_or(Failure::NoSuchOrganization(org))?.about;
        (json["name"], json["contact"]) = (json!(about.name), json!(about.contact));
        table.extend(about.name.map(|name| ("name", name)));
        table.extend(about.contact.map(|contact| ("contact", contact)));
    }
    table.push(("sign-up bonus", mxn(bonus)));
    Ok(Report { json, table, note: note.to_owned() })
}

async fn describe(
    org: OrgId,
    described: &Described,
    operator: &Operator,
) -> Result<Report, Failure> {
    if described.is_empty() {
        return Err(Failure::NothingToSet);
    }
    let account = operator.store.describe(org, &described.description()).await?;
    Ok(shown(&account.ok_or(Failure::NoSuchOrganization(org))?, "It is written down.")?)
}

async fn list(operator: &Operator) -> Result<Listing, Failure> {
    let accounts = operator.store.accounts().await?;
    // A sandbox is called what its organization is called.
    let live: BTreeMap<OrgId, &About> =
        accounts.iter().map(|account| (account.org, &account.about)).collect();
    let row = |account: &Account| {
        let Account {
            org, balance, held, credit_limit, open_jobs, open_jobs_limit, suspended, ..
        } = account;
        let about = live.get(&org.live()).copied().unwrap_or(&About::NOTHING);
        let suspended = if *suspended { "suspended" } else { "" };
        let open = format!("{open_jobs} of {open_jobs_limit}");
        Ok(vec![
            org.to_string(),
            about.name.clone().unwrap_or_default(),
            balance.to_string(),
            held.to_string(),
            credit_limit.to_string(),
            account.available()?.to_string(),
            open,
            about.contact.clone().unwrap_or_default(),
            suspended.to_owned(),
        ])
    };
    let rows = accounts.iter().map(row).collect::<Result<_, MoneyOverflow>>()?;
    let json = accounts.iter().map(object).collect::<Result<Vec<_>, _>>()?;
    Ok(Listing {
        note: if accounts.is_empty() { "There is no organization." } else { "Amounts are in MXN." }
            .to_owned(),
        json: json!({"organizations": json}),
        head: &[
            "ORGANIZATION",
            "NAME",
            "BALANCE",
            "HELD",
            "CREDIT LIMIT",
            "AVAILABLE",
            "OPEN JOBS",
            "CONTACT",
            "",
        ],
        rows,
    })
}

/// What is asked before a setting that callers feel.
type Question<'a> = (&'a Confirmation, &'a dyn Fn(&Account) -> String);

async fn set(
    org: OrgId,
    setting: Setting,
    question: Option<Question<'_>>,
    operator: &Operator,
) -> Result<Report, Failure> {
    let account = operator.account(org).await?;
    let wanted = setting.applied(&account);
    wanted.available()?;
    if wanted == account {
        also_for_its_sandbox(org, setting, operator).await?;
        return Ok(shown(&account, "It was so before; nothing was changed.")?);
    }
    if let Some((confirmation, ask)) = question {
        confirmation.obtain(&ask(&account))?;
    }
    let (_, after) =
        operator.store.set(org, setting).await?.ok_or(Failure::NoSuchOrganization(org))?;
    also_for_its_sandbox(org, setting, operator).await?;
    let note = match setting {
        Setting::Suspended(true) => "It is suspended. Its open jobs go on.",
        Setting::Suspended(false) => "It is served again.",
        Setting::OpenJobsLimit(_) | Setting::CreditLimit(_) | Setting::JobsPerDay(_) => {
            "It is set; the next submit is checked against it."
        }
    };
    Ok(shown(&after, note)?)
}

/// A suspended organization's sandbox is suspended too; all else is a sandbox's own.
async fn also_for_its_sandbox(
    org: OrgId,
    setting: Setting,
    operator: &Operator,
) -> Result<(), Failure> {
    if let Setting::Suspended(_) = setting {
        operator.store.set(org.sandbox(), setting).await?;
    }
    Ok(())
}

/// A sandbox: only its jobs of a day are counted, for a live job is paid for.
fn sandbox(text: &str) -> Result<OrgId, String> {
    match text.parse::<OrgId>() {
        Ok(org) if org.is_sandbox() => Ok(org),
        Ok(org) => Err(format!(
            "live jobs have no daily limit; the sandbox of this organization is {}",
            org.sandbox()
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// An organization itself: a sandbox has no money, and is suspended and served again with its
/// organization.
pub fn live(text: &str) -> Result<OrgId, String> {
    match text.parse::<OrgId>() {
        Ok(org) if org.is_sandbox() => {
            Err(format!("this is a sandbox; its organization is {}", org.live()))
        }
        Ok(org) => Ok(org),
        Err(error) => Err(error.to_string()),
    }
}

fn limit(text: &str) -> Result<Money, String> {
    match text.parse::<Money>() {
        Ok(amount) if amount >= Money::ZERO => Ok(amount),
        Ok(_) => Err("a credit limit is 0 or more: how far below 0 the balance may go".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn name(text: &str) -> Result<String, String> {
    line(text, "a name", LONGEST_NAME)
}

fn contact(text: &str) -> Result<String, String> {
    line(text, "a contact", LONGEST_CONTACT)
}

/// One line that is shown as it is written; an empty one takes away what stands there.
fn line(text: &str, what: &str, longest: usize) -> Result<String, String> {
    if text.chars().count() <= longest && text.trim() == text && printable(text) == text {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{what} has at most {longest} characters, without control or invisible characters and without blanks around \
             it"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_contact_are_lines_that_can_be_seen() {
        for text in ["Cine Ñandú S.A. de C.V.", ""] {
            assert_eq!((name(text), contact(text)), (Ok(text.to_owned()), Ok(text.to_owned())));
        }
        for text in [" a", "a\n", "a\tb", "\u{1b}[31ma", "a\u{202e}b", &"a".repeat(255)] {
            assert!(name(text).is_err() && contact(text).is_err(), "{text:?}");
        }
    }
}
