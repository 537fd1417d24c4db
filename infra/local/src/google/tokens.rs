//! The token endpoint, and who is let in. <https://developers.google.com/identity/protocols/oauth2/service-account>

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::account::{self, Claims, Unread};
use super::answer::{Reason, Refusal};
use super::{Google, models};

pub(super) const PATH: &str = "/token";

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Google's own endpoint. Its clients name it as the audience whatever `token_uri` they post to (google-auth 2.62).
const GOOGLE_TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

/// An assertion lives an hour at most, and clocks may differ by so much.
const ASSERTION_LIVES_S: u64 = 3600;
const SKEW_S: u64 = 300;

/// An assertion is two kilobytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

pub(super) async fn answer(State(google): State<Google>, request: Request) -> Response {
    let work = async {
        let body = to_bytes(request.into_body(), MAX_BODY_BYTES).await.unwrap_or_default();
        match grant(&google, &body) {
            Ok(token) => oauth(StatusCode::OK, &token),
            Err((error, text)) => oauth(StatusCode::BAD_REQUEST, &json!({"error": error, "error_description": text})),
        }
    };
    google.faults().around("token", PATH, work).await
}

fn oauth(status: StatusCode, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json; charset=utf-8")], format!("{body:#}")).into_response()
}

/// OAuth's word for what is wrong, and Google's sentence.
type Denied = (&'static str, String);

fn grant(google: &Google, body: &[u8]) -> Result<Value, Denied> {
    let field = |name: &str| url::form_urlencoded::parse(body).find(|(key, _)| key == name).map(|(_, value)| value);
    let grant_type = field("grant_type").unwrap_or_default();
    if grant_type != GRANT_TYPE {
        return Err(("unsupported_grant_type", format!("Invalid grant_type: {grant_type}")));
    }
    let assertion = field("assertion").filter(|assertion| !assertion.is_empty());
    let assertion = assertion.ok_or(("invalid_request", "Missing required parameter: assertion".to_owned()))?;
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
    Ok(json!({"access_token": issue(now_s + lives_s), "expires_in": lives_s, "token_type": "Bearer"}))
}

fn check(claims: &Claims, token_uri: &str, now_s: u64) -> Result<(), Denied> {
    let denied = |text: &str| Err(("invalid_grant", text.to_owned()));
    if claims.iss != account::EMAIL {
        return denied("Invalid grant: account not found");
    }
    if claims.aud != token_uri && claims.aud != GOOGLE_TOKEN_URI {
        return denied("Invalid JWT: Failed audience check. The right audience is https://oauth2.googleapis.com/token");
    }
    let short = claims.exp > claims.iat && claims.exp - claims.iat <= ASSERTION_LIVES_S;
    if !short || claims.iat > now_s + SKEW_S || claims.exp + SKEW_S < now_s {
        return denied(
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. \
             Check your iat and exp values in the JWT claim.",
        );
    }
    if !claims.scope.split(' ').any(|scope| scope == SCOPE) {
        return Err(("invalid_scope", "Invalid OAuth scope or ID token audience provided.".to_owned()));
    }
    Ok(())
}

/// A token that says when it ends and proves that it was issued here, so that none has to be kept.
fn issue(ends_s: u64) -> String {
    let text = format!("{ends_s:x}-{}", uuid::Uuid::new_v4().simple());
    format!("ya29.{text}-{}", proof(&text))
}

fn proof(text: &str) -> String {
    let digest = Sha256::digest(format!("{}{text}", account::PRIVATE_KEY));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Lets in whoever brings a token that has not ended.
pub(super) fn admit(google: &Google, headers: &HeaderMap) -> Result<(), Reason> {
    let given = headers.get(AUTHORIZATION).ok_or(Reason::Missing)?;
    let token = given.to_str().ok().and_then(|value| value.strip_prefix("Bearer ")).ok_or(Reason::Invalid)?;
    let parts = token.strip_prefix("ya29.").and_then(|rest| rest.rsplit_once('-'));
    let (text, _) = parts.filter(|(text, given)| proof(text) == *given).ok_or(Reason::Invalid)?;
    let ends_s = text.split_once('-').and_then(|(ends, _)| u64::from_str_radix(ends, 16).ok()).unwrap_or_default();
    if google.now_ms() / 1000 >= ends_s { Err(Reason::Expired) } else { Ok(()) }
}

/// Lets in whoever also asks for this project, this location and a model that there is.
pub(super) fn admit_to(google: &Google, headers: &HeaderMap, place: &models::Place) -> Result<(), Refusal> {
    admit(google, headers).map_err(Refusal::unauthenticated)?;
    if place.project != google.0.project {
        return Err(Refusal::permission_denied(&place.model_name()));
    }
    if place.location != google.0.location {
        let only = &google.0.location;
        return Err(Refusal::invalid(format!("Unsupported region for Vertex AI, select from {{{only}}}")));
    }
    if !models::is_live(&place.model) {
        return Err(Refusal::no_such_model(&place.model_name()));
    }
    Ok(())
}
