//! The settings of the bucket at Supabase. `ghub::storage` is what stores videos in it.

use ghub::config::{ConfigError, Secret};
use ghub::storage::{Storage, StorageError};
use ghub::world::World;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The media type of every file that is stored.
pub const VIDEO: &str = "video/mp4";

/// The settings of a bucket that can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Whether the public may read the files in it.
    pub public: bool,
    /// In bytes. Without it, the limit of the whole project holds.
    pub file_size_limit: Option<u64>,
    /// Without it, the bucket takes every type.
    pub allowed_mime_types: Option<Vec<String>>,
}

impl Settings {
    /// The settings that this project needs.
    pub fn wanted(file_size_limit: u64) -> Self {
        Self {
            public: true,
            file_size_limit: Some(file_size_limit),
            allowed_mime_types: Some(vec![VIDEO.to_owned()]),
        }
    }

    /// Whether the bucket takes videos.
    pub fn admits_videos(&self) -> bool {
        let admits = |kind: &String| kind == VIDEO || kind == "video/*";
        self.allowed_mime_types
            .as_ref()
            .is_none_or(|kinds| kinds.is_empty() || kinds.iter().any(admits))
    }

    /// The types of files that the bucket takes, in words.
    pub fn admitted(&self) -> String {
        let kinds = self.allowed_mime_types.as_ref().filter(|kinds| !kinds.is_empty());
        kinds.map_or_else(|| "every type".to_owned(), |kinds| kinds.join(", "))
    }

    /// The limit on the size of a file, in words.
    pub fn limit(&self) -> String {
        self.file_size_limit.map_or_else(
            || "no limit of its own".to_owned(),
            |bytes| format!("files up to {}", size(bytes)),
        )
    }
}

/// A size such as `512 MiB`; in bytes if it is not a whole number of MiB.
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
    /// The bucket of `SUPABASE_URL` and `SUPABASE_BUCKET`, opened with this key.
    pub fn new(world: &World, key: Secret) -> Result<Self, ConfigError> {
        Ok(Self(Storage::with_key(world, key)?))
    }

    pub fn name(&self) -> &str {
        self.0.bucket()
    }

    /// Reads the settings; `None` if there is no such bucket.
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

    /// Creates the bucket. If it exists already, Supabase refuses with 409.
    pub async fn create(&self, settings: &Settings) -> Result<(), StorageError> {
        self.ask(Method::POST, "bucket", Some(self.described(settings))).await.map(drop)
    }

    /// Changes the settings. A repeat changes nothing.
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

/// What an operator can do about an error of storage.
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
