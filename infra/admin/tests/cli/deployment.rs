//! Tables to operate on, and the process of the command line.

use dynoxide::Database;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;

/// The tables of money, keys and jobs, served until the process of the test ends.
pub struct Deployment {
    database: Database,
    pub endpoint: String,
}

impl Deployment {
    pub fn start() -> Self {
        let database = Database::memory().unwrap();
        for table in [
            table("AccountsTable", &[("org", "HASH")]),
            table("LedgerTable", &[("org", "HASH"), ("id", "RANGE")]),
            table("KeysTable", &[("hash", "HASH")]),
            jobs_table(),
        ] {
            database.create_table(serde_json::from_value(table).unwrap()).unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        listener.set_nonblocking(true).unwrap();
        let served = database.clone();
        thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                dynoxide::server::serve_on(
                    tokio::net::TcpListener::from_std(listener).unwrap(),
                    served,
                )
                .await;
            });
        });
        Self { database, endpoint }
    }

    /// The process of the command line, with the environment of this deployment and nothing else.
    pub fn command(&self, line: &str) -> Command {
        let mut command = bare(line);
        command.envs(self.environment());
        command
    }

    pub fn environment(&self) -> [(&'static str, &str); 8] {
        [
            ("TABLE_ACCOUNTS", "AccountsTable"),
            ("TABLE_LEDGER", "LedgerTable"),
            ("TABLE_KEYS", "KeysTable"),
            ("TABLE_JOBS", "JobsTable"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_ENDPOINT_URL_DYNAMODB", &self.endpoint),
        ]
    }

    pub fn run(&self, line: &str) -> Done {
        Done::of(self.command(line).output().unwrap())
    }

    /// Runs a command whose arguments contain spaces.
    pub fn with(&self, arguments: &[&str]) -> Done {
        let mut command = self.command("");
        Done::of(command.args(arguments).output().unwrap())
    }

    /// The object that a successful command prints.
    pub fn json(&self, line: &str) -> Value {
        let done = self.run(&format!("{line} --json"));
        assert_eq!(done.code, 0, "{line}: {done:?}");
        serde_json::from_str(&done.stdout).unwrap()
    }

    pub fn items(&self, table: &str) -> Vec<Value> {
        let request = serde_json::from_value(json!({"TableName": table})).unwrap();
        let response = serde_json::to_value(self.database.scan(request).unwrap()).unwrap();
        response["Items"].as_array().unwrap().clone()
    }

    /// Puts an item into a table without any check, and replaces an item with the same key.
    pub fn put(&self, table: &str, item: &Value) {
        let request = json!({"TableName": table, "Item": item});
        self.database.put_item(serde_json::from_value(request).unwrap()).unwrap();
    }

    /// The balance in micro-MXN. It must agree with the ledger, because no other process writes.
    pub fn money(&self, org: &str) -> i64 {
        let of = |table| {
            self.items(table).into_iter().filter(|item| item["org"]["S"] == org).collect::<Vec<_>>()
        };
        let number =
            |item: &Value, name: &str| item[name]["N"].as_str().unwrap().parse::<i64>().unwrap();
        let (accounts, ledger) = (of("AccountsTable"), of("LedgerTable"));
        assert_eq!(accounts.len(), 1);
        let balance = number(&accounts[0], "balance");
        assert_eq!(balance, ledger.iter().map(|entry| number(entry, "amount")).sum::<i64>());
        balance
    }
}

fn table(name: &str, keys: &[(&str, &str)]) -> Value {
    let text = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
    let key = |(name, role): &(&str, &str)| json!({"AttributeName": name, "KeyType": role});
    json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": keys.iter().map(|(name, _)| text(name)).collect::<Vec<_>>(),
        "KeySchema": keys.iter().map(key).collect::<Vec<_>>(),
    })
}

/// The definition of the table of jobs, with the index of open jobs.
fn jobs_table() -> Value {
    let mut table = table("JobsTable", &[("org", "HASH"), ("job", "RANGE")]);
    let more = [
        json!({"AttributeName": "open", "AttributeType": "S"}),
        json!({"AttributeName": "due", "AttributeType": "N"}),
    ];
    table["AttributeDefinitions"].as_array_mut().unwrap().extend(more);
    table["GlobalSecondaryIndexes"] = json!([{
        "IndexName": "open-by-due",
        "KeySchema": [{"AttributeName": "open", "KeyType": "HASH"}, {"AttributeName": "due", "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }]);
    table
}

/// The name of the operator in these tests.
pub const OPERATOR: &str = "ana";

/// The process with no environment but the name of the operator.
pub fn bare(line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_admin"));
    command.env_clear().env("USER", OPERATOR).args(line.split_whitespace()).stdin(Stdio::null());
    command
}

#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// The command refused or failed, with a sentence on standard error and nothing on standard
    /// output.
    #[track_caller]
    pub fn failed_with(&self, code: i32, sentence: &str) {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{self:?}");
        assert!(self.stderr.contains(sentence), "{}", self.stderr);
    }
}

/// A file that is removed after the test.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        Self(
            std::env::temp_dir().join(format!("geekhub-video-admin-{}-{name}", std::process::id())),
        )
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}
