//! What a path says where its route has a name in braces.

use crate::id::JobId;
use lambda_http::{Request, RequestExt};
use percent_encoding::percent_decode_str;

/// The parameter as the caller meant it: OpenAI's SDKs send `fal/kling-2` as `fal%2Fkling-2`. API
/// Gateway decodes it, `cargo lambda watch` does not. So it is decoded here too, which changes no
/// decoded one that has no percent sign in it, as no id of ours has.
pub fn path_parameter(request: &Request, name: &str) -> Option<String> {
    request.path_parameters().first(name).map(decoded)
}

/// The job that the path names, as it was sent: an id has one spelling. What is no id takes the
/// same way as one that is unknown, so that the answers cannot be told apart.
pub fn job_id(request: &Request) -> JobId {
    request.path_parameters().first("id").and_then(|id| id.parse().ok()).unwrap_or(JobId::NONE)
}

/// A percent sign without two hexadecimal digits after it stands for itself.
fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_decoded_once() {
        for (sent, meant) in [
            ("fal/kling-2", "fal/kling-2"),
            ("fal%2Fkling-2", "fal/kling-2"),
            ("fal%2fkling%2D2", "fal/kling-2"),
            ("fal%252Fkling-2", "fal%2Fkling-2"),
            ("fal+kling", "fal+kling"),
            ("%C3%B1", "ñ"),
            ("%F0%9F", "\u{fffd}"),
            ("%", "%"),
            ("%2", "%2"),
            ("%zz%+f%%2F", "%zz%+f%/"),
            ("ñ%ñ", "ñ%ñ"),
            ("", ""),
        ] {
            assert_eq!(decoded(sent), meant, "{sent}");
        }
    }
}
