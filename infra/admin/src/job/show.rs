//! Shows all that is stored of a job. The addresses at the provider and in storage would open what
//! they lead to, so only their hosts are shown. The prompts and the labels belong to the caller,
//! and are shown only on request.

use super::stand::{Stand, stand, stuck, trouble, trouble_object};
use crate::environment::Operator;
use crate::failure::Failure;
use crate::ledger::object;
use crate::output::{Report, moment, mxn};
use ghub::job::{Job, State, Trace};
use ghub::store::Entry;
use ghub::terms::Terms;
use ghub::time::Timestamp;
use serde_json::{Value, json};
use url::Url;

pub async fn run(job: &Job, prompt: bool, operator: &Operator) -> Result<Report, Failure> {
    let entries = operator.store.entries_of(job.org(), job.id()).await?;
    let history = history(job, &entries);
    let lines: Vec<_> =
        history.iter().map(|(at, what)| format!("{}  {what}", moment(*at))).collect();
    let mut json = json!({
        "id": job.id(),
        "org": job.org(),
        "status": job.status().as_str(),
        "model": job.terms().model(),
        "provider": job.terms().provider(),
        "route": job.terms().route(),
        "seconds": job.terms().seconds(),
        "aspect_ratio": job.terms().aspect_ratio(),
        "resolution": job.terms().resolution(),
        "generate_audio": job.terms().generate_audio(),
        "seed": job.terms().seed(),
        "user": job.terms().user(),
        "price_row": job.terms().price_row(),
        "usd_per_second": job.terms().price().usd_per_second.to_string(),
        "markup": job.terms().price().markup.to_string(),
        "fx_mxn_per_usd": job.terms().price().fx_mxn_per_usd.to_string(),
        "cost_mxn": job.cost().to_string(),
        "poll_every_s": job.terms().poll_every_s(),
        "due": job.is_open().then_some(job.due()),
        "waits_for": stand(job).map(|Stand { what, since, until }| json!({"what": what, "since": since, "until": until})),
        "stuck": stuck(job, operator.ambient.now()),
        "stop_requested": job.stop().map(|stop| stop.requested),
        "trouble": trouble_object(job.trouble()),
        "deleted": job.deletion().map(|deletion| deletion.at),
        "file_gone": job.deletion().map(|deletion| deletion.file_gone),
        "revision": job.revision(),
        "history": history.iter().map(|(at, what)| json!({"at": at, "what": what})).collect::<Vec<_>>(),
        "ledger": entries.iter().map(object).collect::<Vec<_>>(),
    });
    let mut table = order(job);
    table.extend(how_it_stands(job, operator.ambient.now()));
    for (name, label, value) in by_state(job) {
        table.push((label, value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
        json[name] = value;
    }
    for (name, value) in prompt.then(|| of_the_caller(job)).into_iter().flatten() {
        table.push((name, value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
        json[name] = value;
    }
    Ok(Report { json, table, note: lines.join("\n") })
}

/// What was ordered, and what it costs.
fn order(job: &Job) -> Vec<(&'static str, String)> {
    let terms = job.terms();
    let price = terms.price();
    let row = terms.price_row().map(|row| format!(" ({row})")).unwrap_or_default();
    let mut rows = vec![
        ("job", job.id().to_string()),
        ("organization", job.org().to_string()),
        ("status", job.status().as_str().to_owned()),
        ("model", format!("{}, at {}", terms.model(), terms.route())),
        ("video", video(terms)),
        (
            "price",
            format!(
                "USD {}/s{row} × {} × {}",
                price.usd_per_second, price.markup, price.fx_mxn_per_usd
            ),
        ),
        ("cost", mxn(job.cost())),
    ];
    rows.extend(terms.user().map(|user| ("end user", user.to_owned())));
    rows
}

/// How the video is rendered: `4 s, 9:16, 1080p, without sound, seed 7`.
fn video(terms: &Terms) -> String {
    let sound = |sound| if sound { "with sound" } else { "without sound" };
    let parts = [
        Some(format!("{} s", terms.seconds())),
        Some(terms.aspect_ratio().unwrap_or("the provider's shape").to_owned()),
        terms.resolution().map(str::to_owned),
        terms.generate_audio().map(|asked| sound(asked).to_owned()),
        terms.seed().map(|seed| format!("seed {seed}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What the caller wrote: for programs under the names of the order's fields.
fn of_the_caller(job: &Job) -> Vec<(&'static str, Value)> {
    let terms = job.terms();
    let mut texts = vec![("prompt", terms.prompt().into())];
    texts.extend(terms.negative_prompt().map(|text| ("negative_prompt", text.into())));
    texts.extend(terms.metadata().map(|labels| ("metadata", json!(labels))));
    texts
}

/// What an open job waits for, when it is looked at next, and what went wrong. For a job that is
/// over, only the last trouble.
fn how_it_stands(job: &Job, now: Timestamp) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if let Some(Stand { what, since, until }) = stand(job) {
        rows.push(("waits for", format!("{what}, since {}", moment(since))));
        let late = now.since(job.due()).as_secs();
        let late = if late == 0 { String::new() } else { format!("; that is {late} s ago") };
        rows.push((
            "next look",
            format!(
                "{}, then every {} s or more{late}",
                moment(job.due()),
                job.terms().poll_every_s()
            ),
        ));
        rows.push(("ends", format!("{} at the latest, if that does not come", moment(until))));
    }
    rows.extend(stuck(job, now).map(|why| ("stuck", why)));
    rows.extend(job.trouble().map(|last| ("last trouble", trouble(last))));
    rows
}

/// Values that only some jobs have: the name for programs, the label for people, the value.
fn by_state(job: &Job) -> Vec<(&'static str, &'static str, Value)> {
    let there =
        job.trace().map(|trace| ("provider_id", "at the provider", json!(trace.handle.id())));
    let mut known: Vec<_> = there.into_iter().collect();
    match job.state() {
        State::Pending { lease_until } => {
            let until =
                |until: &Timestamp| ("lease_until", "being sent until", json!(moment(*until)));
            known.extend(lease_until.iter().map(until));
        }
        State::Processing(processing) => {
            if let Some(file) = &processing.file {
                known.push(("file_host", "file at", json!(host(&file.url))));
                known.push(("upload_begun", "upload begun", json!(file.upload_url.is_some())));
            }
        }
        State::Completed { video_url, .. } => {
            known.extend(kept(video_url).map(|url| ("video_url", "url", json!(url))));
        }
        State::Failed { failure, .. } => {
            known.extend(kept(&failure.message).map(|message| ("error", "error", json!(message))));
            known.push(("code", "code", json!(failure.code_word())));
            known
                .extend(failure.actor.iter().map(|actor| ("failed_by", "failed by", json!(actor))));
            known.extend(
                failure
                    .provider_code
                    .iter()
                    .map(|code| ("provider_code", "provider's code", json!(code))),
            );
        }
    }
    known
}

/// A text that is not empty. An empty one belonged to the caller, who deleted it.
fn kept(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// The host of an address. The address of a video inside an answer is made by us, and has no host.
fn host(url: &str) -> String {
    Url::parse(url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| "inside the answer".to_owned())
}

/// The times that the job and its ledger entries carry, in order.
fn history(job: &Job, entries: &[Entry]) -> Vec<(Timestamp, String)> {
    let mut history = vec![(job.created(), format!("accepted, MXN {} held", job.cost()))];
    history.extend(job.stop().map(|stop| {
        let by =
            stop.failure.actor.as_ref().map(|actor| format!(" by {actor}")).unwrap_or_default();
        (stop.requested, format!("asked to stop{by}: {}", stop.failure.message))
    }));
    if let Some(Trace { submitted, rendering_since, file_found, .. }) = job.trace() {
        history.push((submitted, "taken by the provider".to_owned()));
        history.extend(rendering_since.map(|at| (at, "first seen rendering".to_owned())));
        history.extend(file_found.map(|at| (at, "file found".to_owned())));
    }
    match job.state() {
        State::Pending { .. } | State::Processing(_) => {}
        State::Completed { at, .. } => history.push((*at, "completed".to_owned())),
        State::Failed { at, failure, .. } => {
            let why =
                kept(&failure.message).map(|message| format!(": {message}")).unwrap_or_default();
            let by = failure.actor.as_ref().map(|actor| format!(" by {actor}")).unwrap_or_default();
            history.push((*at, format!("failed{by}{why}")));
        }
    }
    history.extend(job.deletion().map(|deletion| {
        let file = if deletion.file_gone {
            "its file is gone"
        } else {
            "its file is there until the DELETE is sent again"
        };
        (deletion.at, format!("deleted by its owner; {file}"))
    }));
    history.extend(entries.iter().map(|entry| {
        let reason = entry.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let by = entry.actor.as_ref().map(|actor| format!(" by {actor}")).unwrap_or_default();
        (entry.posted_at(), format!("{} of MXN {}{by}{reason}", entry.kind.as_str(), entry.amount))
    }));
    history.sort_by_key(|(at, _)| *at);
    history
}
