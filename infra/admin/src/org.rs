//! `cargo admin org …`: the tenants.

use crate::confirm::Confirmation;
use crate::environment::Operator;
use crate::failure::Failure;
use crate::output::{Answer, Listing, Report, mxn};
use clap::Subcommand;
use ghub::account::Account;
use ghub::id::OrgId;
use ghub::money::{Money, MoneyOverflow};
use ghub::onboarding::{SIGNUP_BONUS, SignUp, create_organization};
use ghub::store::Setting;
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an organization, with the sign-up bonus of MXN 50 on its account
    Create {
        /// Its id; without one a new one is drawn. A repeat with the same id changes nothing
        #[arg(long, value_name = "UUID", value_parser = live)]
        id: Option<OrgId>,
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

pub async fn run(command: Command, operator: &Operator) -> Result<Answer, Failure> {
    Ok(match command {
        Command::Create { id } => create(id.unwrap_or_else(|| operator.ambient.org_id()), operator).await?.into(),
        Command::List => list(operator).await?.into(),
        Command::Show { org } => shown(&operator.account(org).await?, "")?.into(),
        Command::Suspend { org, confirmation } => {
            let ask =
                |_: &Account| format!("Organization {org} at {} is refused everything from now on.", operator.place);
            set(org, Setting::Suspended(true), Some((&confirmation, &ask)), operator).await?.into()
        }
        Command::Resume { org } => set(org, Setting::Suspended(false), None, operator).await?.into(),
        Command::Limit { org, jobs } => set(org, Setting::OpenJobsLimit(jobs), None, operator).await?.into(),
        Command::DailyLimit { org, jobs } => set(org, Setting::JobsPerDay(jobs), None, operator).await?.into(),
        Command::CreditLimit { org, amount, confirmation } => {
            let ask = |account: &Account| {
                let (was, place) = (account.credit_limit, &operator.place);
                format!("Organization {org} at {place} may owe MXN {amount}; so far it may owe MXN {was}.")
            };
            set(org, Setting::CreditLimit(amount), Some((&confirmation, &ask)), operator).await?.into()
        }
    })
}

async fn create(org: OrgId, operator: &Operator) -> Result<Report, Failure> {
    let unfinished = |source| Failure::Unfinished { again: format!("org create --id {org}"), source };
    let (created, bonus, note) = match create_organization(&operator.store, &operator.ambient, org).await {
        Ok(SignUp::Done) => (true, SIGNUP_BONUS, "It is new. `cargo admin key create` makes its first key."),
        Ok(SignUp::Before { bonus }) => (false, bonus, "It was there before; nothing was changed."),
        Err(error) => return Err(unfinished(error)),
    };
    Ok(Report {
        json: json!({"org": org, "created": created, "bonus_mxn": bonus.to_string()}),
        table: vec![("organization", org.to_string()), ("sign-up bonus", mxn(bonus))],
        note: note.to_owned(),
    })
}

async fn list(operator: &Operator) -> Result<Listing, Failure> {
    let accounts = operator.store.accounts().await?;
    let row = |account: &Account| {
        let Account { org, balance, held, credit_limit, open_jobs, open_jobs_limit, suspended, .. } = account;
        let suspended = if *suspended { "suspended" } else { "" };
        let open = format!("{open_jobs} of {open_jobs_limit}");
        Ok(vec![
            org.to_string(),
            balance.to_string(),
            held.to_string(),
            credit_limit.to_string(),
            account.available()?.to_string(),
            open,
            suspended.to_owned(),
        ])
    };
    let rows = accounts.iter().map(row).collect::<Result<_, MoneyOverflow>>()?;
    let json = accounts.iter().map(object).collect::<Result<Vec<_>, _>>()?;
    Ok(Listing {
        note: if accounts.is_empty() { "There is no organization." } else { "Amounts are in MXN." }.to_owned(),
        json: json!({"organizations": json}),
        head: &["ORGANIZATION", "BALANCE", "HELD", "CREDIT LIMIT", "AVAILABLE", "OPEN JOBS", ""],
        rows,
    })
}

/// One account, as `org show`, `balance show` and every setting print it.
pub fn shown(account: &Account, note: &str) -> Result<Report, MoneyOverflow> {
    Ok(Report {
        json: object(account)?,
        table: vec![
            ("organization", account.org.to_string()),
            ("balance", mxn(account.balance)),
            ("held for open jobs", mxn(account.held)),
            ("credit limit", mxn(account.credit_limit)),
            ("available", mxn(account.available()?)),
            ("open jobs", format!("{} of {}", account.open_jobs, account.open_jobs_limit)),
            ("jobs of the last day", jobs_of_the_day(account)),
            ("suspended", if account.suspended { "yes" } else { "no" }.to_owned()),
        ],
        note: note.to_owned(),
    })
}

/// How many jobs a sandbox has submitted on the last day that had any.
fn jobs_of_the_day(account: &Account) -> String {
    let jobs = account.daily.map_or(0, |daily| daily.jobs);
    account.daily_limit().map_or_else(|| "no limit".to_owned(), |limit| format!("{jobs} of {limit}"))
}

fn object(account: &Account) -> Result<Value, MoneyOverflow> {
    Ok(json!({
        "org": account.org,
        "balance_mxn": account.balance.to_string(),
        "held_mxn": account.held.to_string(),
        "credit_limit_mxn": account.credit_limit.to_string(),
        "available_mxn": account.available()?.to_string(),
        "open_jobs": account.open_jobs,
        "open_jobs_limit": account.open_jobs_limit,
        "jobs_per_day": account.daily_limit(),
        "jobs_of_the_last_day": account.daily.map(|daily| daily.jobs),
        "suspended": account.suspended,
    }))
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
    let (_, after) = operator.store.set(org, setting).await?.ok_or(Failure::NoSuchOrganization(org))?;
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
async fn also_for_its_sandbox(org: OrgId, setting: Setting, operator: &Operator) -> Result<(), Failure> {
    if let Setting::Suspended(_) = setting {
        operator.store.set(org.sandbox(), setting).await?;
    }
    Ok(())
}

/// A sandbox: only its jobs of a day are counted, for a live job is paid for.
fn sandbox(text: &str) -> Result<OrgId, String> {
    match text.parse::<OrgId>() {
        Ok(org) if org.is_sandbox() => Ok(org),
        Ok(org) => Err(format!("live jobs have no daily limit; the sandbox of this organization is {}", org.sandbox())),
        Err(error) => Err(error.to_string()),
    }
}

/// An organization itself: a sandbox has no money, and is suspended and served again with its organization.
pub fn live(text: &str) -> Result<OrgId, String> {
    match text.parse::<OrgId>() {
        Ok(org) if org.is_sandbox() => Err(format!("this is a sandbox; its organization is {}", org.live())),
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
