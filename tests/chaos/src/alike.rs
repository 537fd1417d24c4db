//! Which steps of an undisturbed run are alike. The same fault at two such steps leaves the same
//! behind, and only the time differs. For example, a poller asks again and again during a render,
//! and each message comes twice.

use crate::record::Noted;
use crate::step::Step;
use std::collections::{BTreeMap, BTreeSet};

/// What has changed so far: who changed it, with what request, and the attributes that it set.
type Changes<'a> = BTreeSet<(&'a str, &'a str, &'a str)>;

/// Steps with an equal likeness are alike.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Likeness<'a> {
    function: &'a str,
    /// What its invocation asks: up to this step if the step only asks, else from beginning to end.
    asked: &'a [&'a str],
    /// The step's number in its invocation.
    number: u32,
    /// What had changed before the step if it only asks, else before its invocation.
    after: Changes<'a>,
}

/// Those of `disturbed` that have no step before them that is like them. `run` has all steps.
pub fn first_of_each(run: &[Noted], disturbed: Vec<Step>) -> Vec<Step> {
    let mut asked: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for Noted { step, .. } in run {
        asked.entry(step.place.invocation).or_default().push(&step.asks);
    }
    let (mut changes, mut changes_before) = (Changes::new(), BTreeMap::new());
    let mut likenesses = BTreeMap::new();
    for Noted { step, .. } in run {
        let asked = &asked[&step.place.invocation];
        let before = changes_before.entry(step.place.invocation).or_insert_with(|| changes.clone());
        let (asked, after) = if step.only_asks() {
            let so_far = usize::try_from(step.place.step).map_or(asked.len(), |number| number + 1);
            (&asked[..so_far], changes.clone())
        } else {
            changes.insert((&step.function, &step.asks, &step.sets));
            (&asked[..], before.clone())
        };
        let number = step.place.step;
        likenesses.insert(step.place, Likeness { function: &step.function, asked, number, after });
    }
    let mut seen = BTreeSet::new();
    disturbed.into_iter().filter(|step| seen.insert(&likenesses[&step.place])).collect()
}
