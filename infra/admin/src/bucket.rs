//! The bucket itself, at Supabase: its settings, and taking a file out of it. What functions do with videos in it is `ghub::storage`,
//! and the same rules hold: keys that begin with `sb_` go in `apikey` alone, and a refusal's true status is in its body.

use ghub::config::{ConfigError, Secret};
use ghub::outbound::{Outbound, WireError, read_body};
use ghub::storage::StorageError;
use ghub::world::World;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

/// Questions are small.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer that is read; they are under 2 KB.
const LONGEST_ANSWER: usize = 64 << 10;

/// The type of every file that is stored.
pub const VIDEO: &str = "video/mp4";
/// The largest file that is stored; `store-video` gives larger ones up.
pub const LARGEST_BYTES: u64 = 512 << 20;

/// What can be set of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Whether anybody may read what is in it.
    pub public: bool,
    /// Bytes; none leaves it to the project's own limit.
    pub file_size_limit: Option<u64>,
    /// None admits everything.
    pub allowed_mime_types: Option<Vec<String>>,
}

impl Settings {
    /// What this project asks of it.
    pub fn wanted(file_size_limit: u64) -> Self {
        Self { public: true, file_size_limit: Some(file_size_limit), allowed_mime_types: Some(vec![VIDEO.to_owned()]) }
    }

    /// Whether videos may be put into it.
    pub fn admits_videos(&self) -> bool {
        let admits = |kind: &String| kind == VIDEO || kind == "video/*";
        self.allowed_mime_types.as_ref().is_none_or(|kinds| kinds.is_empty() || kinds.iter().any(admits))
    }

    /// The types that it admits, in words.
    pub fn admitted(&self) -> String {
        let kinds = self.allowed_mime_types.as_ref().filter(|kinds| !kinds.is_empty());
        kinds.map_or_else(|| "every type".to_owned(), |kinds| kinds.join(", "))
    }

    /// Its limit, in words.
    pub fn limit(&self) -> String {
        self.file_size_limit
            .map_or_else(|| "no limit of its own".to_owned(), |bytes| format!("files up to {}", size(bytes)))
    }
}

/// `512 MiB`, or bytes where they are not whole MiB.
pub fn size(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    if bytes.is_multiple_of(MIB) { format!("{} MiB", bytes / MIB) } else { format!("{bytes} bytes") }
}

/// The bucket of a deployment.
#[derive(Debug)]
pub struct Bucket {
    outbound: Outbound,
    base: Url,
    key: Secret,
    pub name: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ErrorBody {
    status_code: String,
    message: String,
}

impl Bucket {
    /// The one of `SUPABASE_URL` and `SUPABASE_BUCKET`, opened with this key.
    pub fn new(world: &World, key: Secret) -> Result<Self, ConfigError> {
        let name = world.env.optional("SUPABASE_BUCKET").unwrap_or("generated-videos").to_owned();
        Ok(Self { outbound: world.outbound.clone(), base: world.env.url("SUPABASE_URL")?, key, name })
    }

    /// How it is set; none if it is not there.
    pub async fn settings(&self) -> Result<Option<Settings>, StorageError> {
        match self.ask(Method::GET, &format!("bucket/{}", self.name), None).await {
            Ok(body) => match serde_json::from_slice(&body) {
                Ok(settings) => Ok(Some(settings)),
                Err(error) => Err(StorageError::Refused { step: "bucket", status: 200, message: error.to_string() }),
            },
            Err(StorageError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes it. One that is there already is refused with 409.
    pub async fn create(&self, settings: &Settings) -> Result<(), StorageError> {
        self.ask(Method::POST, "bucket", Some(self.described(settings))).await.map(drop)
    }

    /// Sets it. A repeat changes nothing.
    pub async fn change(&self, settings: &Settings) -> Result<(), StorageError> {
        self.ask(Method::PUT, &format!("bucket/{}", self.name), Some(self.described(settings))).await.map(drop)
    }

    /// Takes a file out of it.
    pub async fn remove(&self, path: &str) -> Result<(), StorageError> {
        self.ask(Method::DELETE, &format!("object/{}/{path}", self.name), None).await.map(drop)
    }

    fn described(&self, settings: &Settings) -> Value {
        let mut body = json!(settings);
        (body["id"], body["name"]) = (json!(self.name), json!(self.name));
        body
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Vec<u8>, StorageError> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/storage/v1/{path}", url.path().trim_end_matches('/')));
        let mut request = Request::new(method, url);
        *request.timeout_mut() = Some(TIMEOUT);
        let secret = |text: &str| {
            let value = HeaderValue::try_from(text);
            let mut value =
                value.map_err(|_| WireError::NotSent("the key has characters that no header can carry".into()))?;
            value.set_sensitive(true);
            Ok::<_, WireError>(value)
        };
        let key = self.key.expose();
        if !key.starts_with("sb_") {
            request.headers_mut().insert(AUTHORIZATION, secret(&format!("Bearer {key}"))?);
        }
        request.headers_mut().insert("apikey", secret(key)?);
        if let Some(body) = body {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.to_string().into());
        }
        let answer = self.outbound.exchange(request).await?;
        let status = answer.status();
        let body = read_body(answer, LONGEST_ANSWER).await?;
        if status.is_success() {
            return Ok(body);
        }
        let error = serde_json::from_slice::<ErrorBody>(&body).unwrap_or_default();
        let status = error.status_code.parse().unwrap_or(status.as_u16());
        Err(StorageError::Refused { step: "bucket", status, message: error.message })
    }
}

/// What an operator can do when storage does not do what it is asked.
pub fn remedy(error: &StorageError) -> &'static str {
    match error {
        StorageError::Wire(_) => {
            "See whether SUPABASE_URL is right and the project is not paused, https://supabase.com/dashboard, and \
             run it again."
        }
        StorageError::Refused { status: 401 | 403, .. } => {
            "Supabase refuses the key: take a secret key, sb_secret_…, of this project from its Settings, API Keys, \
             and store it as SUPABASE_SECRET_KEY's secret."
        }
        StorageError::Refused { status: 404, .. } => "`cargo admin storage init` makes the bucket, or makes it public.",
        StorageError::Refused { status: 413, .. } => {
            "The project's own limit is lower (50 MB on the free plan): raise it under Storage, Settings, or give a \
             smaller --limit-mib."
        }
        StorageError::Refused { status: 415, .. } => "`cargo admin storage init` makes the bucket admit video/mp4.",
        StorageError::Refused { .. } | StorageError::Size { .. } => {
            "Run it again; https://status.supabase.com says whether Supabase is up."
        }
    }
}
