//! Alarms: each is heard, leads to what can be done, and watches something that is measured.

use super::Breaches;
use crate::template::{Alarm, Template};
use ghub::metrics::NAMES;

const RUNBOOKS: &str = include_str!("../../../../../RUNBOOKS.md");

/// An alarm that nobody hears, or whose end nobody hears, is a light in a cellar.
pub(super) fn alarms_are_mute(template: &Template) -> Breaches {
    ids(template, |alarm| !alarm.tells)
}

/// Whoever is woken by it wants to know what it means and what to do.
pub(super) fn alarms_lead_nowhere(template: &Template) -> Breaches {
    ids(template, |alarm| {
        let page = alarm.description.split_once("infra/RUNBOOKS.md#");
        page.is_none_or(|(_, anchor)| !anchors().any(|known| known == anchor))
    })
}

/// A metric that nothing writes is never above its threshold.
pub(super) fn alarms_watch_nothing(template: &Template) -> Breaches {
    ids(template, |alarm| alarm.metrics.iter().any(|metric| !NAMES.contains(&metric.as_str())))
}

/// A heading's anchor is its text in small letters, with dashes.
fn anchors() -> impl Iterator<Item = String> {
    let headings = RUNBOOKS.lines().filter_map(|line| line.strip_prefix("## "));
    headings.map(|heading| heading.to_lowercase().replace(' ', "-"))
}

fn ids(template: &Template, wrong: impl Fn(&Alarm) -> bool) -> Breaches {
    template.alarms.iter().filter(|alarm| wrong(alarm)).map(|alarm| alarm.logical_id.clone()).collect()
}
