//! DynamoDB, embedded, with the template's tables. It never produces a `TransactionConflict` and ignores `ConsistentRead`, which the
//! real service does not; tests inject those conflicts at the sender.

use crate::template::{Index, Table};
use dynoxide::Database;
use dynoxide::actions::create_table::CreateTableRequest;
use serde_json::{Value, json};
use std::path::Path;
use tokio::net::TcpListener;

/// Opens the database, in a file or in memory, and creates the tables that are not there yet.
pub fn open(file: Option<&Path>, tables: &[Table]) -> Result<Database, String> {
    let database = match file {
        Some(file) => Database::new(&file.to_string_lossy()),
        None => Database::memory(),
    };
    let database = database.map_err(|error| error.to_string())?;
    for table in tables {
        let known = database.get_table_metadata(&table.logical_id).map_err(|error| error.to_string())?;
        if known.is_none() {
            let request: CreateTableRequest =
                serde_json::from_value(request(table)).map_err(|error| error.to_string())?;
            database.create_table(request).map_err(|error| error.to_string())?;
        }
    }
    Ok(database)
}

/// Serves the database until the task is dropped.
pub(crate) async fn serve(listener: TcpListener, database: Database) {
    dynoxide::server::serve_on(listener, database).await;
}

/// `CreateTable`, as the template has it. The table's name is its logical id.
fn request(table: &Table) -> Value {
    let indexes = || table.global_indexes.iter().chain(&table.local_indexes);
    let mut attributes: Vec<_> = [Some(&table.partition_key), table.sort_key.as_ref()].into_iter().flatten().collect();
    attributes.extend(indexes().flat_map(|index| [Some(&index.partition_key), index.sort_key.as_ref()]).flatten());
    attributes.sort_by(|a, b| a.name.cmp(&b.name));
    attributes.dedup();
    let definitions: Vec<_> = attributes
        .iter()
        .map(|attribute| json!({"AttributeName": attribute.name, "AttributeType": attribute.kind}))
        .collect();
    let mut request = json!({
        "TableName": table.logical_id,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": definitions,
        "KeySchema": key_schema(&table.partition_key.name, table.sort_key.as_ref().map(|key| key.name.as_str())),
    });
    if !table.global_indexes.is_empty() {
        request["GlobalSecondaryIndexes"] = table.global_indexes.iter().map(index).collect();
    }
    if !table.local_indexes.is_empty() {
        request["LocalSecondaryIndexes"] = table.local_indexes.iter().map(index).collect();
    }
    request
}

fn index(index: &Index) -> Value {
    json!({
        "IndexName": index.name,
        "KeySchema": key_schema(&index.partition_key.name, index.sort_key.as_ref().map(|key| key.name.as_str())),
        "Projection": {"ProjectionType": index.projection},
    })
}

fn key_schema(partition: &str, sort: Option<&str>) -> Value {
    let mut keys = vec![json!({"AttributeName": partition, "KeyType": "HASH"})];
    keys.extend(sort.map(|sort| json!({"AttributeName": sort, "KeyType": "RANGE"})));
    Value::Array(keys)
}
