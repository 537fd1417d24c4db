//! The one service account. Its private key is in the repository, because it opens nothing but this simulator: no Google account
//! has ever had it.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use ring::signature::RsaKeyPair;
use serde::Deserialize;
use serde_json::json;

use super::rs256;

pub(super) const EMAIL: &str = "videos@local-simulator.iam.gserviceaccount.com";
pub(super) const PRIVATE_KEY: &str = include_str!("service_account.pem");
const KEY_ID: &str = "5f1d0c2ba7e94c0f8e1c7b6a3d9250e4f8a1b2c3";

/// The key file as Google's console hands it out.
pub(super) fn key_file(project: &str, token_uri: &str) -> String {
    let file = json!({
        "type": "service_account",
        "project_id": project,
        "private_key_id": KEY_ID,
        "private_key": PRIVATE_KEY,
        "client_email": EMAIL,
        "client_id": "100000000000000000001",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": token_uri,
        "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
        "client_x509_cert_url": format!("https://www.googleapis.com/robot/v1/metadata/x509/{}", EMAIL.replace('@', "%40")),
        "universe_domain": "googleapis.com",
    });
    format!("{file:#}\n")
}

/// What an assertion says. A claim that is absent or of another type reads as nothing.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    #[serde(default)]
    pub(super) iss: String,
    #[serde(default)]
    pub(super) aud: String,
    #[serde(default)]
    pub(super) scope: String,
    #[serde(default)]
    pub(super) iat: u64,
    #[serde(default)]
    pub(super) exp: u64,
}

/// Why an assertion is not read.
#[derive(Debug, PartialEq)]
pub(super) enum Unread {
    /// It is no JWT, or its claims are of wrong types.
    Malformed,
    /// Somebody else's key signed it, or another algorithm did.
    Signature,
}

/// The claims of an assertion that this account signed; whether they hold now is for the caller to say.
pub(super) fn read(assertion: &str) -> Result<Claims, Unread> {
    static KEY: LazyLock<DecodingKey> = LazyLock::new(|| DecodingKey::from_rsa_der(key_pair().public().as_ref()));

    rs256::install();
    let header = decode_header(assertion).map_err(|_| Unread::Malformed)?;
    if header.kid.is_some_and(|id| id != KEY_ID) {
        return Err(Unread::Signature);
    }
    let mut signature_only = Validation::new(Algorithm::RS256);
    signature_only.required_spec_claims.clear();
    (signature_only.validate_exp, signature_only.validate_aud) = (false, false);
    let token = decode(assertion, &KEY, &signature_only).map_err(|error| match error.into_kind() {
        jsonwebtoken::errors::ErrorKind::Json(_) => Unread::Malformed,
        _ => Unread::Signature,
    })?;
    Ok(token.claims)
}

/// The private key as DER.
pub(super) fn der() -> Vec<u8> {
    let text: String = PRIVATE_KEY.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(text).expect("the PEM file is base64")
}

fn key_pair() -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(&der()).expect("the PEM file is an RSA key in PKCS#8")
}
