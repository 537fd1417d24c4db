//! The one service account. Its private key is in the repository, because it opens nothing but this
//! simulator: no Google account has ever had it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

pub(super) const EMAIL: &str = "videos@local-simulator.iam.gserviceaccount.com";
pub(super) const PRIVATE_KEY: &str = include_str!("service_account.pem");

/// Clocks may differ by so much.
const SKEW_S: u64 = 300;

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
        "client_x509_cert_url": format!(
            "https://www.googleapis.com/robot/v1/metadata/x509/{}",
            EMAIL.replace('@', "%40"),
        ),
        "universe_domain": "googleapis.com",
    });
    format!("{file:#}\n")
}

/// What an assertion says; Google reads the rest of it too, but nothing here hangs on that.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: Option<String>,
    pub(super) sub: Option<String>,
    pub(super) aud: Option<String>,
    pub(super) scope: Option<String>,
    #[serde(default)]
    pub(super) iat: u64,
    #[serde(default)]
    pub(super) exp: u64,
}

impl Claims {
    /// Whether one of the scopes is this one.
    pub(super) fn has_scope(&self, wanted: &str) -> bool {
        self.scope.as_deref().unwrap_or_default().split(' ').any(|scope| scope == wanted)
    }

    /// Whether it lives so long at most, and now. Clocks may differ by five minutes.
    pub(super) fn is_timely(&self, lives_s: u64, now_s: u64) -> bool {
        let lives =
            self.exp.checked_sub(self.iat).is_some_and(|lives| 0 < lives && lives <= lives_s);
        lives && self.iat <= now_s + SKEW_S && now_s <= self.exp + SKEW_S
    }
}

/// Why an assertion is not read.
#[derive(Debug, PartialEq)]
pub(super) enum Unread {
    /// It is no JWT, or its claims are of wrong types.
    Malformed,
    /// Another key or another algorithm signed it.
    Signature,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

/// The claims of a JWT that this account signed; whether they hold now is for the caller to say.
pub(super) fn read(jwt: &str) -> Result<Claims, Unread> {
    let (signed, signature) = jwt.rsplit_once('.').ok_or(Unread::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(Unread::Malformed)?;
    let (header, claims): (Header, Claims) = (part(header)?, part(claims)?);
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Unread::Malformed)?;
    if header.alg != "RS256" || header.kid.is_some_and(|id| id != KEY_ID) {
        return Err(Unread::Signature);
    }
    let key =
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key_pair().public().as_ref().to_vec());
    key.verify(signed.as_bytes(), &signature).map(|()| claims).map_err(|_| Unread::Signature)
}

fn part<T: DeserializeOwned>(text: &str) -> Result<T, Unread> {
    let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| Unread::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| Unread::Malformed)
}

fn key_pair() -> RsaKeyPair {
    let text: String = PRIVATE_KEY.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(text).expect("the PEM file is base64");
    RsaKeyPair::from_pkcs8(&der).expect("the PEM file is an RSA key in PKCS#8")
}

/// A JWT that this account signs.
#[cfg(test)]
pub(super) fn sign(claims: &serde_json::Value) -> String {
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": KEY_ID});
    let signed = [&header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let (key, mut signature) = (key_pair(), [0; 256]);
    let (padding, random) = (&ring::signature::RSA_PKCS1_SHA256, ring::rand::SystemRandom::new());
    key.sign(padding, &random, signed.as_bytes(), &mut signature)
        .expect("the buffer has the key's length");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
