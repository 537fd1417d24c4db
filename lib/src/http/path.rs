//! What a path says where its route has a name in braces.

use crate::id::JobId;
use lambda_http::{Request, RequestExt};

/// The parameter as the caller meant it: OpenAI's SDKs send `fal/kling-2` as `fal%2Fkling-2`. It is decoded once, which leaves one
/// that the API has decoded already as it is, as long as there is no percent sign in it.
pub fn path_parameter(request: &Request, name: &str) -> Option<String> {
    request.path_parameters().first(name).map(decoded)
}

/// The job that the path names, as it was sent: an id has one spelling. What is no id takes the same way as one that is unknown, so that the
/// answers cannot be told apart.
pub fn job_id(request: &Request) -> JobId {
    request.path_parameters().first("id").and_then(|id| id.parse().ok()).unwrap_or(JobId::NONE)
}

/// A percent sign without two hexadecimal digits after it stands for itself.
fn decoded(text: &str) -> String {
    let mut parts = text.as_bytes().split(|byte| *byte == b'%');
    let mut bytes = parts.next().unwrap_or_default().to_vec();
    for part in parts {
        match part.split_at_checked(2).and_then(|(digits, rest)| Some((byte(digits)?, rest))) {
            Some((byte, rest)) => {
                bytes.push(byte);
                bytes.extend_from_slice(rest);
            }
            None => {
                bytes.push(b'%');
                bytes.extend_from_slice(part);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn byte(digits: &[u8]) -> Option<u8> {
    let digits = str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u8::from_str_radix(digits, 16).ok()
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
