//! Removes a video from storage, and proves that its URL no longer returns it.
//!
//! A cache may still have the video. Supabase's Smart CDN ignores the query string, and answers
//! from its copy for up to 60 s after a removal.
//! <https://supabase.com/docs/guides/storage/cdn/smart-cdn> Supabase's basic CDN keeps a copy for
//! as long as `cache-control` allows.
//!
//! So only the origin's answer counts. It is asked, with the key, for the description of the
//! object, under an address that no cache has seen. An answer that says that it comes from a cache
//! proves nothing.

use super::{Storage, StorageError};
use crate::outbound::WireError;
use reqwest::Method;
use reqwest::header::{AGE, CACHE_CONTROL, HeaderMap, HeaderValue};
use std::time::Duration;
use url::{Host, Url};

/// The time for one request. Three of them fit into the time of a caller's request. A removal
/// deletes only a row and an object.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The part of a public URL between the address of storage and the bucket.
const PUBLIC: &str = "/storage/v1/object/public/";

/// The place of a video, as its public URL names it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place<'u> {
    base: &'u str,
    bucket: &'u str,
    path: &'u str,
}

/// The path in its bucket of the video with this public URL.
pub(super) fn path_of(video_url: &str) -> Option<&str> {
    Place::of(video_url).map(|place| place.path)
}

/// The answer of an address about a video.
enum Seen {
    Gone,
    There,
    Cached,
}

impl Storage {
    /// Removes the video with this public URL, from the bucket that the URL names. Then checks that
    /// it is gone from there. A video that is not there counts as removed, so a repeat is safe.
    ///
    /// If the URL belongs to another project, the video is gone when the public URL says so. The
    /// removal is tried here in any case, because one project may have two addresses.
    pub async fn erase(&self, video_url: &str) -> Result<(), StorageError> {
        let nowhere = || StorageError::StillThere("an address that is not storage's".to_owned());
        let place = Place::of(video_url).ok_or_else(nowhere)?;
        self.remove(&place).await?;
        let ours = place.base == self.base.as_str().trim_end_matches('/');
        if ours {
            match self.ask_origin(&place).await? {
                Seen::Gone => {}
                Seen::There | Seen::Cached => {
                    return Err(StorageError::StillThere("its bucket".to_owned()));
                }
            }
        }
        match self.ask_public(video_url, ours).await? {
            Seen::Gone => Ok(()),
            Seen::Cached if ours => Ok(()),
            Seen::There | Seen::Cached => {
                let host =
                    Url::parse(video_url).ok().and_then(|url| Some(url.host_str()?.to_owned()));
                Err(StorageError::StillThere(host.unwrap_or_default()))
            }
        }
    }

