//! `cargo admin key …`: API keys. `create` prints a key once; after that, only its hash is known.

use crate::environment::Operator;
use crate::failure::Failure;
use crate::output::{Answer, Listing, Report, day, moment};
use clap::Subcommand;
use ghub::actor::Actor;
use ghub::foreign_text::printable;
use ghub::id::OrgId;
use ghub::onboarding::create_key;
use ghub::store::{ApiKey, KeyHash};
use serde_json::json;
use std::io;

/// The longest name, in characters, which fits in a column of a table.
const LONGEST_NAME: usize = 64;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create a key and print it, once
    Create {
        /// The id of the organization
        #[arg(long, value_name = "UUID")]
        org: OrgId,
        /// What the owner of the key calls it, such as prod-web
        #[arg(long, value_parser = name)]
        name: String,
        /// Create a key for testing, with which nothing is rendered and nothing is charged
        #[arg(long)]
        sandbox: bool,
    },
    /// Show the keys of an organization and of its sandbox. This reads the keys of all
    /// organizations, which is quick up to some ten thousand
    List {
        /// The id of the organization
        #[arg(long, value_name = "UUID")]
        org: OrgId,
    },
    /// Revoke a key; all functions refuse it within 60 s
    Revoke {
        /// The key or its hash. With - it is read from standard input, which keeps it out of the
        /// shell's history
        #[arg(value_name = "KEY", required_unless_present = "hash")]
        key: Option<String>,
        /// The key's hash, as `key create` printed it
        #[arg(long, conflicts_with = "key")]
        hash: Option<String>,
    },
}

pub async fn run(command: Command, operator: &Operator) -> Result<Answer, Failure> {
    Ok(match command {
        Command::Create { org, name, sandbox } => {
            create(if sandbox { org.sandbox() } else { org }, &name, operator).await?.into()
        }
        Command::List { org } => list(org, operator).await?.into(),
        Command::Revoke { hash: Some(hash), .. } => {
            revoke(&KeyHash::from_hex(&hash).ok_or(Failure::NotAHash)?, operator).await?.into()
        }
        Command::Revoke { key, hash: None } => {
            revoke(&named(key.as_deref(), io::stdin().lock())?, operator).await?.into()
        }
    })
}

async fn list(org: OrgId, operator: &Operator) -> Result<Listing, Failure> {
    operator.account(org).await?;
    let mut keys = operator.store.keys(org).await?;
    if !org.is_sandbox() {
        keys.extend(operator.store.keys(org.sandbox()).await?);
    }
    let row = |key: &ApiKey| {
        let revoked = key
            .revoked
            .map_or_else(|| "no".to_owned(), |at| by(moment(at), key.revoked_by.as_ref()));
        // A key without a maker is older than the record of uses.
        let unused = if key.created_by.is_some() { "never" } else { "not known" };
        let last_used = key.last_used.map_or_else(|| unused.to_owned(), day);
        let kind = if key.org.is_sandbox() { "sandbox" } else { "live" };
        vec![
            key.name.clone(),
            kind.to_owned(),
            format!("…{}", key.last4),
            by(moment(key.created), key.created_by.as_ref()),
            last_used,
            revoked,
            key.hash.to_string(),
        ]
    };
    let note =
        if keys.is_empty() { "It has no key. `cargo admin key create` makes one." } else { "" };
    Ok(Listing {
        json: json!({"org": org, "keys": keys}),
        head: &["NAME", "KIND", "ENDS IN", "CREATED", "LAST USED", "REVOKED", "HASH"],
        rows: keys.iter().map(row).collect(),
        note: note.to_owned(),
    })
}

fn by(what: String, actor: Option<&Actor>) -> String {
    actor.map_or(what.clone(), |actor| format!("{what} by {actor}"))
}

async fn create(org: OrgId, name: &str, operator: &Operator) -> Result<Report, Failure> {
    let key = create_key(&operator.store, &operator.ambient, org, name).await;
    let key = key.map_err(|why| Failure::no_key(org, why))?;
    let hash = KeyHash::of(&key);
    let table = vec![
        ("key", key.clone()),
        ("organization", org.to_string()),
        ("name", name.to_owned()),
        ("hash", hash.to_string()),
    ];
    let note = "Keep the key now: only its hash is stored, so it cannot be shown again.".to_owned();
    Ok(Report { json: json!({"key": key, "org": org, "name": name, "hash": hash}), table, note })
}

async fn revoke(hash: &KeyHash, operator: &Operator) -> Result<Report, Failure> {
    // This read only tells which key it is. It may miss a key that was created a moment ago; the
    // write below does not.
    let known = operator.store.key(hash).await?;
    let now = operator.ambient.now();
    if !operator.store.revoke_key(hash, now).await? {
        return Err(Failure::NoSuchKey(hash.clone()));
    }
    let before = known.as_ref().and_then(|key| key.revoked);
    let revoked = before.unwrap_or(now);
    let mut json = json!({"hash": hash, "revoked": revoked, "revoked_before": before.is_some()});
    let mut table = vec![("hash", hash.to_string())];
    if let Some(key) = known {
        (json["org"], json["name"], json["last4"]) =
            (json!(key.org), json!(key.name), json!(key.last4));
        table.extend([
            ("organization", key.org.to_string()),
            ("name", key.name),
            ("ends in", key.last4),
        ]);
    }
    table.push(("revoked", moment(revoked)));
    let note = match before {
        Some(_) => "It had been revoked before; nothing was changed.",
        None => "It is revoked. Functions that are warm have remembered it and notice within 60 s.",
    };
    Ok(Report { json, table, note: note.to_owned() })
}

/// The hash of the key that an argument or standard input has. The text may be the key or its hash.
fn named(argument: Option<&str>, mut input: impl io::BufRead) -> Result<KeyHash, Failure> {
    let mut line = String::new();
    let text = match argument {
        Some("-") | None => {
            input.read_line(&mut line)?;
            line.trim()
        }
        Some(text) => text.trim(),
    };
    if text.is_empty() {
        return Err(Failure::NoKeyRead);
    }
    Ok(KeyHash::from_hex(text).unwrap_or_else(|| KeyHash::of(text)))
}

fn name(text: &str) -> Result<String, String> {
    let fits =
        text.chars().count() <= LONGEST_NAME && printable(text) == text && text.trim() == text;
    if fits && !text.is_empty() {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "a name has 1 to {LONGEST_NAME} characters, without control or invisible characters and without blanks \
             around it"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_by_itself_or_by_its_hash_from_either_side() {
        let key = "ghub_sk_live_0123456789abcdef0123456789abcdef";
        let hash = KeyHash::of(key);
        for (argument, input) in [
            (key.to_owned(), String::new()),
            (hash.to_string(), String::new()),
            ("-".to_owned(), format!("{key}\n")),
            ("-".to_owned(), format!("  {hash}\r\n")),
        ] {
            assert_eq!(
                named(Some(&argument), input.as_bytes()).unwrap(),
                hash,
                "{argument} {input}"
            );
        }
        assert!(matches!(named(Some("-"), &b"\n"[..]), Err(Failure::NoKeyRead)));
    }

    #[test]
    fn a_name_is_one_short_line() {
        assert_eq!(name("prod web ñ"), Ok("prod web ñ".to_owned()));
        for text in ["", " ", " a", "a\n", "a\tb", "a\u{202e}b", &"a".repeat(65)] {
            assert!(name(text).is_err(), "{text:?}");
        }
    }
}
