//! API keys. Only the hash of a key is stored. Items are never deleted, so a revoked key can be
//! told from one that never existed.

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

/// The SHA-256 of a key, in lower-case hex. A key has 190 random bits, so it needs no salt and no
/// slow hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyHash(String);

impl KeyHash {
    /// Hashes a whole key.
    pub fn of(key: &str) -> Self {
        Self(hex::encode(Sha256::digest(key)))
    }

    /// Reads a hash as it is printed, so that a key can be revoked by its hash alone. `None` when
    /// the text is not a hash.
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

/// A key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    pub hash: KeyHash,
    pub org: OrgId,
    /// The name that its owner gave it, such as `prod-web`.
    pub name: String,
    /// The last four characters of the key, shown to its owner.
    pub last4: String,
    pub created: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revoked: Option<Timestamp>,
    /// The person who made it, if that was recorded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub created_by: Option<Actor>,
    /// The person who revoked it, if that was recorded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revoked_by: Option<Actor>,
    /// The start of the last day (UTC) on which a request used it. `None` if it was not used since
    /// this attribute exists.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_used: Option<Timestamp>,
}

impl Store {
    /// Reads the key with this hash, revoked or not.
    pub async fn key(&self, hash: &KeyHash) -> Result<Option<ApiKey>, StoreError> {
        let found = self
            .retry(|| async {
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
        self.retry(|| async {
            let item = serde_dynamo::to_item(&key).map_err(|error| Trouble::Final(error.into()))?;
            let put = self.db.put_item().table_name(self.table(Table::Keys)).set_item(Some(item));
            put.send().await.map(drop).map_err(trouble)
        })
        .await
    }

    /// Revokes a key. A repeat is safe: the first revocation's time and name stay. `false` when
    /// there is no such key. Functions that remember the key still accept it for up to 60 s.
    pub async fn revoke_key(&self, hash: &KeyHash, now: Timestamp) -> Result<bool, StoreError> {
        let (set, by) = match &self.actor {
            Some(actor) => {
                ("SET revoked = :now, revoked_by = :by", Some(AttributeValue::S(actor.to_string())))
            }
            None => ("SET revoked = :now", None),
        };
        self.retry(|| async {
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

    /// Records the day on which a key was used, unless that day or a later one is recorded. It
    /// changes this attribute alone and creates no item: the functions' roles allow no more. A
    /// repeat is safe.
    pub async fn keep_day_of_use(&self, hash: &KeyHash, day: Timestamp) -> Result<(), StoreError> {
        self.retry(|| async {
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
