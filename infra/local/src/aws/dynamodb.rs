//! DynamoDB, embedded, with the template's tables. It never produces a `TransactionConflict` and
//! ignores `ConsistentRead`, which the real service does not; tests inject those conflicts at the
//! sender.

use crate::template::{Index, Table};
use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::storage::TableMetadata;
use dynoxide::{Database, DynoxideError};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use tokio::net::TcpListener;

/// Opens the database, in a file or in memory, and creates the tables that are not there yet. A
/// file in which a table has another key or other indexes than the template's is refused: DynamoDB
/// changes neither, and what is asked of it would fail later.
pub fn open(file: Option<&Path>, tables: &[Table]) -> Result<Database, String> {
    let new = new(tables).map_err(|error| error.to_string())?;
    let Some(file) = file else { return Ok(new) };
    let unusable = |error: DynoxideError| {
        format!(
            "the database {} cannot be used: {error}. If it is damaged, remove its folder, and all local jobs and balances \
             with it, or give another folder with --data-dir",
            file.display()
        )
    };
    let database = Database::new(&file.to_string_lossy()).map_err(unusable)?;
    for table in tables {
        let shape = |database: &Database| {
            let found = database.get_table_metadata(&table.logical_id).map_err(unusable)?;
            Ok::<_, String>(found.map(shape))
        };
        match (shape(&database)?, shape(&new)?) {
            (None, _) => create(&database, table).map_err(unusable)?,
            (found, wanted) if found == wanted => {}
            _ => return Err(from_another_version(file, &table.logical_id)),
        }
    }
    Ok(database)
}

fn new(tables: &[Table]) -> Result<Database, DynoxideError> {
    let database = Database::memory()?;
    tables.iter().try_for_each(|table| create(&database, table))?;
    Ok(database)
}

fn create(database: &Database, table: &Table) -> Result<(), DynoxideError> {
    let request = CreateTableRequest::deserialize(request(table));
    let request = request.map_err(|error| DynoxideError::ValidationException(error.to_string()))?;
    database.create_table(request).map(drop)
}

/// What cannot be changed of a table that is there: its key and its indexes.
fn shape(table: TableMetadata) -> [Option<String>; 3] {
    [Some(table.key_schema), table.gsi_definitions, table.lsi_definitions]
}

fn from_another_version(file: &Path, table: &str) -> String {
    let directory = file.parent().unwrap_or(file).display();
    format!(
        "the data in {directory} is of another version of GeekHub Video: its {table} has another key or other indexes than this \
         version's. Remove the directory, and all local jobs and balances with it (rm -r '{directory}'), or give another one with \
         --data-dir; then start again"
    )
}

/// Serves the database until the task is dropped.
pub(crate) async fn serve(listener: TcpListener, database: Database) {
    dynoxide::server::serve_on(listener, database).await;
}

/// `CreateTable`, as the template has it. The table's name is its logical id.
fn request(table: &Table) -> Value {
    let indexes = || table.global_indexes.iter().chain(&table.local_indexes);
    let mut attributes: Vec<_> =
        [Some(&table.partition_key), table.sort_key.as_ref()].into_iter().flatten().collect();
    attributes.extend(
        indexes().flat_map(|index| [Some(&index.partition_key), index.sort_key.as_ref()]).flatten(),
    );
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
        "KeySchema": key_schema(
            &table.partition_key.name,
            table.sort_key.as_ref().map(|key| key.name.as_str()),
        ),
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
        "KeySchema": key_schema(
            &index.partition_key.name,
            index.sort_key.as_ref().map(|key| key.name.as_str()),
        ),
        "Projection": {"ProjectionType": index.projection},
    })
}

fn key_schema(partition: &str, sort: Option<&str>) -> Value {
    let mut keys = vec![json!({"AttributeName": partition, "KeyType": "HASH"})];
    keys.extend(sort.map(|sort| json!({"AttributeName": sort, "KeyType": "RANGE"})));
    Value::Array(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Template;

    #[test]
    fn a_file_of_another_version_is_refused_with_what_to_do() {
        let directory = std::env::temp_dir()
            .join(format!("geekhub-video-tables-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&directory).unwrap();
        let file = directory.join("dynamodb.sqlite");
        let tables = Template::read().tables;
        let older = |change: &dyn Fn(&mut Table)| {
            drop(std::fs::remove_file(&file));
            let mut tables = tables.clone();
            change(tables.iter_mut().find(|table| table.logical_id == "LedgerTable").unwrap());
            open(Some(&file), &tables).map(drop).unwrap();
            open(Some(&file), &Template::read().tables).map(drop)
        };
        assert_eq!(older(&|_| {}), Ok(()), "the same tables again");
        let changes: [&dyn Fn(&mut Table); 2] = [&|table| table.local_indexes.clear(), &|table| {
            table.sort_key.as_mut().unwrap().name = "cause".to_owned();
        }];
        for change in changes {
            let said = older(change).unwrap_err();
            assert!(said.contains("its LedgerTable has another key or other indexes"), "{said}");
            assert!(said.contains(&format!("rm -r '{}'", directory.display())), "{said}");
        }
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
