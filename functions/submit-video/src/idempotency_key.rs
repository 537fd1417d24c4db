//! What comes with an order beside its body.

use ghub::error::Refusal;
use ghub::http::video_order::LONGEST_KEY;
use lambda_http::http::HeaderMap;

/// The caller's idempotency key, if one was sent.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key)
            if (1..=LONGEST_KEY).contains(&key.len())
                && key.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            Ok(Some(key))
        }
        _ => Err(Refusal::invalid(format!(
            "Idempotency-Key: it must be 1 to {LONGEST_KEY} visible ASCII characters without spaces, such as a UUID"
        ))),
    }
}
