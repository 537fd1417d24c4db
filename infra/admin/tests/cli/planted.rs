//! Items as the functions write them, put into the tables by hand: states that a test cannot bring
//! about through the functions.

use crate::deployment::Deployment;
use ghub::id::TransactionId;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

pub const ORG: &str = "e8c96506-72a1-429f-a7ed-4bb0a42541be";
pub const COMPLETED: &str = "01a202fb-0000-7000-8000-000000000001";
pub const FAILED: &str = "01a202fb-0000-7000-8000-000000000002";
pub const OPEN: &str = "01a202fb-0000-7000-8000-000000000003";
pub const COST: i64 = 4_200_000;
const CREATED: i64 = 1_782_415_166;

impl Deployment {
    /// An organization with a job of each end: MXN 50 given, MXN 4.20 charged, as much held.
    pub fn with_jobs() -> Self {
        let here = Self::start();
        here.json(&format!("org create --id {ORG}"));
        here.put_job(COMPLETED, json!({
            "status": text("completed"), "ended": number(CREATED + 90), "video_url": text("https://storage.test/v.mp4"),
            "handle": handle("r-3"), "submitted": number(CREATED + 1), "rendering_since": number(CREATED + 16), "file_found": number(CREATED + 80),
        }));
        let failure = json!({"M": {"code": text("content_filtered"), "message": text("flagged")}});
        here.put_job(
            FAILED,
            json!({
                "status": text("failed"), "ended": number(CREATED + 60), "failure": failure,
                "handle": handle("r-2"), "submitted": number(CREATED + 1),
            }),
        );
        here.put_job(OPEN, json!({
            // an audit finds jobs that are open for days
            "status": text("processing"), "open": text("3"), "handle": handle("r-1"), "created": number(now_unix_s()),
            "submitted": number(CREATED + 1), "rendering_since": number(CREATED + 16), "file_found": number(CREATED + 91),
            "file_url": text("https://v3.fal.media/a.mp4?token=secret"), "upload_url": text("https://storage.test/up/secret"),
        }));
        here.put_entry(&format!("job#{COMPLETED}"), "consumption", -COST, Some(COMPLETED));
        here.put_account(&[("held", COST), ("open_jobs", 1)]);
        here
    }

    /// Replaces numbers of the account of `with_jobs`. `available` follows, unless it is given.
    pub fn put_account(&self, changes: &[(&str, i64)]) {
        let mut account =
            self.items("AccountsTable").into_iter().find(|item| item["org"]["S"] == ORG).unwrap();
        for (name, value) in changes {
            account[*name] = number(*value);
        }
        if changes.iter().all(|(name, _)| *name != "available") {
            let of = |name: &str| account[name]["N"].as_str().unwrap().parse::<i64>().unwrap();
            account["available"] = number(of("balance") - of("held") + of("credit_limit"));
        }
        self.put("AccountsTable", &account);
    }

    /// Posts an entry as the store would, and replaces the entry of the same cause. The sums and
    /// the count follow.
    pub fn put_entry(&self, cause: &str, kind: &str, amount: i64, job: Option<&str>) {
        let id = TransactionId::of(ORG.parse().unwrap(), cause).to_string();
        let of =
            |item: &Value, name: &str| item[name]["N"].as_str().unwrap().parse::<i64>().unwrap();
        let others = self
            .items("LedgerTable")
            .into_iter()
            .filter(|item| item["org"]["S"] == ORG && item["id"]["S"] != id);
        let (count, sum) =
            others.fold((0, 0), |(count, sum), item| (count + 1, sum + of(&item, "amount")));
        let posted = format!("{:015}#{cause}", (CREATED + 90) * 1_000);
        let mut entry = json!({
            "org": text(ORG), "id": text(&id), "cause": text(cause), "posted": text(&posted), "kind": text(kind),
            "amount": number(amount), "sequence": number(count + 1), "balance_after": number(sum + amount),
        });
        if let Some(job) = job {
            entry["job"] = text(job);
        }
        if kind == "consumption" {
            entry["price_row"] = text("standard");
        }
        self.put("LedgerTable", &entry);
        self.put_account(&[("balance", sum + amount), ("entries", count + 1)]);
    }

    pub fn put_job(&self, id: &str, state: Value) {
        let price = json!({"M": {"usd_per_second": number(40_000), "markup": number(1_050_000), "fx_mxn_per_usd": number(20_000_000)}});
        let mut job = json!({
            "org": text(ORG), "job": text(id), "v": number(1), "write": text("w"), "revision": number(4),
            "model": text("fal/kling-2"), "provider": text("fal"), "route": text("fal-ai/kling-video/v2"),
            "prompt": text("a hummingbird at dawn"), "seconds": number(5), "aspect_ratio": text("9:16"), "price": price,
            "cost": number(COST), "poll_every_s": number(15), "created": number(CREATED), "due": number(CREATED + 15),
        });
        job.as_object_mut().unwrap().extend(state.as_object().unwrap().clone());
        self.put("JobsTable", &job);
    }
}

pub fn now_unix_s() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// An open job of now, which is due in a minute.
pub fn open_job(changes: Value) -> Value {
    let mut job = json!({
        "status": text("processing"), "open": text("3"), "handle": handle("r-9"), "created": number(now_unix_s()),
        "submitted": number(now_unix_s()), "due": number(now_unix_s() + 60),
    });
    job.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    job
}

/// fal's id of a job, with addresses that must not be shown.
pub fn handle(id: &str) -> Value {
    json!({"M": {"fal": {"M": {
        "request_id": text(id),
        "status_url": text(&format!("https://queue.fal.run/{id}/status?token=secret")),
        "response_url": text(&format!("https://queue.fal.run/{id}?token=secret")),
        "cancel_url": text(&format!("https://queue.fal.run/{id}/cancel?token=secret")),
    }}}})
}

pub fn text(text: &str) -> Value {
    json!({"S": text})
}

pub fn number(number: i64) -> Value {
    json!({"N": number.to_string()})
}
