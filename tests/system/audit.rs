//! The invariants of the money and the jobs, read off the tables themselves.

use crate::stage::Stage;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use ghub::aws::sdk_config;
use ghub::id::OrgId;
use ghub::job::Job;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What the tables say of one organization.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sums {
    balance: i64,
    entries: i64,
    held: i64,
    open_jobs: i64,
}

impl Stage {
    /// `balance = Σ ledger`, `held = Σ cost of open jobs`, `open_jobs =` their number; a completed
    /// job has exactly one consumption, of its cost, and no other job has any. The ledger's entries
    /// are numbered from 1 on, and each carries the sum up to it.
    pub(crate) async fn audit(&self) {
        let (accounts, mut jobs, ledger) = (
            self.items("TABLE_ACCOUNTS").await,
            self.items("TABLE_JOBS").await,
            self.items("TABLE_LEDGER").await,
        );
        jobs.retain(|item| !item.contains_key("void")); // a void item is no job

        let mut expected: BTreeMap<String, Sums> = BTreeMap::new();
        let mut in_order: Vec<_> = ledger.iter().collect();
        in_order.sort_by_key(|entry| number(entry, "sequence"));
        for entry in in_order {
            let sums = expected.entry(text(entry, "org")).or_default();
            sums.balance += number(entry, "amount");
            sums.entries += 1;
            let place = (number(entry, "sequence"), number(entry, "balance_after"));
            assert_eq!(place, (sums.entries, sums.balance), "the place of {entry:?}");
        }
        for job in jobs
            .iter()
            .filter(|job| matches!(job["status"].as_str(), Some("pending" | "processing")))
        {
            let sums = expected.entry(text(job, "org")).or_default();
            sums.held += number(job, "cost");
            sums.open_jobs += 1;
        }
        for account in &accounts {
            let found = Sums {
                balance: number(account, "balance"),
                entries: number(account, "entries"),
                held: number(account, "held"),
                open_jobs: number(account, "open_jobs"),
            };
            let org = text(account, "org");
            assert_eq!(
                found,
                expected.remove(&org).unwrap_or_default(),
                "the account of {org} against its ledger and jobs"
            );
            let available = found.balance - found.held + number(account, "credit_limit");
            assert_eq!(number(account, "available"), available, "available of {org}");
        }
        assert!(expected.is_empty(), "money or jobs without an account: {expected:?}");

        for job in &jobs {
            let id = text(job, "job");
            let charges: Vec<i64> = ledger
                .iter()
                .filter(|entry| {
                    entry["kind"] == "consumption" && entry.get("job") == job.get("job")
                })
                .map(|entry| number(entry, "amount"))
                .collect();
            // a sandbox's costs nothing
            let is_charged = job["status"] == "completed" && number(job, "cost") != 0;
            let wanted = if is_charged { vec![-number(job, "cost")] } else { Vec::new() };
            assert_eq!(charges, wanted, "the charges of job {id}, {}", job["status"]);
            assert_eq!(
                job.contains_key("open"),
                matches!(job["status"].as_str(), Some("pending" | "processing")),
                "{id} in the index"
            );
        }
    }

    /// The ledger's entries of this kind.
    pub(crate) async fn entries(&self, kind: &str) -> usize {
        self.items("TABLE_LEDGER")
            .await
            .iter()
            .filter(|entry| entry.get("kind").is_some_and(|found| found == kind))
            .count()
    }

    /// How many jobs are stored.
    pub(crate) async fn jobs_stored(&self) -> usize {
        self.items("TABLE_JOBS").await.len()
    }

    /// All jobs of an organization.
    pub(crate) async fn jobs_of(&self, org: OrgId) -> Vec<Job> {
        let ids = self
            .items("TABLE_JOBS")
            .await
            .into_iter()
            .filter(|job| text(job, "org") == org.to_string());
        join_all(ids.map(|job| async move { self.read_job(org, &text(&job, "job")).await })).await
    }

    async fn items(&self, table: &str) -> Vec<Map<String, Value>> {
        let world = self.system.world();
        let config = aws_sdk_dynamodb::config::Builder::from(&sdk_config(&world).unwrap())
            .endpoint_url(&self.system.dynamodb);
        let pages = Client::from_conf(config.build())
            .scan()
            .table_name(&self.system.variables[table])
            .into_paginator()
            .items()
            .send();
        let items: Vec<_> = pages.collect::<Result<_, _>>().await.unwrap();
        items
            .into_iter()
            .map(|item| item.into_iter().map(|(name, value)| (name, plain(&value))).collect())
            .collect()
    }
}

fn plain(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => text.clone().into(),
        AttributeValue::N(number) => number.parse::<i64>().expect("whole numbers only").into(),
        AttributeValue::Bool(flag) => (*flag).into(),
        AttributeValue::M(map) => map
            .iter()
            .map(|(name, value)| (name.clone(), plain(value)))
            .collect::<Map<_, _>>()
            .into(),
        _ => Value::Null,
    }
}

fn number(item: &Map<String, Value>, name: &str) -> i64 {
    item[name].as_i64().unwrap_or_else(|| panic!("{name} is a number: {item:?}"))
}

fn text(item: &Map<String, Value>, name: &str) -> String {
    item[name].as_str().unwrap_or_else(|| panic!("{name} is a text: {item:?}")).to_owned()
}
