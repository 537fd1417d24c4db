//! The settings for Google: where it renders, who pays, and where the videos go. The values become
//! parts of addresses, so their form is checked.

use super::{ConfigError, Env};
use crate::adapter::google::{self, Google};
use crate::provider::GOOGLE_STORAGE;

impl Env {
    /// Reads `GOOGLE_PROJECT`, `GOOGLE_LOCATION`, `GOOGLE_API_URL`, `GOOGLE_STORAGE_API_URL` and
    /// `GOOGLE_STORAGE_URI`.
    pub fn google(&self) -> Result<Google, ConfigError> {
        let project = self.required("GOOGLE_PROJECT")?;
        if !is_project(project) {
            return Err(ConfigError::new(
                "GOOGLE_PROJECT",
                format!(
                    "is {project:?}, which is no id of a project: it has lower-case letters, digits and hyphens"
                ),
            ));
        }
        let location = self.optional("GOOGLE_LOCATION").unwrap_or("us-central1");
        if !location.chars().all(is_plain) {
            return Err(ConfigError::new(
                "GOOGLE_LOCATION",
                format!("is {location:?}, which is no region: write it as in us-central1"),
            ));
        }
        let storage_uri = self.optional("GOOGLE_STORAGE_URI");
        if let Some(uri) = storage_uri.filter(|uri| !is_folder(uri)) {
            return Err(ConfigError::new(
                "GOOGLE_STORAGE_URI",
                format!("is {uri:?}, and must be a folder in a bucket, such as gs://my-videos/veo"),
            ));
        }
        Ok(Google {
            api_url: self.url_or("GOOGLE_API_URL", &google::vertex_url(location))?,
            storage_api_url: self.origin(&GOOGLE_STORAGE)?,
            project: project.to_owned(),
            location: location.to_owned(),
            storage_uri: storage_uri.map(str::to_owned),
        })
    }
}

const fn is_plain(character: char) -> bool {
    matches!(character, 'a'..='z' | '0'..='9' | '-')
}

/// Whether a text is the id of a project, such as `my-project`. An older project of a company has
/// its domain before it: `example.com:my-project`.
fn is_project(text: &str) -> bool {
    let (domain, project) = text.split_once(':').unwrap_or(("example.com", text));
    let is_label = |label: &str| !label.is_empty() && label.chars().all(is_plain);
    domain.split('.').all(is_label) && is_label(project)
}

/// Whether an address names a bucket, or a folder in one: `gs://bucket`, `gs://bucket/folder`.
fn is_folder(uri: &str) -> bool {
    let bucket = uri.strip_prefix("gs://").and_then(|rest| rest.split('/').next());
    let is_named = |character| is_plain(character) || matches!(character, '.' | '_');
    bucket.is_some_and(|bucket| !bucket.is_empty() && bucket.chars().all(is_named))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str, value: &str) -> Result<Google, String> {
        let usual = [("GOOGLE_PROJECT", "my-project"), ("GOOGLE_LOCATION", "europe-west4")];
        let set = usual.into_iter().filter(|(usual, _)| *usual != name).chain([(name, value)]);
        let env: Env = set.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        env.google().map_err(|error| error.to_string())
    }

    #[test]
    fn a_value_of_another_form_is_blamed_on_its_own_variable() {
        for (name, right) in [
            ("GOOGLE_PROJECT", "my-project-7"),
            ("GOOGLE_PROJECT", "123456789012"),
            ("GOOGLE_PROJECT", "example.com:my-project"),
            ("GOOGLE_LOCATION", "global"),
            ("GOOGLE_STORAGE_URI", "gs://my-videos"),
            ("GOOGLE_STORAGE_URI", "gs://my_videos.example.com/veo/2026"),
        ] {
            assert!(set(name, right).is_ok(), "{name}={right}");
        }
        for (name, wrong) in [
            ("GOOGLE_PROJECT", "a/../b c"),
            ("GOOGLE_PROJECT", "My-Project"),
            ("GOOGLE_PROJECT", "example.com:"),
            ("GOOGLE_LOCATION", "us-east 1/.."),
            ("GOOGLE_LOCATION", "us-central1.evil.example/"),
            ("GOOGLE_STORAGE_URI", "my-videos/veo"),
            ("GOOGLE_STORAGE_URI", "gs://"),
            ("GOOGLE_STORAGE_URI", "gs:///x"),
            ("GOOGLE_STORAGE_URI", "gs://a b/c"),
        ] {
            let says = set(name, wrong).unwrap_err();
            assert!(
                says.starts_with(&format!("the environment variable {name} is {wrong:?}")),
                "{says}"
            );
        }
    }
}
