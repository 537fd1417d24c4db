//! Logs as events: one JSON object a line on standard output, a readable message and fields (`request.id`, `org.id`, `job.id`).
//! Never a key, a prompt or a body.

use crate::config::ConfigError;
use crate::job::{Failure, FailureCode, Job};
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging; once for each process. `RUST_LOG` sets the level, `info` unless it says otherwise; Lambda itself drops what is
/// below `INFO`.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // A second call, as tests make it, leaves the first one's subscriber in place.
    if subscriber(filter, std::io::stdout).try_init().is_err() {
        tracing::debug!("logging had been started before");
    }
}

/// Says why a function does not start, as an event like all others.
pub fn not_started(error: &ConfigError) {
    tracing::error!(%error, "the function does not start");
}

/// Says what a provider said when a job failed, where there is more than callers read. The prompt and secrets are left out of it. A fault
/// that only the operator can mend is an error.
pub fn provider_said(job: &Job, failure: &Failure) {
    let Some(says) = failure.said_about(&job.prompt) else { return };
    let (code, provider_code) = (failure.code_word(), failure.provider_code.as_deref());
    if failure.code == FailureCode::ProviderUnavailable {
        tracing::error!(job.id = %job.id, org.id = %job.org, code, provider_code, says, "the provider does not serve us");
    } else {
        tracing::warn!(job.id = %job.id, org.id = %job.org, code, provider_code, says, "the provider said why the job failed");
    }
}

/// An event's fields stand beside its level and message, where the runbooks' filters look for them.
fn subscriber(
    filter: EnvFilter,
    to: impl for<'w> MakeWriter<'w> + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_target(false);
    lines.with_env_filter(filter).with_writer(to).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::io::{Read, Seek};

    #[test]
    fn a_line_is_one_object_with_the_ids_at_hand() {
        let mut file = tempfile();
        let to = file.try_clone().unwrap();
        tracing::subscriber::with_default(subscriber(EnvFilter::new("info"), std::sync::Mutex::new(to)), || {
            let _request = tracing::info_span!("request", request.id = "req_1").entered();
            tracing::warn!(job.id = "job_1", org.id = "org_1", why = "it said \"no\"\n", "not taken");
            tracing::debug!("below the level");
        });
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [line] = &lines[..] else { panic!("{text}") };
        assert_eq!((&line["level"], &line["message"]), (&json!("WARN"), &json!("not taken")));
        assert_eq!((&line["job.id"], &line["org.id"]), (&json!("job_1"), &json!("org_1")));
        assert_eq!((&line["why"], &line["span"]["request.id"]), (&json!("it said \"no\"\n"), &json!("req_1")));
    }

    /// A file without a name, gone when it is closed.
    fn tempfile() -> std::fs::File {
        let path = std::env::temp_dir().join(format!("geekhub-video-log-{}", uuid::Uuid::new_v4().simple()));
        let file = std::fs::File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        file
    }
}
