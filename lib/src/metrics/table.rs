//! The metrics of the project: name, unit and dimensions of each.

/// One metric. CloudWatch sums it by each set of dimensions in `by`.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// The name that CloudWatch shows.
    pub name: &'static str,
    /// CloudWatch's word for the unit.
    pub unit: &'static str,
    pub by: &'static [&'static [&'static str]],
}

pub(super) const IN_ALL: &[&[&str]] = &[&[]];
const BY_MODEL: &[&[&str]] = &[&["Model"]];
const BY_PROVIDER: &[&[&str]] = &[&["Provider"]];

pub(super) const SUBMITTED: Metric = Metric { name: "Submitted", unit: "Count", by: BY_MODEL };
pub(super) const COMPLETED: Metric = Metric { name: "Completed", unit: "Count", by: BY_PROVIDER };
pub(super) const FAILED: Metric =
    Metric { name: "Failed", unit: "Count", by: &[&["Provider"], &["Provider", "Reason"]] };
pub(super) const FAULTS: Metric = Metric { name: "Faults", unit: "Count", by: BY_PROVIDER };
pub(super) const CANCELLED_RENDERS: Metric =
    Metric { name: "CancelledRenders", unit: "Count", by: &[&[], &["Organization"]] };
pub(super) const STOPS_UNCONFIRMED: Metric =
    Metric { name: "StopsUnconfirmed", unit: "Count", by: BY_PROVIDER };
pub(super) const SECONDS_TO_COMPLETE: Metric =
    Metric { name: "SecondsToComplete", unit: "Seconds", by: BY_MODEL };
pub(super) const CHARGED_MXN: Metric = Metric { name: "ChargedMxn", unit: "None", by: IN_ALL };
pub(super) const PROVIDER_LATENCY: Metric =
    Metric { name: "ProviderLatency", unit: "Milliseconds", by: BY_PROVIDER };
pub(super) const PROVIDER_ERRORS: Metric =
    Metric { name: "ProviderErrors", unit: "Count", by: BY_PROVIDER };
pub(super) const PROVIDER_ACCOUNT_REFUSED: Metric =
    Metric { name: "ProviderAccountRefused", unit: "Count", by: BY_PROVIDER };
pub(super) const PROVIDER_SECRET_UNUSABLE: Metric =
    Metric { name: "ProviderSecretUnusable", unit: "Count", by: BY_PROVIDER };
pub(super) const REFUSALS: Metric = Metric { name: "Refusals", unit: "Count", by: &[&["Code"]] };
pub(super) const OVERDUE: Metric = Metric { name: "Overdue", unit: "Count", by: IN_ALL };
pub(super) const STORAGE_RETRIES: Metric =
    Metric { name: "StorageRetries", unit: "Count", by: IN_ALL };
pub(super) const ACCOUNTS_AUDITED: Metric =
    Metric { name: "AccountsAudited", unit: "Count", by: IN_ALL };
pub(super) const ACCOUNTS_DIFFERING: Metric =
    Metric { name: "AccountsDiffering", unit: "Count", by: IN_ALL };
pub(super) const ACCOUNTS_UNJUDGED: Metric =
    Metric { name: "AccountsUnjudged", unit: "Count", by: IN_ALL };
pub(super) const UNREADABLE_ITEMS: Metric =
    Metric { name: "UnreadableItems", unit: "Count", by: IN_ALL };

/// Every metric of the project.
pub const METRICS: [&Metric; 19] = [
    &SUBMITTED,
    &COMPLETED,
    &FAILED,
    &FAULTS,
    &CANCELLED_RENDERS,
    &STOPS_UNCONFIRMED,
    &SECONDS_TO_COMPLETE,
    &CHARGED_MXN,
    &PROVIDER_LATENCY,
    &PROVIDER_ERRORS,
    &PROVIDER_ACCOUNT_REFUSED,
    &PROVIDER_SECRET_UNUSABLE,
    &REFUSALS,
    &OVERDUE,
    &STORAGE_RETRIES,
    &ACCOUNTS_AUDITED,
    &ACCOUNTS_DIFFERING,
    &ACCOUNTS_UNJUDGED,
    &UNREADABLE_ITEMS,
];
