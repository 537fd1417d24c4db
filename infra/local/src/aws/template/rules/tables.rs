//! Tables: they hold money, and outlive mistakes.

use super::Breaches;
use crate::template::Template;

/// Kept when the stack goes, restorable, not deleted by hand, and with no capacity to run out of.
pub(super) fn tables_can_be_lost(template: &Template) -> Breaches {
    let lost = template.tables.iter().filter(|table| {
        !(table.retained
            && table.point_in_time_recovery
            && table.deletion_protected
            && table.on_demand)
    });
    lost.map(|table| table.logical_id.clone()).collect()
}

/// Idempotency records and void items are good for a day, and jobs of sandboxes for a week. Only
/// DynamoDB removes them.
pub(super) fn records_never_expire(template: &Template) -> Breaches {
    let expiring = ["JobsTable", "IdempotencyTable"];
    let records =
        template.tables.iter().filter(|table| expiring.contains(&table.logical_id.as_str()));
    records
        .filter(|table| table.ttl.as_deref() != Some("expires"))
        .map(|table| table.logical_id.clone())
        .collect()
}
