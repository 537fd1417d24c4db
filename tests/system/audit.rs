//! What the tables hold, past the API: whether it agrees, and how much of it there is.

use crate::stage::Stage;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use ghub::aws::sdk_config;
use ghub::id::OrgId;
use ghub::job::Job;
use ghub::store::Audited;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

impl Stage {
    /// Has our own audit compare every account with its ledger and jobs, and expects no difference.
    /// Nothing belongs to an organization without an account.
    ///
    /// The audit's own tests change one number at a time. The fault harness computes the same sums
    /// with other code, after each write (`tests/chaos/src/invariants.rs`).
    pub(crate) async fn audit(&self) {
        let mut orgs = BTreeSet::new();
        let audit = self.store.audit_all(|org, audited| {
            assert_eq!(audited.unwrap(), Audited::Agrees, "the account of {org}");
            orgs.insert(org.to_string());
        });
        audit.await.unwrap();
        for table in ["TABLE_JOBS", "TABLE_LEDGER"] {
            for item in self.items(table).await {
                let is_job_or_entry = !item.contains_key("void");
                assert!(!is_job_or_entry || orgs.contains(&text(&item, "org")), "{item:?}");
            }
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

fn text(item: &Map<String, Value>, name: &str) -> String {
    item[name].as_str().unwrap_or_else(|| panic!("{name} is a text: {item:?}")).to_owned()
}
