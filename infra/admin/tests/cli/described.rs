//! A DynamoDB that only describes its tables, as AWS's does, because the embedded one knows nothing
//! of backups. And a DynamoDB that refuses.

use crate::stack::Stack;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Json, Router};
use serde_json::{Value, json};

/// A test's answer to each operation, with its status.
type Answers = fn(operation: &str, table: &str) -> (StatusCode, Value);

/// Returns the address of the server, which ends with the stack.
fn serve(stack: &Stack, answers: Answers) -> String {
    stack.wait(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(answers);
        tokio::spawn(async move { axum::serve(listener, router).await });
        origin
    })
}

async fn answer(
    State(answers): State<Answers>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, Json<Value>) {
    let operation =
        headers["x-amz-target"].to_str().unwrap().rsplit('.').next().unwrap().to_owned();
    let request: Value = serde_json::from_str(&body).unwrap();
    let (status, answer) = answers(&operation, request["TableName"].as_str().unwrap());
    (status, Json(answer))
}

/// A table of the template, in the shape of `DescribeTable`.
fn table(name: &str, status: &str) -> Value {
    let keys: &[&str] = match name {
        "JobsTable" => &["org", "job"],
        "AccountsTable" => &["org"],
        "LedgerTable" => &["org", "id"],
        "KeysTable" => &["hash"],
        _ => &["org", "key"],
    };
    let mut described = json!({"TableName": name, "TableStatus": status, "KeySchema": schema(keys), "DeletionProtectionEnabled": true});
    if name == "JobsTable" {
        described["GlobalSecondaryIndexes"] = json!([{"IndexName": "open-by-due", "IndexStatus": status, "KeySchema": schema(&["open", "due"])}]);
    }
    if name == "LedgerTable" {
        described["LocalSecondaryIndexes"] =
            json!([{"IndexName": "by-sequence", "KeySchema": schema(&["org", "sequence"])}]);
    }
    json!({"Table": described})
}

fn schema(keys: &[&str]) -> Value {
    let roles = keys.iter().zip(["HASH", "RANGE"]);
    roles.map(|(name, role)| json!({"AttributeName": name, "KeyType": role})).collect()
}

fn protection(operation: &str, on: bool) -> Value {
    let word = if on { "ENABLED" } else { "DISABLED" };
    match operation {
        "DescribeContinuousBackups" => {
            json!({"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": word}}})
        }
        "DescribeTimeToLive" => {
            json!({"TimeToLiveDescription": {"TimeToLiveStatus": word, "AttributeName": "expires"}})
        }
        other => panic!("{other} is no question"),
    }
}

fn sound(operation: &str, name: &str) -> (StatusCode, Value) {
    let answer = if operation == "DescribeTable" {
        table(name, "ACTIVE")
    } else {
        protection(operation, true)
    };
    (StatusCode::OK, answer)
}

fn unprotected(operation: &str, name: &str) -> (StatusCode, Value) {
    if operation != "DescribeTable" {
        return (StatusCode::OK, protection(operation, false));
    }
    let mut answer = table(name, "ACTIVE");
    answer["Table"]["DeletionProtectionEnabled"] = json!(false);
    (StatusCode::OK, answer)
}

fn unfinished(operation: &str, name: &str) -> (StatusCode, Value) {
    match (operation, name) {
        ("DescribeTable", _) => (StatusCode::OK, table(name, "CREATING")),
        _ => (
            StatusCode::BAD_REQUEST,
            json!({"__type": "com.amazon.coral.service#AccessDeniedException"}),
        ),
    }
}

fn stranger(_: &str, _: &str) -> (StatusCode, Value) {
    (
        StatusCode::BAD_REQUEST,
        json!({"__type": "com.amazon.coral.service#UnrecognizedClientException"}),
    )
}

#[test]
fn tables_are_as_the_template_has_them_or_it_is_told() {
    let here = Stack::start();
    let look = |answers| here.doctor(&[("AWS_ENDPOINT_URL_DYNAMODB", &serve(&here, answers))]);

    let found = look(sound);
    assert!(found.levels("table").iter().all(|line| line.1 == "ok"), "{:#}", found.json);
    found.says(
        "IdempotencyTable",
        "ok",
        "point-in-time recovery; deletion protection; time to live",
        "",
    );

    let found = look(unprotected);
    assert_eq!((found.failed(), found.levels("table").len()), (vec![], 5));
    for command in [
        "aws dynamodb update-continuous-backups --table-name IdempotencyTable",
        "aws dynamodb update-table --table-name IdempotencyTable --deletion-protection-enabled",
        "aws dynamodb update-time-to-live --table-name IdempotencyTable",
    ] {
        found.says(
            "IdempotencyTable",
            "warn",
            "no point-in-time recovery; no deletion protection; no time to live",
            command,
        );
    }

    let found = look(unfinished);
    found.says(
        "JobsTable",
        "fail",
        "CREATING; key org, job; index open-by-due is CREATING",
        "wait until AWS says ACTIVE",
    );
    found.says(
        "JobsTable",
        "fail",
        "could not be read (AWS refused: AccessDeniedException)",
        "dynamodb:DescribeContinuousBackups",
    );

    look(stranger).says(
        "JobsTable",
        "fail",
        "AWS refused: UnrecognizedClientException",
        "aws configure export-credentials",
    );
}
