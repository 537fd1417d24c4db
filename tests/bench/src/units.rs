//! What DynamoDB charges for the writes of one job, from the submit to the charge.

use crate::lambda::Sandbox;
use crate::stage::{FINISHED, Stage, UNFINISHED, UNTIL_DUE, Work, done, id_in};
use crate::table::Table;
use serde_json::Value;

/// How often a render of two minutes is looked at while it goes on, at a cadence of 15 s.
const LOOKS: u64 = 7;

/// Carries jobs from step to step, each done by its warm function.
pub(crate) async fn count(stage: &Stage<'_>, table: &mut Table) -> Result<(), String> {
    let mut caller = stage.caller().await?;
    let mut submit = stage.start(Work::Submit, None).await?;
    let mut look = stage.start(Work::Look, None).await?;
    let mut store = stage.start(Work::Store, None).await?;
    // A key's first use in a sandbox writes its day down; it is no part of a job.
    done(&submit.invoke(&caller.event(Work::Submit).await?).await?)?;

    stage.renders(UNFINISHED)?;
    let job = caller.job().await?;
    let event = caller.event_of(Work::Look, &job)?;
    tokio::time::sleep(UNTIL_DUE).await;
    let (begun, _) = count_step(stage, &mut look, &event).await?;
    tokio::time::sleep(UNTIL_DUE).await;
    let (nothing_new, _) = count_step(stage, &mut look, &event).await?;

    stage.renders(FINISHED)?;
    let event = caller.event(Work::Submit).await?;
    let (submitted, answer) = count_step(stage, &mut submit, &event).await?;
    let job = id_in(&answer)?;
    tokio::time::sleep(UNTIL_DUE).await;
    let (found, _) = count_step(stage, &mut look, &caller.event_of(Work::Look, &job)?).await?;
    let (stored, _) = count_step(stage, &mut store, &caller.event_of(Work::Store, &job)?).await?;

    table.exact("write units of a submit", submitted);
    table.exact("write units of the look that finds a render begun", begun);
    table.exact("write units of a look that finds nothing new", nothing_new);
    table.exact("write units of the look that finds the file", found);
    table.exact("write units of storing and charging", stored);
    let whole = submitted + begun + (LOOKS - 1) * nothing_new + found + stored;
    table.exact(format!("write units of a job that is looked at {} times", LOOKS + 1), whole);
    Ok(())
}

/// Does one step, and returns its write units and its answer.
async fn count_step(
    stage: &Stage<'_>,
    function: &mut Sandbox,
    event: &Value,
) -> Result<(u64, Value), String> {
    stage.recorder.counting(true);
    let answer = function.invoke(event).await?;
    let passed = stage.recorder.wait_for_quiet().await;
    stage.recorder.counting(false);
    done(&answer)?;
    let units = passed.iter().map(|exchange| exchange.write_units).sum();
    if units == 0 {
        return Err(format!("it wrote nothing: {passed:?}"));
    }
    Ok((units, answer))
}
