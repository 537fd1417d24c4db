//! An organization's jobs, the newest first. A job's key ends in its id, and ids are ordered by
//! time: a place in the list is an id, of a job that is there or not, and jobs that are added
//! meanwhile come before it.

use super::error::{StoreError, Trouble, trouble};
use super::page::Page;
use super::{Store, Table, item};
use crate::id::{JobId, OrgId};
use crate::job::Job;
use crate::status::Status;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;
use tokio::time::Instant;

/// The second look of a search, in jobs, and the last one: what matches nothing would else be
/// looked for in all jobs that an organization ever had, at the operator's cost. A look reads 1 MB
/// at most, which takes 256 units. API Gateway lets 20 lists a second through (`RouteSettings` in
/// the template): at two looks these are 10,240 units a second, fewer than the 12,000 that a new
/// table has. The first look is at one page of jobs, so that what is found soon is found cheaply.
const SECOND_LOOK: i32 = 1_000;

/// Which of an organization's jobs are looked for; all, unless it says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'w> {
    /// Those of one status.
    pub status: Option<Status>,
    /// Those of one model.
    pub model: Option<&'w str>,
    /// Those older than this one, which need not be there.
    pub older_than: Option<JobId>,
    /// Those too that their owner deleted: for the operator, never for a caller.
    pub deleted_too: bool,
}

/// What a search found.
#[derive(Debug)]
pub struct Found {
    /// The newest first.
    pub jobs: Vec<Job>,
    /// Where to go on, if there may be more: behind the last job found, or behind an older one that
    /// the search still looked at.
    pub reached: Option<JobId>,
}

impl Store {
    /// At most `most` jobs of an organization; fewer than there are when one search does not get to
    /// them. A job is found by whoever has been told of it. The whole search has the store's
    /// budget; what it has not got to by then is left to the next one.
    pub async fn jobs(
        &self,
        org: OrgId,
        wanted: Wanted<'_>,
        most: usize,
    ) -> Result<Found, StoreError> {
        let end = Instant::now() + self.budget;
        let (mut jobs, mut from) = (Vec::new(), wanted);
        // one more tells whether there are more
        let first_look = i32::try_from(most).unwrap_or(i32::MAX).saturating_add(1);
        for at_once in [first_look, SECOND_LOOK] {
            let (items, last) = match self
                .retried_until(end, || self.wanted_among(org, from, at_once))
                .await
            {
                Ok(page) => page,
                // What was looked through need not be looked through again: who asked goes on from
                // here.
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

    /// Those that are wanted among so many jobs, and the last of these if there are more behind it.
    async fn wanted_among(
        &self,
        org: OrgId,
        wanted: Wanted<'_>,
        at_once: i32,
    ) -> Result<Page, Trouble> {
        let filters = [
            wanted.status.map(|status| ("status", status.as_str())),
            wanted.model.map(|model| ("model", model)),
        ];
        let mut values = HashMap::from([(":org".to_owned(), AttributeValue::S(org.to_string()))]);
        let mut query = self.db.query().table_name(self.table(Table::Jobs)).consistent_read(true);
        // `#` before the names: `status` is a word of DynamoDB's own.
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
            // so that what is not shown is not carried here
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
