//! A stranger: another organization that knows a job's id. Every answer it gets must be as if the
//! job did not exist, and no list may contain it.

use crate::stage::{Caller, Stage, Told};
use axum::http::{HeaderMap, Method};
use serde_json::json;

const NOBODYS: &str = "01990000-0000-7000-8000-000000000000";

/// Sends every request about another's job.
pub async fn pry(stage: &Stage, stranger: &Caller, job: &str) {
    let ask = async |method: &Method, path: &str| {
        stage
            .ask(stranger, method.clone(), &format!("/v1/{path}"), HeaderMap::new(), None)
            .await
            .filter(is_an_answer)
    };
    for (method, after) in [(Method::GET, ""), (Method::POST, "/cancel"), (Method::DELETE, "")] {
        let theirs = ask(&method, &format!("videos/{job}{after}")).await.map(without_id);
        let nobodys = ask(&method, &format!("videos/{NOBODYS}{after}")).await.map(without_id);
        if theirs.is_some() && nobodys.is_some() && theirs != nobodys {
            let (theirs, nobodys) = (theirs.map(|told| told.body), nobodys.map(|told| told.body));
            stage.record.wrong(format!(
                "{method}{after}: a stranger was told {theirs:?} of another's job, {nobodys:?} of none"
            ));
        }
    }
    for list in ["videos?limit=100", "credits/transactions?limit=100"] {
        let Some(told) = ask(&Method::GET, list).await else { continue };
        if told.status != 200 || told.body.to_string().contains(job) {
            stage.record.wrong(format!("{list}: a stranger to {job} was told {}", told.body));
        }
    }
}

/// An answer to a fault tells nothing about jobs.
fn is_an_answer(told: &Told) -> bool {
    told.status < 500
}

fn without_id(mut told: Told) -> Told {
    told.body["error"]["request_id"] = json!(null);
    told
}
