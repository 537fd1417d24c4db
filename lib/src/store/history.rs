//! Lists the jobs of one organization, the newest first.
//!
//! The table's sort key is the job id, a UUIDv7, so jobs are ordered by the time of their
//! submission. A page begins after a given id. A job with that id need not exist. What a caller who
//! follows the pages can rely on:
//!
//! - No job is listed twice, since each page has only older jobs than the page before.
//! - Every job that was there when the first page was read is listed, if it matches when its own
//!   page is read. A job may change its status or be deleted between two pages.
//! - A job that is added meanwhile is newer than the first page, as far as clocks agree. A new
//!   search lists it, and the later pages do not.
//!
//! A search sends at most two queries to DynamoDB. DynamoDB applies the filters after it has read,
//! so the first query may find fewer jobs than asked for. Then a second query reads many more. If
//! that is not enough, the page is short, and [`Found::reached`] says where the next search begins.

use super::error::{StoreError, Trouble, trouble};
use super::page::Page;
use super::{Store, Table, item};
use crate::id::{JobId, OrgId};
use crate::job::Job;
use crate::status::Status;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;
use tokio::time::Instant;

/// How many jobs the second and last query of a search reads. A job's item has roughly 1 KB, and a
/// query reads 1 MB at most, so 1,000 jobs are what one query can read.
///
/// There is no third query, for a filter that matches nothing would read all jobs of an
/// organization at the operator's cost. A consistent read of 1 MB costs 256 read units. API Gateway
/// lets 20 lists a second through (`RouteSettings` in the template). With two queries each they
/// cost 10,240 units a second at most, and a new on-demand table allows 12,000.
///
/// The first query reads only one page of jobs, so a search that soon finds enough is cheap.
const SECOND_QUERY: i32 = 1_000;

/// Which jobs of an organization are listed. The default is all that their owner may see.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'w> {
    pub status: Option<Status>,
    pub model: Option<&'w str>,
    /// The caller's own end user.
    pub user: Option<&'w str>,
    /// Only jobs older than this one. It need not exist.
    pub older_than: Option<JobId>,
    /// Also the jobs that their owner deleted and those of a sandbox that have expired. For the
    /// operator, never for a caller.
    pub deleted_too: bool,
}

/// The result of a search.
#[derive(Debug)]
pub struct Found {
    pub jobs: Vec<Job>,
    /// The `older_than` of the next search, if there may be more jobs. It is the last job listed,
    /// or an older one that was read and did not match.
    pub reached: Option<JobId>,
}

impl Store {
    /// Lists at most `most` jobs. The list may be shorter although there are more: then
    /// [`Found::reached`] is set.
    ///
    /// Reads are consistent: a job is listed as soon as its submit was answered. An item that
    /// cannot be read is left out, logged and counted.
    ///
    /// # Errors
    ///
    /// Both queries together have the store's budget. If it ends during the second query, the jobs
    /// of the first are returned. If it ends during the first, the error is
    /// [`StoreError::Unavailable`].
    pub async fn jobs(
        &self,
        org: OrgId,
        wanted: Wanted<'_>,
        most: usize,
    ) -> Result<Found, StoreError> {
        let end = Instant::now() + self.budget;
        let (mut jobs, mut from) = (Vec::new(), wanted);
        // One job more than asked for tells whether there are more.
        let first_query = i32::try_from(most).unwrap_or(i32::MAX).saturating_add(1);
        for at_once in [first_query, SECOND_QUERY] {
            let (items, last) = match self
                .retry_until(end, || self.query_page(org, from, at_once))
                .await
            {
                Ok(page) => page,
                // The jobs of the first query are returned. The caller's next search begins after
                // the last job that this query read.
                Err(StoreError::Unavailable(_)) if from.older_than != wanted.older_than => break,
                Err(error) => return Err(error),
            };
            for item in items {
                let is_kept = !item::has_expired(&item, self.ambient.now());
                let Some(job) = self.readable(Table::Jobs, item, item::to_job) else { continue };
                let Some(job) =
                    (if wanted.deleted_too { Some(job) } else { job.shown().filter(|_| is_kept) })
                else {
                    continue;
                };
                if jobs.len() == most {
                    return Ok(Found { reached: jobs.last().map(|job: &Job| job.id()), jobs });
                }
                jobs.push(job);
            }
            let Some(last) = last else { return Ok(Found { jobs, reached: None }) };
            from.older_than = Some(item::to_job_id(last).map_err(StoreError::Broken)?);
        }
        Ok(Found { jobs, reached: from.older_than })
    }

    /// Reads the next `at_once` jobs. Returns those that match, and the key of the last one read if
    /// there are more.
    async fn query_page(
        &self,
        org: OrgId,
        wanted: Wanted<'_>,
        at_once: i32,
    ) -> Result<Page, Trouble> {
        let filters = [
            wanted.status.map(|status| ("status", status.as_str())),
            wanted.model.map(|model| ("model", model)),
            wanted.user.map(|user| ("user", user)),
        ];
        let mut values = HashMap::from([(":org".to_owned(), AttributeValue::S(org.to_string()))]);
        let mut query = self.db.query().table_name(self.table(Table::Jobs)).consistent_read(true);
        // DynamoDB reserves the word `status`, so names are written with `#`.
        for (name, value) in filters.into_iter().flatten() {
            query = query.expression_attribute_names(format!("#{name}"), name);
            values.insert(format!(":{name}"), AttributeValue::S(value.to_owned()));
        }
        let mut conditions: Vec<_> =
            filters.iter().flatten().map(|(name, _)| format!("#{name} = :{name}")).collect();
        query = query.expression_attribute_names("#void", item::VOID);
        conditions.push(item::NOT_VOID.to_owned());
        if !wanted.deleted_too {
            query = query.expression_attribute_names("#deleted", "deleted");
            // The filter saves the transfer of jobs that are not shown.
            conditions.push("attribute_not_exists(#deleted)".to_owned());
        }
        let key = match wanted.older_than {
            None => "org = :org",
            Some(job) => {
                values.insert(":job".to_owned(), AttributeValue::S(job.to_string()));
                "org = :org AND job < :job"
            }
        };
        let query =
            query.key_condition_expression(key).set_expression_attribute_values(Some(values));
        let query = query.filter_expression(conditions.join(" AND "));
        let answer =
            query.scan_index_forward(false).limit(at_once).send().await.map_err(trouble)?;
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
    }
}
