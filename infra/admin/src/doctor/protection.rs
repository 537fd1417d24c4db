//! Checks what protects a table without serving it. Without it everything works, until something
//! else goes wrong.

use super::aws::{Refusal, refusal};
use super::finding::Finding;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::describe_continuous_backups::DescribeContinuousBackupsOutput;
use aws_sdk_dynamodb::operation::describe_time_to_live::DescribeTimeToLiveOutput;
use aws_sdk_dynamodb::types::{PointInTimeRecoveryStatus, TableDescription, TimeToLiveStatus};

/// Checks all protections. `expires` is the attribute by which DynamoDB removes items, if there is
/// one.
pub async fn look(
    (db, endpoint): (&Client, Option<&str>),
    name: &str,
    described: &TableDescription,
    expires: Option<&str>,
    finding: &mut Finding,
) {
    const RECOVERY: &str = "point-in-time recovery";
    let command = |action, setting| format!("aws dynamodb {action} --table-name {name} {setting}");
    match db.describe_continuous_backups().table_name(name).send().await {
        Ok(answer) => {
            let setting = "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true";
            expect(
                finding,
                recovers(&answer),
                RECOVERY,
                &command("update-continuous-backups", setting),
            );
        }
        Err(error) => match refusal(&error, "dynamodb:DescribeContinuousBackups", endpoint) {
            Refusal::Unknown => {
                finding.ok("an emulator, which has no backups and no protection to look at");
                return;
            }
            Refusal::Said(why, advice) => {
                finding.warn(format!("{RECOVERY} could not be read ({why})"), advice)
            }
        },
    }
    let protected = described.deletion_protection_enabled == Some(true);
    expect(
        finding,
        protected,
        "deletion protection",
        &command("update-table", "--deletion-protection-enabled"),
    );
    let Some(attribute) = expires else { return };
    match db.describe_time_to_live().table_name(name).send().await {
        Ok(answer) => {
            let setting =
                format!("--time-to-live-specification Enabled=true,AttributeName={attribute}");
            expect(
                finding,
                expire(&answer, attribute),
                "time to live",
                &command("update-time-to-live", &setting),
            );
        }
        Err(error) => match refusal(&error, "dynamodb:DescribeTimeToLive", endpoint) {
            Refusal::Unknown => {}
            Refusal::Said(why, advice) => {
                finding.warn(format!("time to live could not be read ({why})"), advice)
            }
        },
    }
}

fn recovers(answer: &DescribeContinuousBackupsOutput) -> bool {
    let described = answer.continuous_backups_description();
    let recovery = described.and_then(|described| described.point_in_time_recovery_description());
    recovery.and_then(|recovery| recovery.point_in_time_recovery_status())
        == Some(&PointInTimeRecoveryStatus::Enabled)
}

fn expire(answer: &DescribeTimeToLiveOutput, attribute: &str) -> bool {
    answer.time_to_live_description().is_some_and(|described| {
        let status = described.time_to_live_status();
        let on = matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling));
        on && described.attribute_name() == Some(attribute)
    })
}

fn expect(finding: &mut Finding, on: bool, what: &str, command: &str) {
    if on {
        finding.ok(what);
    } else {
        finding.warn(
            format!("no {what}"),
            format!("The template turns it on; this does it again: {command}"),
        );
    }
}
