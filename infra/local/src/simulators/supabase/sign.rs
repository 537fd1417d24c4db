//! Tokens of signed URLs: JWTs with HS256, as the hosted service signs them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::errors::Refusal;

#[derive(Serialize, Deserialize)]
struct Claims {
    url: String,
    iat: u64,
    exp: u64,
}

/// `target` is `bucket/path`; times are Unix seconds.
pub(super) fn token(key: &str, target: &str, now_s: u64, expires_in_s: u64) -> String {
    let claims =
        Claims { url: target.to_owned(), iat: now_s, exp: now_s.saturating_add(expires_in_s) };
    let claims = serde_json::to_vec(&claims).expect("plain strings and numbers serialise");
    let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims));
    format!("{signed}.{}", seal(key, &signed))
}

/// When the token ends, in Unix seconds.
pub(super) fn verify(key: &str, token: &str, target: &str, now_s: u64) -> Result<u64, Refusal> {
    let claims = open(key, token).ok_or(Refusal::Signature("signature verification failed"))?;
    if claims.url != target {
        return Err(Refusal::Signature("Invalid signature"));
    }
    if claims.exp <= now_s {
        Err(Refusal::Signature("\"exp\" claim timestamp check failed"))
    } else {
        Ok(claims.exp)
    }
}

fn open(key: &str, token: &str) -> Option<Claims> {
    let (signed, mark) = token.rsplit_once('.')?;
    let (_, claims) = signed.split_once('.').filter(|_| mark == seal(key, signed))?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

fn seal(key: &str, text: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes());
    let mac = mac.expect("HMAC takes a key of any length").chain_update(text);
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_one_object_until_it_ends() {
        let token = token("key", "videos/a.mp4", 100, 60);
        assert_eq!(verify("key", &token, "videos/a.mp4", 159), Ok(160));
        assert!(verify("key", &token, "videos/a.mp4", 160).is_err());
        assert!(verify("key", &token, "videos/b.mp4", 100).is_err());
        assert!(verify("other", &token, "videos/a.mp4", 100).is_err());
        assert!(verify("key", "x.y", "videos/a.mp4", 100).is_err());
    }
}
