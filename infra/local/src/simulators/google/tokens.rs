//! The token endpoint, and who is let in: with a token that was issued there, or with one that the
//! service account signed itself.
//! <https://developers.google.com/identity/protocols/oauth2/service-account>,
//! <https://google.aip.dev/auth/4111>

use std::time::UNIX_EPOCH;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::account::{self, Claims, Unread};
use super::answer::{Reason, Refusal};
use super::{Google, models};

pub(super) const PATH: &str = "/token";

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Google's own endpoint. Its clients name it as the audience whatever `token_uri` they post to
/// (google-auth 2.62).
const GOOGLE_TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

/// An assertion lives an hour at most. A self-signed token may have the seconds more that Google's
/// own libraries give it.
const ASSERTION_LIVES_S: u64 = 3600;
const SELF_SIGNED_LIVES_S: u64 = ASSERTION_LIVES_S + 60;

/// An assertion is two kilobytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

pub(super) async fn answer(State(google): State<Google>, request: Request) -> Response {
    let body = to_bytes(request.into_body(), MAX_BODY_BYTES).await.unwrap_or_default();
    match grant(&google, &body) {
        Ok(token) => oauth(StatusCode::OK, &token),
        Err((error, text)) => {
            oauth(StatusCode::BAD_REQUEST, &json!({"error": error, "error_description": text}))
        }
    }
}

fn oauth(status: StatusCode, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json; charset=utf-8")], format!("{body:#}"))
        .into_response()
}

/// OAuth's word for what is wrong, and Google's sentence.
type Denied = (&'static str, String);

fn grant(google: &Google, body: &[u8]) -> Result<Value, Denied> {
    let field = |name: &str| {
        url::form_urlencoded::parse(body).find(|(key, _)| key == name).map(|(_, value)| value)
    };
    let grant_type = field("grant_type").unwrap_or_default();
    if grant_type != GRANT_TYPE {
        return Err(("unsupported_grant_type", format!("Invalid grant_type: {grant_type}")));
    }
    let assertion = field("assertion").filter(|assertion| !assertion.is_empty());
    let assertion =
        assertion.ok_or(("invalid_request", "Missing required parameter: assertion".to_owned()))?;
    let claims = account::read(&assertion).map_err(|unread| {
        let text = match unread {
            Unread::Malformed => "Bad Request",
            Unread::Signature => "Invalid JWT Signature.",
        };
        ("invalid_grant", text.to_owned())
    })?;
    let now_s = google.now_ms() / 1000;
    check(&claims, &google.token_uri(), now_s)?;

    let lives_s = google.state().settings.token_lives_s;
    let token = issue(now_s + lives_s);
    Ok(json!({"access_token": token, "expires_in": lives_s, "token_type": "Bearer"}))
}

fn check(claims: &Claims, token_uri: &str, now_s: u64) -> Result<(), Denied> {
    let denied = |text: &str| Err(("invalid_grant", text.to_owned()));
    if claims.iss.as_deref() != Some(account::EMAIL) {
        return denied("Invalid grant: account not found");
    }
    if ![token_uri, GOOGLE_TOKEN_URI].contains(&claims.aud.as_deref().unwrap_or_default()) {
        return denied(
            "Invalid JWT: Failed audience check. The right audience is \
             https://oauth2.googleapis.com/token",
        );
    }
    if !claims.is_timely(ASSERTION_LIVES_S, now_s) {
        return denied(
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable \
             timeframe. Check your iat and exp values in the JWT claim.",
        );
    }
    if !claims.has_scope(SCOPE) {
        return Err((
            "invalid_scope",
            "Invalid OAuth scope or ID token audience provided.".to_owned(),
        ));
    }
    Ok(())
}

/// A token that says when it ends and proves that it was issued here, so that none has to be kept.
fn issue(ends_s: u64) -> String {
    let text = format!("{ends_s:x}-{}", uuid::Uuid::new_v4().simple());
    format!("ya29.{text}-{}", proof(&text))
}

fn proof(text: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(account::PRIVATE_KEY.as_bytes());
    let mac = mac.expect("HMAC takes a key of any length").chain_update(text);
    hex::encode(mac.finalize().into_bytes())
}

/// A service by the name that a self-signed token may have as its audience.
#[derive(Clone, Copy)]
pub(super) enum Service {
    Vertex,
    Storage,
}

/// Lets in a caller with a token that has not ended.
pub(super) fn admit(google: &Google, headers: &HeaderMap, service: Service) -> Result<(), Reason> {
    let given = headers.get(AUTHORIZATION).ok_or(Reason::Missing)?;
    let token = given
        .to_str()
        .ok()
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or(Reason::Invalid)?;
    match token.strip_prefix("ya29.") {
        Some(rest) => issued(google, rest),
        None => self_signed(token, service),
    }
}

fn issued(google: &Google, token: &str) -> Result<(), Reason> {
    let parts = token.rsplit_once('-').filter(|(text, given)| proof(text) == *given);
    let (text, _) = parts.ok_or(Reason::Invalid)?;
    let ends_s = text
        .split_once('-')
        .and_then(|(ends, _)| u64::from_str_radix(ends, 16).ok())
        .unwrap_or_default();
    if google.now_ms() / 1000 >= ends_s { Err(Reason::Expired) } else { Ok(()) }
}

/// Google's libraries take the time of what they sign from the machine's clock and from no other,
/// so it is held against that one.
fn self_signed(token: &str, service: Service) -> Result<(), Reason> {
    let claims = account::read(token).map_err(|_| Reason::Invalid)?;
    let audience = match service {
        Service::Vertex => "https://aiplatform.googleapis.com/",
        Service::Storage => "https://storage.googleapis.com/",
    };
    let ours =
        [&claims.iss, &claims.sub].iter().all(|name| name.as_deref() == Some(account::EMAIL));
    if !ours || !(claims.has_scope(SCOPE) || claims.aud.as_deref() == Some(audience)) {
        return Err(Reason::Invalid);
    }
    let now_s = UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
    if claims.is_timely(SELF_SIGNED_LIVES_S, now_s) { Ok(()) } else { Err(Reason::Expired) }
}

/// Lets in a caller who also asks for this project, this location and a model that is live.
pub(super) fn admit_to(
    google: &Google,
    headers: &HeaderMap,
    place: &models::Place,
) -> Result<(), Refusal> {
    admit(google, headers, Service::Vertex).map_err(Refusal::unauthenticated)?;
    if place.project != google.own().name {
        return Err(Refusal::permission_denied(&place.model_name()));
    }
    if place.location != google.own().location {
        let only = &google.own().location;
        return Err(Refusal::invalid(format!(
            "Unsupported region for Vertex AI, select from {{{only}}}"
        )));
    }
    if !models::is_live(&place.model) {
        return Err(Refusal::no_such_model(&place.model_name()));
    }
    Ok(())
}
