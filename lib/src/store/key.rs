//! API keys: kept only as a hash, never deleted, so that a revoked key can be told from one that
//! never was.

use super::error::{StoreError, Trouble, trouble};
use super::{Store, Table};
use crate::actor::Actor;
use crate::id::OrgId;
use crate::time::Timestamp;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// The SHA-256 of a key, as lower-case hex. A key has 190 bits of randomness, so no salt or slow
/// hash is needed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyHash(String);

impl KeyHash {
    /// Hashes a whole key.
    pub fn of(key: &str) -> Self {
        Self(hex::encode(Sha256::digest(key)))
    }

    /// A hash as it is printed, so that a key can be revoked without being at hand. `None` when the
    /// text is no hash.
    pub fn from_hex(text: &str) -> Option<Self> {
        let is_hash =
            text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_hash.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is kept of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// The key's hash.
    pub hash: KeyHash,
    /// Whose.
    pub org: OrgId,
    /// What its owner calls it, such as `prod-web`.
    pub name: String,
    /// The last four characters, to recognize it by.
    pub last4: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revoked: Option<Timestamp>,
    /// Who made it by hand, if that was written down.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub created_by: Option<Actor>,
    /// Who revoked it by hand, if that was written down.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revoked_by: Option<Actor>,
    /// The beginning of the day, in UTC, on which it last opened a request; none if it has not
    /// since that is written down.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_used: Option<Timestamp>,
}

impl Store {
    /// The key with this hash, revoked or not.
    pub async fn key(&self, hash: &KeyHash) -> Result<Option<ApiKey>, StoreError> {
        let found = self
            .retried(|| async {
                let get = self.db.get_item().table_name(self.table(Table::Keys));
                get.key("hash", AttributeValue::S(hash.0.clone()))
                    .send()
                    .await
                    .map(|answer| answer.item)
                    .map_err(trouble)
            })
            .await?;
        found
            .map(serde_dynamo::from_item)
            .transpose()
            .map_err(|error| StoreError::Broken(error.into()))
    }

    /// Stores a new key. A repeat writes the same item.
    pub async fn create_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        let key = ApiKey { created_by: self.actor.clone(), ..key.clone() };
        self.retried(|| async {
            let item = serde_dynamo::to_item(&key).map_err(|error| Trouble::Final(error.into()))?;
            let put = self.db.put_item().table_name(self.table(Table::Keys)).set_item(Some(item));
            put.send().await.map(drop).map_err(trouble)
        })
        .await
    }

    /// Revokes a key; the first revocation's time and name stay. `false` when there is no such key.
    /// Warm functions notice within 60 s.
    pub async fn revoke_key(&self, hash: &KeyHash, now: Timestamp) -> Result<bool, StoreError> {
        let (set, by) = match &self.actor {
            Some(actor) => {
                ("SET revoked = :now, revoked_by = :by", Some(AttributeValue::S(actor.to_string())))
            }
            None => ("SET revoked = :now", None),
        };
        self.retried(|| async {
            let update = self.update_key(hash).update_expression(set);
            let update = update
                .condition_expression("attribute_exists(#hash) AND attribute_not_exists(revoked)");
            let update = update
                .expression_attribute_values(":now", AttributeValue::N(now.unix_s().to_string()));
            let update = by
                .iter()
                .fold(update, |update, by| update.expression_attribute_values(":by", by.clone()));
            let update = update.return_values_on_condition_check_failure(
                ReturnValuesOnConditionCheckFailure::AllOld,
            );
            match update.send().await {
                Ok(_) => Ok(true),
                Err(error) => match error.as_service_error() {
                    Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                        Ok(failed.item().is_some())
                    }
                    _ => Err(trouble(error)),
                },
            }
        })
        .await
    }

    /// Keeps the day on which a key was used, unless it is known to have been used on that day or
    /// later. It writes nothing else of the key, and makes none: roles may write this attribute
    /// alone.
    pub async fn keep_day_of_use(&self, hash: &KeyHash, day: Timestamp) -> Result<(), StoreError> {
        self.retried(|| async {
            let update = self.update_key(hash).update_expression("SET last_used = :day");
            let update = update.condition_expression(
                "attribute_exists(#hash) AND (attribute_not_exists(last_used) OR last_used < :day)",
            );
            let update = update
                .expression_attribute_values(":day", AttributeValue::N(day.unix_s().to_string()));
            match update.send().await {
                Ok(_) => Ok(()),
                Err(error) => match error.as_service_error() {
                    Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                    _ => Err(trouble(error)),
                },
            }
        })
        .await
    }

    fn update_key(&self, hash: &KeyHash) -> UpdateItemFluentBuilder {
        let update = self.db.update_item().table_name(self.table(Table::Keys));
        update
            .key("hash", AttributeValue::S(hash.0.clone()))
            .expression_attribute_names("#hash", "hash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_as_it_is_printed_and_nothing_else_is_one() {
        let key = "ghub_sk_live_0123456789abcdef0123456789abcdef";
        let printed = KeyHash::of(key).to_string();
        assert_eq!(KeyHash::from_hex(&printed), Some(KeyHash::of(key)));
        for text in ["", key, &printed[1..], &printed.to_uppercase()] {
            assert_eq!(KeyHash::from_hex(text), None, "{text}");
        }
    }
}
