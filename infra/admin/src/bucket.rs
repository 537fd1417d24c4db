//! The bucket itself, at Supabase: its settings. What functions do with videos in it is
//! `ghub::storage`.

use ghub::config::{ConfigError, Secret};
use ghub::storage::{Storage, StorageError};
use ghub::world::World;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The type of every file that is stored.
pub const VIDEO: &str = "video/mp4";

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
        Self {
            public: true,
            file_size_limit: Some(file_size_limit),
            allowed_mime_types: Some(vec![VIDEO.to_owned()]),
        }
    }

    /// Whether videos may be put into it.
    pub fn admits_videos(&self) -> bool {
        let admits = |kind: &String| kind == VIDEO || kind == "video/*";
        self.allowed_mime_types
            .as_ref()
            .is_none_or(|kinds| kinds.is_empty() || kinds.iter().any(admits))
    }

    /// The types that it admits, in words.
    pub fn admitted(&self) -> String {
        let kinds = self.allowed_mime_types.as_ref().filter(|kinds| !kinds.is_empty());
        kinds.map_or_else(|| "every type".to_owned(), |kinds| kinds.join(", "))
    }

    /// Its limit, in words.
    pub fn limit(&self) -> String {
        self.file_size_limit.map_or_else(
            || "no limit of its own".to_owned(),
            |bytes| format!("files up to {}", size(bytes)),
        )
    }
}

/// `512 MiB`, or bytes where they are not whole MiB.
pub fn size(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    if bytes.is_multiple_of(MIB) {
        format!("{} MiB", bytes / MIB)
    } else {
        format!("{bytes} bytes")
    }
}

/// The bucket of a deployment.
#[derive(Debug)]
pub struct Bucket(Storage);

impl Bucket {
    /// The one of `SUPABASE_URL` and `SUPABASE_BUCKET`, opened with this key.
    pub fn new(world: &World, key: Secret) -> Result<Self, ConfigError> {
        Ok(Self(Storage::with_key(world, key)?))
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        self.0.bucket()
    }

    /// How it is set; none if it is not there.
    pub async fn settings(&self) -> Result<Option<Settings>, StorageError> {
        match self.ask(Method::GET, &format!("bucket/{}", self.name()), None).await {
            Ok(body) => match serde_json::from_slice(&body) {
                Ok(settings) => Ok(Some(settings)),
                Err(error) => Err(StorageError::Refused {
                    step: "bucket",
                    status: 200,
                    code: String::new(),
                    message: error.to_string(),
                }),
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
        self.ask(Method::PUT, &format!("bucket/{}", self.name()), Some(self.described(settings)))
            .await
            .map(drop)
    }

    fn described(&self, settings: &Settings) -> Value {
        let mut body = json!(settings);
        (body["id"], body["name"]) = (json!(self.name()), json!(self.name()));
        body
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Vec<u8>, StorageError> {
        self.0.ask("bucket", method, path, body).await
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
        StorageError::Refused { status: 404, .. } => {
            "`cargo admin storage init` makes the bucket, or makes it public."
        }
        StorageError::Refused { status: 413, .. } => {
            "The project's own limit is lower (50 MB on the free plan): raise it under Storage, Settings, or give a \
             smaller --limit-mib, such as 40."
        }
        StorageError::Refused { status: 415, .. } => {
            "`cargo admin storage init` makes the bucket admit video/mp4."
        }
        StorageError::Location => {
            "The server names no address at which an upload in parts goes on: of a self-hosted one see whether a proxy \
             takes the header Location away, and whether its storage is of 2023 or later."
        }
        StorageError::StillThere(_) => {
            "The key does not see what it should remove: take a secret key, sb_secret_…, of this project from its \
             Settings, API Keys, and store it as SUPABASE_SECRET_KEY's secret."
        }
        StorageError::Refused { .. } | StorageError::Size { .. } => {
            "Run it again; https://status.supabase.com says whether Supabase is up."
        }
    }
}
