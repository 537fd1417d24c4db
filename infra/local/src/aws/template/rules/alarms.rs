//! Alarms and dashboards: each alarm is heard, leads to what can be done, and watches something
//! that is measured, as a dashboard shows only such things.

use super::Breaches;
use crate::template::{Alarm, TEMPLATE, Template};
use ghub::metrics::{METRICS, Metric};
use ghub::provider::{Credential, Provider};
use serde_json::Value;

const RUNBOOKS: &str = include_str!("../../../../../RUNBOOKS.md");

/// An alarm notifies the operator, and its end does too.
pub(super) fn alarms_are_mute(template: &Template) -> Breaches {
    ids(template, |alarm| !alarm.tells)
}

/// The operator reads there what the alarm means and what to do.
pub(super) fn alarms_lead_nowhere(template: &Template) -> Breaches {
    ids(template, |alarm| {
        let page = alarm.description.split_once("infra/RUNBOOKS.md#");
        page.is_none_or(|(_, anchor)| !anchors().any(|known| known == anchor))
    })
}

/// A metric that nothing writes, or not by these dimensions, is never above its threshold.
pub(super) fn alarms_watch_nothing(template: &Template) -> Breaches {
    ids(template, |alarm| {
        !alarm.metrics.iter().all(|(metric, by)| is_measured(template, metric, by))
    })
}

/// CloudWatch takes any name, and shows an empty picture.
pub(super) fn dashboards_show_nothing(template: &Template) -> Breaches {
    let wrong =
        template.dashboards.iter().filter(|(_, body)| !shows_what_is_measured(template, body));
    wrong.map(|(id, _)| id.clone()).collect()
}

fn shows_what_is_measured(template: &Template, body: &str) -> bool {
    let Ok(body) = serde_json::from_str::<Value>(body) else { return false };
    let widgets = body["widgets"].as_array().into_iter().flatten();
    let mut rows =
        widgets.filter_map(|widget| widget["properties"]["metrics"].as_array()).flatten();
    rows.all(|row| match row[0]["expression"].as_str() {
        Some(search) => is_search_for_a_metric(template, search),
        None => is_row_of_a_metric(template, row),
    })
}

/// `[namespace, metric, dimension, value, …]`; those of AWS are AWS's.
fn is_row_of_a_metric(template: &Template, row: &Value) -> bool {
    let texts: Vec<_> = row.as_array().into_iter().flatten().map_while(Value::as_str).collect();
    let Some((namespace, [metric, by @ ..])) = texts.split_first() else { return false };
    let by: Vec<_> = by.iter().step_by(2).map(|dimension| (*dimension).to_owned()).collect();
    namespace.starts_with("AWS/") || is_measured(template, metric, &by)
}

fn is_search_for_a_metric(template: &Template, search: &str) -> bool {
    let schema = search.split_once("${AWS::StackName}").and_then(|(_, rest)| rest.split_once('}'));
    let Some((schema, rest)) = schema else { return false };
    let by: Vec<_> = schema.split(',').skip(1).map(str::to_owned).collect();
    let metric = rest.split('"').nth(1).unwrap_or_default();
    is_measured(template, metric, &by)
}

/// By our functions, or by CloudWatch from a line of a log.
fn is_measured(template: &Template, metric: &str, by: &[String]) -> bool {
    let same = |known: &&Metric| known.name == metric && known.by.iter().any(|set| *set == by);
    METRICS.iter().any(same)
        || by.is_empty() && template.log_metrics.iter().any(|known| known == metric)
}

/// A heading's anchor is its text in small letters, with dashes.
fn anchors() -> impl Iterator<Item = String> {
    let headings = RUNBOOKS.lines().filter_map(|line| line.strip_prefix("## "));
    headings.map(|heading| heading.to_lowercase().replace(' ', "-"))
}

fn ids(template: &Template, wrong: impl Fn(&Alarm) -> bool) -> Breaches {
    template
        .alarms
        .iter()
        .filter(|alarm| wrong(alarm))
        .map(|alarm| alarm.logical_id.clone())
        .collect()
}

/// CloudWatch bills an alarm for each metric that it watches.
#[test]
fn the_guide_counts_the_alarms() {
    let guide = include_str!("../../../../../DEPLOY.md");
    let watches = |part: &str| TEMPLATE.matches(part).count();
    let (alarms, of_several) =
        (watches("Type: AWS::CloudWatch::Alarm"), watches("\n      Metrics:\n"));
    let billed = alarms - of_several + watches("- Id: ") - watches("Expression: ");
    let row =
        guide.lines().find(|line| line.starts_with("| alarms |")).expect("the guide has the row");
    let cents = 10 * billed;
    let wanted = format!("| alarms | {}.{:02} | {billed} × 0.10:", cents / 100, cents % 100);
    assert!(row.starts_with(&wanted), "{row} should begin with {wanted}");
}

/// The faults of a provider without alarms, or without lines on the dashboard, would not be seen.
#[test]
fn every_provider_is_watched_alike() {
    let watched = |provider: Provider| {
        let by = provider.about().metric;
        [format!("{{ Name: Provider, Value: {by} }}"), format!("\"Provider\", \"{by}\"")]
            .map(|dimension| TEMPLATE.matches(&dimension).count())
    };
    let fal = watched(Provider::Fal);
    assert!(fal.iter().all(|times| *times >= 5), "{fal:?}");
    for provider in Provider::ALL {
        if provider.about().credential != Credential::None {
            assert_eq!(watched(provider), fal, "{provider:?}");
        }
    }
}
