//! The address at which a resumable upload continues. A server behind a proxy may name a wrong
//! host, path or port in the `location` of an upload. Only the part after the path of the endpoint
//! identifies the upload. That part is put below our own address.

use url::Url;

/// The path of the endpoint for resumable uploads, below the address of storage.
pub(super) const ENDPOINT: &str = "upload/resumable";

/// The longest id, in bytes. An id is the base64 of bucket, object and version, and a name has at
/// most 1,024 bytes.
const LONGEST: usize = 2048;

/// The id of an upload: the end of its location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UploadId {
    path: String,
    query: Option<String>,
}

impl UploadId {
    /// Reads a location, which may be absolute, relative, or only the id. `None` if it names no
    /// upload.
    pub(super) fn of(location: &str) -> Option<Self> {
        let location = location.trim();
        let location = location.split_once('#').map_or(location, |(before, _)| before);
        let (address, query) = match location.split_once('?') {
            Some((address, query)) => (address, Some(query.to_owned())),
            None => (location, None),
        };
        let path =
            after_endpoint(address).unwrap_or_else(|| last_segment(address)).trim_matches('/');
        let plain =
            location.len() <= LONGEST && location.bytes().all(|byte| byte.is_ascii_graphic());
        (plain && names_one_upload(path)).then(|| Self { path: path.to_owned(), query })
    }

    /// The address of the upload below this endpoint.
    pub(super) fn below(&self, mut endpoint: Url) -> Url {
        endpoint.set_path(&format!("{}/{}", endpoint.path().trim_end_matches('/'), self.path));
        endpoint.set_query(self.query.as_deref());
        endpoint
    }
}

/// The part of an address after the last `upload/resumable/` in its path.
fn after_endpoint(address: &str) -> Option<&str> {
    let at = address.rfind(&format!("{ENDPOINT}/"))?;
    let begins_a_segment = at == 0 || address[..at].ends_with('/');
    begins_a_segment.then(|| &address[at + ENDPOINT.len() + 1..])
}

/// The last segment of the path, without scheme and host.
fn last_segment(address: &str) -> &str {
    let host_and_path = match address.split_once("://") {
        Some((_, rest)) => rest,
        None => match address.strip_prefix("//") {
            Some(rest) => rest,
            None => return address.trim_end_matches('/').rsplit('/').next().unwrap_or_default(),
        },
    };
    let (_, path) = host_and_path.split_once('/').unwrap_or_default();
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// Whether a path stays below the endpoint: no segment is empty or `..`, in any spelling.
fn names_one_upload(path: &str) -> bool {
    let unescaped =
        path.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
    let climbs =
        unescaped.replace('\\', "/").split('/').any(|segment| matches!(segment, "" | "." | ".."));
    let is_the_endpoint = path == "resumable" || path.ends_with("/resumable");
    !climbs && !is_the_endpoint && path.bytes().all(is_of_a_path)
}

const fn is_of_a_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b'%'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
                | b':'
                | b'@'
                | b'/'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "dmlkZW9zL2EubXA0LzdiMmM";

    fn own(location: &str) -> Option<String> {
        let endpoint =
            Url::parse("https://project.supabase.co/storage/v1/upload/resumable").unwrap();
        UploadId::of(location).map(|id| id.below(endpoint).to_string())
    }

    #[test]
    fn every_spelling_of_a_location_leads_below_our_own_address() {
        let expected = format!("https://project.supabase.co/storage/v1/upload/resumable/{ID}");
        for location in [
            "https://project.supabase.co/storage/v1/upload/resumable/ID",
            "http://localhost/upload/resumable/ID",
            "http://localhost:8000/upload/resumable/ID",
            "http://myhost:8000/storage/v1//upload/resumable/ID",
            "http://localhost:8000/storage/v1:8000/upload/resumable/ID",
            "http://localhost:8000:8000/upload/resumable/ID",
            "https://elsewhere.example/a/b/upload/resumable/ID",
            "https://u:p@elsewhere.example/upload/resumable/ID",
            "https://project.supabase.co/storage/v1/upload/resumable//ID",
            "https://project.supabase.co/storage/v1/upload/resumable/ID/",
            "https://project.supabase.co/storage/v1/upload/resumable/ID#part",
            "//myhost/storage/v1/upload/resumable/ID",
            "//upload/resumable/ID",
            "/storage/v1/upload/resumable/ID",
            "/upload/resumable/ID",
            "upload/resumable/ID",
            "resumable/ID",
            "./ID",
            "/ID",
            "ID",
            "  ID ",
            "https://elsewhere.example/files/ID",
            "//elsewhere.example/ID",
            "http://[::1]:8000/upload/resumable/ID",
        ] {
            assert_eq!(own(&location.replace("ID", ID)).as_ref(), Some(&expected), "{location}");
        }
        assert_eq!(
            own("http://x/upload/resumable/ID?token=a&b=c"),
            Some(expected.replace(ID, "ID?token=a&b=c"))
        );
        assert_eq!(own("/upload/resumable/sign/ID"), Some(expected.replace(ID, "sign/ID")));
        assert_eq!(own("/upload/resumable/a%2Fb.mp4"), Some(expected.replace(ID, "a%2Fb.mp4")));
        assert_eq!(own(&expected), Some(expected), "what is kept reads back as it was");
    }

    #[test]
    fn a_location_that_names_no_upload_is_none() {
        for location in [
            "",
            " ",
            "/",
            "//",
            "https://project.supabase.co",
            "https://project.supabase.co/",
            "https://project.supabase.co/storage/v1/upload/resumable",
            "https://project.supabase.co/storage/v1/upload/resumable/",
            "/upload/resumable/?token=a",
            "//elsewhere.example",
            "..",
            "/upload/resumable/..",
            "/upload/resumable/../../bucket",
            "/upload/resumable/a/%2e%2E/b",
            "/upload/resumable/a%2f..%2fb",
            "/upload/resumable/a\\..\\b",
            "/upload/resumable/a//b",
            "/upload/resumable/a b",
            "/upload/resumable/ä",
            "/upload/resumable/<id>",
            "/upload/resumable/a\u{7f}",
        ] {
            assert_eq!(own(location), None, "{location:?}");
        }
        assert_eq!(own(&"a".repeat(LONGEST + 1)), None);
    }
}
