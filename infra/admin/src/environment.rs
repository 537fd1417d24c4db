//! The deployment that a command operates on. Its variables are those that the functions have, from
//! the environment or from a file.

use crate::failure::Failure;
use ghub::account::Account;
use ghub::actor::Actor;
use ghub::ambient::Ambient;
use ghub::aws::sdk_config;
use ghub::config::{Env, variables};
use ghub::id::{JobId, OrgId};
use ghub::job::Job;
use ghub::metrics::Metrics;
use ghub::outbound::Outbound;
use ghub::store::{Store, Table};
use ghub::world::World;
use std::fmt;
use std::path::Path;

pub const HELP: &str = "\
Configuration, from the environment or from --env-file; the file's value wins over the environment's:
  TABLE_ACCOUNTS, TABLE_LEDGER, TABLE_KEYS, TABLE_JOBS
                                             the tables, for organizations, keys, money and jobs
  POLL_QUEUE_URL, STORE_QUEUE_URL, STORE_AGAIN_QUEUE_URL
                                             the queues, for `dlq`, `job recheck` and `job fail`; `job fail` also needs the variables of poll-jobs
  SUPABASE_URL, SUPABASE_BUCKET, and SUPABASE_SECRET_KEY or SUPABASE_SECRET_KEY_SECRET
                                             the bucket, for `storage`
  every variable of the functions            for `doctor`: the stack's output Environment, as a file
  AWS_REGION                                 the stack's region
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
                                             credentials; eval \"$(aws configure export-credentials --format env)\" sets them
  AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL_SQS, AWS_ENDPOINT_URL_SECRETS_MANAGER
                                             only for services that are not AWS's, such as the local system's

The local system writes such a file:  cargo admin --env-file .local/env org create

Exit codes:
  0  done
  1  refused or failed; `doctor`: a check failed; `audit`: an account differs, or could not be judged
  2  the command line is wrong";

/// The variables of a deployment, and the connection to it.
#[derive(Debug)]
pub struct Deployment {
    pub world: World,
    variables: Variables,
}

/// The variables by name. They have no `Debug` output, because their values contain secrets.
struct Variables(Vec<(String, String)>);

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Deployment {
    /// Reads the configuration. This sends no request yet.
    pub fn read(env_file: Option<&Path>) -> Result<Self, Failure> {
        let from_file = env_file.map_or(Ok(Vec::new()), ghub::env_file::read)?;
        let process = Env::process();
        let from_process = variables()
            .filter_map(|name| Some((name.to_owned(), process.optional(name)?.to_owned())));
        let variables = Variables(from_process.chain(from_file).collect());
        let env = variables.0.iter().cloned().collect();
        // What a function counts goes to its log. Here, standard output is for the answer.
        let metrics = Metrics::to(|_| {});
        let (ambient, outbound) = (Ambient::system(), Outbound::network());
        Ok(Self { world: World { env, ambient, outbound, metrics }, variables })
    }

    /// The same deployment, with some variables set to other values or removed.
    pub fn with(&self, changes: &[(&str, Option<&str>)]) -> World {
        let kept = self
            .variables
            .0
            .iter()
            .filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        let set = changes
            .iter()
            .filter_map(|(name, value)| Some(((*name).to_owned(), (*value)?.to_owned())));
        World { env: kept.cloned().chain(set).collect(), ..self.world.clone() }
    }
}

/// What every command about organizations needs.
#[derive(Debug)]
pub struct Operator {
    pub world: World,
    pub store: Store,
    pub ambient: Ambient,
    pub actor: Actor,
    /// The tables in words. Every question about money says it, so that the operator does not take
    /// the real tables for the local ones.
    pub place: String,
}

impl Operator {
    /// Opens the tables of the deployment, where this name is stored beside every change. This
    /// sends no request yet.
    pub fn new(Deployment { world, .. }: &Deployment, actor: &Actor) -> Result<Self, Failure> {
        let tables = [Table::Accounts, Table::Ledger, Table::Keys, Table::Jobs];
        let store = Store::new(world, &sdk_config(world)?, &tables)?.acting_as(actor);
        let place = world
            .env
            .aws_endpoint("DYNAMODB")
            .map_or_else(|| world.env.required("AWS_REGION"), Ok)?
            .to_owned();
        let (world, ambient) = (world.clone(), world.ambient.clone());
        Ok(Self { world, store, ambient, actor: actor.clone(), place })
    }

    /// The account of an organization. It is an error if there is none.
    pub async fn account(&self, org: OrgId) -> Result<Account, Failure> {
        self.store.account(org).await?.ok_or(Failure::NoSuchOrganization(org))
    }

    /// The organization of a job: the one that was given, or the one found by searching all jobs.
    pub async fn owner(&self, job: JobId, org: Option<OrgId>) -> Result<OrgId, Failure> {
        match org {
            Some(org) => Ok(org),
            None => self.store.owner(job).await?.ok_or(Failure::NoSuchJob(job)),
        }
    }

    /// Reads a job. It is an error if there is none.
    pub async fn job(&self, job: JobId, org: Option<OrgId>) -> Result<Job, Failure> {
        let org = self.owner(job, org).await?;
        self.store.job(org, job).await?.ok_or(Failure::NoSuchJob(job))
    }
}
