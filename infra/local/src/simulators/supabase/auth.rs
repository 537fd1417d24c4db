//! Who is calling. A key that starts with `sb_` is opaque, and counts in `apikey` only, where the
//! gateway swaps it for a role. A legacy key is a JWT, and counts in `Authorization`. Signatures of
//! other JWTs cannot be checked here. One that says `"role":"anon"` counts as the project's anon
//! key. Any other fails as a bad signature does.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::errors::Refusal;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    Service,
    /// May read what is public. The simulated project has no policy that would let it write.
    Anon,
}

impl Caller {
    /// Refuses a caller who may not write, in the words of the database's row-level security.
    pub(super) fn may_write(self) -> Result<(), Refusal> {
        match self {
            Self::Service => Ok(()),
            Self::Anon => Err(Refusal::Denied("new row violates row-level security policy")),
        }
    }
}

/// For routes that demand credentials.
pub(super) fn required(key: &str, headers: &HeaderMap) -> Result<Caller, Refusal> {
    identify(key, headers)?.ok_or(Refusal::NoAuthorization)
}

/// For reads of objects: without credentials, or with a token that does not verify, the caller is
/// anonymous.
pub(super) fn optional(key: &str, headers: &HeaderMap) -> Result<Caller, Refusal> {
    match identify(key, headers) {
        Err(Refusal::Denied(_)) => Ok(Caller::Anon),
        found => Ok(found?.unwrap_or(Caller::Anon)),
    }
}

/// For the resumable endpoint, which reads an absent token as an empty one.
pub(super) fn token(key: &str, headers: &HeaderMap) -> Result<Caller, Refusal> {
    identify(key, headers)?.ok_or(NOT_A_JWT)
}

const NOT_A_JWT: Refusal = Refusal::Denied("Invalid Compact JWS");

fn identify(key: &str, headers: &HeaderMap) -> Result<Option<Caller>, Refusal> {
    let apikey = text(headers, "apikey").unwrap_or_default();
    let bearer = text(headers, header::AUTHORIZATION.as_str()).map(|value| {
        let (scheme, rest) = value.split_once(' ').unwrap_or_default();
        if scheme.eq_ignore_ascii_case("bearer") { rest.trim() } else { value }
    });
    if apikey.starts_with("sb_secret_") && is_browser(headers) {
        return Err(Refusal::Gateway("Forbidden use of secret API key in browser"));
    }
    let by_apikey = match apikey {
        _ if apikey == key => Some(Caller::Service),
        _ if apikey.starts_with("sb_publishable_") => Some(Caller::Anon),
        _ if apikey.starts_with("sb_") => return Err(Refusal::Gateway("Invalid API key")),
        _ => None,
    };
    match bearer {
        // The gateway swaps only what is opaque: a legacy key in `apikey` alone leaves the server
        // without a token.
        None => Ok(by_apikey.filter(|_| apikey.starts_with("sb_"))),
        Some(opaque) if opaque.starts_with("sb_") => {
            by_apikey.filter(|_| apikey.starts_with("sb_")).map(Some).ok_or(NOT_A_JWT)
        }
        Some(jwt) => verify(key, jwt).map(Some),
    }
}

fn verify(key: &str, jwt: &str) -> Result<Caller, Refusal> {
    if jwt == key {
        return Ok(Caller::Service);
    }
    let parts: Vec<&str> = jwt.split('.').collect();
    let [_, claims, _] = parts.as_slice() else { return Err(NOT_A_JWT) };
    let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| NOT_A_JWT)?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).map_err(|_| NOT_A_JWT)?;
    if claims["role"] == "anon" {
        Ok(Caller::Anon)
    } else {
        Err(Refusal::Denied("signature verification failed"))
    }
}

fn is_browser(headers: &HeaderMap) -> bool {
    text(headers, header::USER_AGENT.as_str()).is_some_and(|agent| agent.contains("Mozilla/"))
}

/// A header's value when it is readable text.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    const SECRET: &str = "sb_secret_test";
    const LEGACY: &str = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2ln";
    const ANON: &str = "Bearer eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2ln";

    fn ask(key: &str, headers: &[(&'static str, &'static str)]) -> Result<Caller, Refusal> {
        required(
            key,
            &headers
                .iter()
                .map(|(k, v)| (k.parse().unwrap(), HeaderValue::from_static(v)))
                .collect(),
        )
    }

    #[test]
    fn an_opaque_key_counts_in_apikey_only() {
        assert_eq!(ask(SECRET, &[("apikey", SECRET)]), Ok(Caller::Service));
        assert_eq!(
            ask(SECRET, &[("apikey", SECRET), ("authorization", "Bearer sb_secret_test")]),
            Ok(Caller::Service)
        );
        assert_eq!(ask(SECRET, &[("authorization", "Bearer sb_secret_test")]), Err(NOT_A_JWT));
        assert_eq!(
            ask(SECRET, &[("apikey", "sb_secret_other")]),
            Err(Refusal::Gateway("Invalid API key"))
        );
        assert_eq!(ask(SECRET, &[("apikey", "sb_publishable_x")]), Ok(Caller::Anon));
        assert_eq!(ask(SECRET, &[]), Err(Refusal::NoAuthorization));
    }

    #[test]
    fn a_legacy_key_counts_in_authorization() {
        let bearer = "Bearer eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2ln";
        assert_eq!(
            ask(LEGACY, &[("apikey", LEGACY), ("authorization", bearer)]),
            Ok(Caller::Service)
        );
        assert_eq!(ask(LEGACY, &[("apikey", LEGACY)]), Err(Refusal::NoAuthorization));
        assert_eq!(ask(LEGACY, &[("authorization", ANON)]), Ok(Caller::Anon));
        assert_eq!(
            ask(SECRET, &[("authorization", bearer)]),
            Err(Refusal::Denied("signature verification failed"))
        );
        assert_eq!(ask(LEGACY, &[("authorization", "Bearer nonsense")]), Err(NOT_A_JWT));
    }

    #[test]
    fn a_secret_key_is_refused_from_a_browser() {
        let browser = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36");
        assert!(matches!(ask(SECRET, &[("apikey", SECRET), browser]), Err(Refusal::Gateway(_))));
        assert_eq!(
            ask(SECRET, &[("apikey", SECRET), ("user-agent", "ghub/1")]),
            Ok(Caller::Service)
        );
        let legacy =
            ("authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2ln");
        assert_eq!(ask(LEGACY, &[legacy, browser]), Ok(Caller::Service));
    }
}
