//! Checks that the tables exist, with the keys, the index and the protection that the template
//! gives them.

use super::aws::{Refusal, once_more, refusal};
use super::finding::Finding;
use super::{protection, within};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{IndexStatus, KeySchemaElement, TableDescription, TableStatus};
use futures::future::join_all;
use ghub::aws::SdkConfig;
use ghub::store::Table;
use ghub::world::World;

const AREA: &str = "table";
const DEPLOY: &str =
    "Deploy template.yaml again: it declares this; `sam deploy` says why it cannot.";

/// A table as `template.yaml` has it. A test compares the two.
struct Expected {
    table: Table,
    keys: &'static [&'static str],
    index: Option<(&'static str, &'static [&'static str])>,
    /// A local secondary index, which exists as soon as the table does.
    local_index: Option<(&'static str, &'static [&'static str])>,
    expires: Option<&'static str>,
}

const TABLES: [Expected; 5] = [
    Expected {
        table: Table::Jobs,
        keys: &["org", "job"],
        index: Some(("open-by-due", &["open", "due"])),
        local_index: None,
        expires: Some("expires"),
    },
    Expected {
        table: Table::Accounts,
        keys: &["org"],
        index: None,
        local_index: None,
        expires: None,
    },
    Expected {
        table: Table::Ledger,
        keys: &["org", "id"],
        index: None,
        local_index: Some(("by-sequence", &["org", "sequence"])),
        expires: None,
    },
    Expected { table: Table::Keys, keys: &["hash"], index: None, local_index: None, expires: None },
    Expected {
        table: Table::Idempotency,
        keys: &["org", "key"],
        index: None,
        local_index: None,
        expires: Some("expires"),
    },
];

pub async fn look(world: &World, aws: &SdkConfig) -> Vec<Finding> {
    let mut config = aws_sdk_dynamodb::config::Builder::from(aws).retry_config(once_more());
    config.set_endpoint_url(world.env.aws_endpoint("DYNAMODB").map(str::to_owned));
    let db = Client::from_conf(config.build());
    let checks = TABLES.iter().map(|expected| {
        let name = world.env.optional(expected.table.variable());
        let db = (&db, world.env.aws_endpoint("DYNAMODB"));
        async move {
            match name {
                Some(name) => {
                    within(AREA, name, async { vec![expected.examine(db, name).await] }).await
                }
                None => vec![unnamed(expected.table.variable())],
            }
        }
    });
    join_all(checks).await.into_iter().flatten().collect()
}

fn unnamed(variable: &str) -> Finding {
    let mut finding = Finding::of(AREA, variable);
    finding.fail(
        "is not set",
        "Take the stack's output Environment as --env-file: it names every table.",
    );
    finding
}

impl Expected {
    async fn examine(&self, (db, endpoint): (&Client, Option<&str>), name: &str) -> Finding {
        let mut finding = Finding::of(AREA, name);
        let described = match db.describe_table().table_name(name).send().await {
            Ok(answer) => answer.table.unwrap_or_else(|| TableDescription::builder().build()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_resource_not_found_exception()) =>
            {
                let variable = self.table.variable();
                finding.fail(
                    "does not exist",
                    format!("See whether {variable} and AWS_REGION are the stack's; if they are, deploy it again."),
                );
                return finding;
            }
            Err(error) => {
                tell(&mut finding, refusal(&error, "dynamodb:DescribeTable", endpoint));
                return finding;
            }
        };
        self.shape(&described, &mut finding);
        protection::look((db, endpoint), name, &described, self.expires, &mut finding).await;
        finding
    }

    /// Checks that the table has the keys and indexes that the code uses.
    fn shape(&self, described: &TableDescription, finding: &mut Finding) {
        match &described.table_status {
            Some(status @ (TableStatus::Active | TableStatus::Updating)) => finding.ok(status),
            other => {
                let status = other.as_ref().map_or("UNKNOWN", TableStatus::as_str);
                finding
                    .fail(status, "Nothing can be read or written now; wait until AWS says ACTIVE, then look again.");
            }
        }
        let keys = names(described.key_schema());
        if keys == self.keys {
            finding.ok(format!("key {}", keys.join(", ")));
        } else {
            let (keys, wanted) = (keys.join(", "), self.keys.join(", "));
            let variable = self.table.variable();
            finding.fail(
                format!("key {keys} and not {wanted}"),
                format!("{variable} names another table: take the one of the stack's output Environment."),
            );
        }
        if let Some((index, keys)) = self.local_index {
            let found = described
                .local_secondary_indexes()
                .iter()
                .find(|found| found.index_name() == Some(index));
            match found.map(|found| names(found.key_schema())) {
                Some(found) if found == keys => finding.ok(format!("index {index}")),
                Some(found) => {
                    finding.fail(format!("index {index} has the key {}", found.join(", ")), DEPLOY)
                }
                None => finding.fail(format!("no index {index}"), DEPLOY),
            }
        }
        let Some((index, keys)) = self.index else { return };
        let found = described
            .global_secondary_indexes()
            .iter()
            .find(|found| found.index_name() == Some(index));
        match found.map(|found| (found.index_status(), names(found.key_schema()))) {
            Some((Some(IndexStatus::Active), found)) if found == keys => {
                finding.ok(format!("index {index}"))
            }
            Some((_, found)) if found != keys => {
                finding.fail(format!("index {index} has the key {}", found.join(", ")), DEPLOY)
            }
            Some((status, _)) => {
                let status = status.map_or("UNKNOWN", IndexStatus::as_str);
                finding.fail(
                    format!("index {index} is {status}"),
                    "Until it is ACTIVE no overdue job is found; wait, then look again.",
                );
            }
            None => finding.fail(format!("no index {index}"), DEPLOY),
        }
    }
}

fn tell(finding: &mut Finding, refusal: Refusal) {
    match refusal {
        Refusal::Unknown => {
            finding.fail("cannot be described here", "AWS_ENDPOINT_URL_DYNAMODB is not a DynamoDB.")
        }
        Refusal::Said(found, advice) => finding.fail(found, advice),
    }
}

/// The attributes of a key, the partition key first.
fn names(schema: &[KeySchemaElement]) -> Vec<&str> {
    schema.iter().map(KeySchemaElement::attribute_name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use local::template::{Attribute, Template};

    #[test]
    fn the_tables_are_those_of_the_template() {
        let template = Template::read();
        assert_eq!(template.tables.len(), TABLES.len());
        for expected in &TABLES {
            let variable = expected.table.variable().trim_start_matches("TABLE_").to_lowercase();
            let named = |id: &str| id.to_lowercase() == format!("{variable}table");
            let table = template.tables.iter().find(|table| named(&table.logical_id)).unwrap();
            let keys = |partition: &Attribute, sort: Option<&Attribute>| -> Vec<String> {
                [Some(partition), sort].into_iter().flatten().map(|key| key.name.clone()).collect()
            };
            assert_eq!(
                keys(&table.partition_key, table.sort_key.as_ref()),
                expected.keys,
                "{variable}"
            );
            assert_eq!(table.ttl.as_deref(), expected.expires, "{variable}");
            for (found, wanted) in [
                (&table.global_indexes, expected.index),
                (&table.local_indexes, expected.local_index),
            ] {
                let found = found.iter().map(|index| {
                    (&*index.name, keys(&index.partition_key, index.sort_key.as_ref()))
                });
                let wanted = wanted.iter().map(|(name, keys)| {
                    (*name, keys.iter().map(|key| (*key).to_owned()).collect())
                });
                assert_eq!(found.collect::<Vec<_>>(), wanted.collect::<Vec<_>>(), "{variable}");
            }
            assert!(table.point_in_time_recovery && table.deletion_protected, "{variable}");
        }
    }
}