    /// Deletes the object. Storage gives the same answer for an object that is not there and for
    /// one in a bucket that is not there. Both count as success.
    async fn remove(&self, place: &Place<'_>) -> Result<(), StorageError> {
        let object = self.url(&format!("object/{}/{}", place.bucket, place.path));
        let request = self.request(Method::DELETE, object, TIMEOUT).await;
        match self.call("remove", request).await {
            Err(error) if !error.says_no_object() && !error.says_no_bucket() => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Asks the origin, with the key. In a bucket that is not there, the object is gone too.
    async fn ask_origin(&self, place: &Place<'_>) -> Result<Seen, StorageError> {
        let mut info = self.url(&format!("object/info/{}/{}", place.bucket, place.path));
        info.set_query(Some(&self.unseen()));
        let mut request = self.request(Method::GET, info, TIMEOUT).await;
        request.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        match self.call("info", request).await {
            Ok(answer) if is_from_a_cache(answer.headers()) => Ok(Seen::Cached),
            Ok(_) => Ok(Seen::There),
            Err(error) if error.says_no_object() || error.says_no_bucket() => Ok(Seen::Gone),
            Err(error) => Err(error),
        }
    }

    /// Asks as the public would. This detects a key that may not see the object: for such a key the
    /// object is not there, and is not removed.
    ///
    /// A private bucket hides its objects from the public. So for another project's URL only a
    /// missing object counts as gone, and not a missing bucket.
    async fn ask_public(&self, video_url: &str, ours: bool) -> Result<Seen, StorageError> {
        let url = Url::parse(video_url).ok().map(|mut url| {
            url.set_query(Some(&self.unseen()));
            url
        });
        match self.public(url).await {
            Ok(answer) if is_from_a_cache(answer.headers()) => Ok(Seen::Cached),
            Ok(_) => Ok(Seen::There),
            Err(error) if error.says_no_object() || (ours && error.says_no_bucket()) => {
                Ok(Seen::Gone)
            }
            // The local system had another port when it stored the video. The file was removed from
            // its folder, and no program answers at the old port.
            Err(StorageError::Wire(WireError::NotSent(_)))
                if !ours && is_on_this_machine(video_url) =>
            {
                Ok(Seen::Gone)
            }
            Err(error) => Err(error),
        }
    }

    /// A query string that no cache has seen.
    fn unseen(&self) -> String {
        let bytes = self.ambient.bytes::<8>();
        format!("unseen={:016x}", u64::from_be_bytes(bytes))
    }
}

impl<'u> Place<'u> {
    fn of(video_url: &'u str) -> Option<Self> {
        let (base, rest) = video_url.split_once(PUBLIC)?;
        let (bucket, path) = rest.split_once('/')?;
        let named = !base.is_empty() && !bucket.is_empty() && !path.is_empty();
        named.then_some(Self { base, bucket, path })
    }
}

/// Whether the address only exists on this machine.
fn is_on_this_machine(video_url: &str) -> bool {
    let url = Url::parse(video_url).ok();
    url.is_some_and(|url| matches!(url.host(), Some(Host::Ipv4(address)) if address.is_loopback()))
}

/// Whether an answer says that it comes from a cache: by its age, by Cloudflare's header, or by the
/// header of other caches (RFC 9211).
fn is_from_a_cache(headers: &HeaderMap) -> bool {
    const FROM_THE_CACHE: [&str; 5] = ["hit", "stale", "updating", "revalidated", "fwd=stale"];
    let has_aged = headers.get(AGE).and_then(|age| age.to_str().ok()?.trim().parse::<u64>().ok());
    let says = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let value = value.to_ascii_lowercase();
        let mut words = value.split(|char: char| !char.is_ascii_alphanumeric() && char != '=');
        words.any(|word| FROM_THE_CACHE.contains(&word))
    };
    has_aged.is_some_and(|age| age > 0)
        || ["cf-cache-status", "x-cache", "cache-status"].into_iter().any(says)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_names_base_bucket_and_path() {
        let url = "https://project.supabase.co/storage/v1/object/public/generated-videos/org/job/video.mp4";
        let place = Place::of(url).unwrap();
        assert_eq!(
            (place.base, place.bucket, place.path),
            ("https://project.supabase.co", "generated-videos", "org/job/video.mp4")
        );
        assert_eq!(
            Place::of("https://x.test/behind/storage/v1/object/public/b/p").unwrap().base,
            "https://x.test/behind"
        );
        for other in [
            "",
            "https://x.test/b/p",
            "/storage/v1/object/public/b/p",
            "https://x.test/storage/v1/object/public/b",
        ] {
            assert_eq!(Place::of(other), None, "{other}");
        }
    }

    #[test]
    fn a_copy_from_a_cache_is_told_by_its_headers() {
        let headers = |name: &'static str, value: &'static str| {
            HeaderMap::from_iter([(
                reqwest::header::HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )])
        };
        for (name, value) in [
            ("age", "90785"),
            ("cf-cache-status", "HIT"),
            ("cf-cache-status", "REVALIDATED"),
            ("x-cache", "Hit from cloudfront"),
            ("x-cache", "TCP_HIT, HIT"),
            ("cache-status", "proxy; hit; ttl=30"),
        ] {
            assert!(is_from_a_cache(&headers(name, value)), "{name}: {value}");
        }
        for (name, value) in [
            ("age", "0"),
            ("age", "soon"),
            ("cf-cache-status", "MISS"),
            ("cf-cache-status", "DYNAMIC"),
            ("cf-cache-status", "BYPASS"),
            ("x-cache", "Miss from cloudfront"),
            ("cache-status", "proxy; fwd=miss"),
            ("etag", "\"hit\""),
        ] {
            assert!(!is_from_a_cache(&headers(name, value)), "{name}: {value}");
        }
    }
}
