//! `cargo admin org …`: creates, describes, lists, limits and suspends the tenants.

pub mod arguments;
pub mod show;

use crate::confirm::Confirmation;
use crate::environment::Operator;
use crate::failure::Failure;
use crate::org::arguments::{Described, limit, live, sandbox};
use crate::org::show::{object, shown};
use crate::output::{Answer, Listing, Report, mxn};
use clap::Subcommand;
use ghub::account::{About, Account};
use ghub::id::OrgId;
use ghub::money::{Money, MoneyOverflow};
use ghub::onboarding::{SIGNUP_BONUS, SignUp, create_organization};
use ghub::store::Setting;
use serde_json::json;
use std::collections::BTreeMap;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create an organization, with the sign-up bonus of MXN 50 on its account
    Create {
        /// The id of the organization. Without it, a new id is drawn. A repeat with the same id
        /// changes nothing
        #[arg(long, value_name = "UUID", value_parser = live)]
        id: Option<OrgId>,
        #[command(flatten)]
        description: Described,
    },
    /// Record the name of an organization and whom to write to
    Set {
        /// The id of the organization
        #[arg(long, value_name = "UUID", value_parser = live)]
        org: OrgId,
        #[command(flatten)]
        description: Described,
    },
    /// Show all organizations and what they have
    List,
    /// Show the account of an organization
    Show {
        /// The id of the organization
        #[arg(long, value_name = "UUID")]
        org: OrgId,
    },
    /// Refuse an organization everything; its open jobs go on, and are charged
    Suspend {
        /// The id of the organization
        #[arg(long, value_name = "UUID", value_parser = live)]
        org: OrgId,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Serve an organization again
    Resume {
        /// The id of the organization
        #[arg(long, value_name = "UUID", value_parser = live)]
        org: OrgId,
    },
    /// Set how many jobs an organization may have open at once; jobs that are open already stay
    Limit {
        /// The id of the organization
        #[arg(long, value_name = "UUID")]
        org: OrgId,
        /// At least 1; to refuse all jobs, suspend the organization
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        jobs: u32,
    },
    /// Set how many jobs an organization's sandbox may submit in a day (UTC); 500 unless it is set
    DailyLimit {
        /// The sandbox: the organization's id and #test, as `org list` shows it
        #[arg(long, value_name = "UUID#test", value_parser = sandbox)]
        org: OrgId,
        /// How many jobs; 0 closes the sandbox
        #[arg(long, value_name = "N")]
        jobs: u32,
    },
    /// Set how far below 0 an organization's balance may go
    CreditLimit {
        /// The id of the organization
        #[arg(long, value_name = "UUID", value_parser = live)]
        org: OrgId,
        /// MXN, 0 or more, at most six places; 0 takes the credit back
        #[arg(long, value_name = "MXN", value_parser = limit, allow_negative_numbers = true)]
        amount: Money,
        #[command(flatten)]
        confirmation: Confirmation,
    },
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
    // A sandbox has the name of its organization.
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

/// The question before a setting that callers notice.
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

/// A sandbox is suspended and resumed with its organization. All other settings are its own.
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
