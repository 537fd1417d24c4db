//! Logs as events: one JSON object a line on standard output, a readable message and fields
//! (`request.id`, `org.id`, `job.id`). Never a key, a prompt or a body, at no level.

use crate::config::ConfigError;
use crate::failure::{Failure, FailureCode};
use crate::job::{Job, Moved};
use std::panic::PanicHookInfo;
use tracing::Level;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt, LevelFilter, Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Filter, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{fmt, registry};

/// Those whose own lines below `INFO` are known to have nothing secret in them.
const OURS: [&str; 2] = ["ghub", "local"];

/// Starts logging in a function; once for each process. `RUST_LOG` may name a level, and `info`
/// holds without it. A value that is no level does not stop the function: `info` holds, and a line
/// says so. A release build has no level below `info` (`Cargo.toml`, `release_max_level_info`).
pub fn init() {
    std::panic::set_hook(Box::new(panicked));
    let asked = rust_log();
    let level = level(&asked);
    // A second call, as tests make it, leaves the first one's subscriber in place.
    if subscriber(up_to(level.unwrap_or(LevelFilter::INFO)), std::io::stdout).try_init().is_err() {
        tracing::debug!("logging had been started before");
    }
    if level.is_none() {
        tracing::warn!(
            "RUST_LOG is not one of off, error, warn, info, debug and trace: info is used"
        );
    }
}

/// Starts logging for a person at a terminal: lines of text on standard error; once for each
/// process. `RUST_LOG` may have a level for each target, as `otherwise` has; `otherwise` holds
/// without it.
pub fn on_stderr(otherwise: &str) {
    let asked = rust_log();
    let asked = if asked.is_empty() { otherwise } else { &asked };
    let targets = asked.parse::<Targets>();
    let wrong = targets.as_ref().err().map(ToString::to_string);
    let targets = targets.or_else(|_| otherwise.parse()).unwrap_or_default();
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(false);
    if registry().with(lines.with_filter(targets.and(filter_fn(is_safe)))).try_init().is_err() {
        tracing::debug!("logging had been started before");
    }
    if let Some(wrong) = wrong {
        tracing::warn!(wrong, "RUST_LOG cannot be read: {otherwise} is used");
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "logging starts before the environment is read, so that a wrong one is logged"
)]
fn rust_log() -> String {
    std::env::var("RUST_LOG").unwrap_or_default()
}

/// The level that a function's `RUST_LOG` names; `INFO` if it is empty, and none if it is wrong.
fn level(asked: &str) -> Option<LevelFilter> {
    if asked.is_empty() { Some(LevelFilter::INFO) } else { asked.parse().ok() }
}

/// Lets through the safe lines of this level and of those above it.
fn up_to<S: Subscriber>(level: LevelFilter) -> impl Filter<S> {
    filter_fn(move |line| *line.level() <= level && is_safe(line)).with_max_level_hint(level)
}

/// Below `INFO` only our own lines are safe: at `TRACE` Lambda's runtime and the HTTP libraries
/// write whole requests, with their keys and prompts.
fn is_safe(line: &Metadata<'_>) -> bool {
    *line.level() <= Level::INFO
        || OURS.contains(&line.target().split("::").next().unwrap_or_default())
}

/// Says why a function does not start, as an event like all others.
pub fn not_started(error: &ConfigError) {
    tracing::error!(%error, "the function does not start");
}

/// Says what a provider said when a job failed, where there is more than callers read. The prompt
/// and secrets are left out of it. A fault that only the operator can mend is an error.
pub fn provider_said(job: &Job, failure: &Failure) {
    let Some(says) = failure.said_about(&job.terms().prompts()) else { return };
    let (code, provider_code) = (failure.code_word(), failure.provider_code.as_deref());
    if failure.code == FailureCode::ProviderUnavailable {
        tracing::error!(job.id = %job.id(), org.id = %job.org(), code, provider_code, says, "the provider does not serve us");
    } else {
        tracing::warn!(job.id = %job.id(), org.id = %job.org(), code, provider_code, says, "the provider said why the job failed");
    }
}

/// The job to write, if a move changed anything. Our program looks at a job before it moves it, so
/// an illegal move is a mistake of the program. It is logged as one, and nothing is written.
pub fn applied(moved: Moved, wanted: &'static str) -> Option<Job> {
    if let Moved::Illegal(job) = &moved {
        let (status, revision) = (job.status().as_str(), job.revision());
        tracing::error!(job.id = %job.id(), org.id = %job.org(), status, revision, wanted, "an illegal move: this is a mistake of the program");
    }
    moved.applied()
}

/// The message is left out: one that was formatted can have a prompt in it.
fn panicked(panic: &PanicHookInfo<'_>) {
    tracing::error!(location = panic.location().map(ToString::to_string), "panicked");
}

/// An event's fields stand beside its level and message, where the runbooks' filters look for them.
fn subscriber(
    levels: impl Filter<registry::Registry> + Send + Sync + 'static,
    to: impl for<'w> MakeWriter<'w> + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    let lines = fmt::layer().json().flatten_event(true).with_target(false);
    registry().with(lines.with_writer(to).with_filter(levels))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{in_state, kling};
    use serde_json::{Value, json};
    use std::io::{Read, Seek};

    /// What is written meanwhile, line by line.
    fn written(level: LevelFilter, meanwhile: impl FnOnce()) -> Vec<Value> {
        let mut file = tempfile();
        let to = std::sync::Mutex::new(file.try_clone().unwrap());
        tracing::subscriber::with_default(subscriber(up_to(level), to), meanwhile);
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_line_is_one_object_with_the_ids_at_hand() {
        let lines = written(LevelFilter::INFO, || {
            let _request = tracing::info_span!("request", request.id = "req_1").entered();
            tracing::warn!(
                job.id = "job_1",
                org.id = "org_1",
                why = "it said \"no\"\n",
                "not taken"
            );
            tracing::debug!("below the level");
        });
        let [line] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!((&line["level"], &line["message"]), (&json!("WARN"), &json!("not taken")));
        assert_eq!((&line["job.id"], &line["org.id"]), (&json!("job_1"), &json!("org_1")));
        assert_eq!(
            (&line["why"], &line["span"]["request.id"]),
            (&json!("it said \"no\"\n"), &json!("req_1"))
        );
    }

    /// A job that is open cannot be deleted, and a pending one has no file: who tries is mistaken.
    #[test]
    fn an_illegal_move_is_logged_as_a_mistake_and_writes_nothing() {
        let now = kling().created();
        let file = "https://v3.fal.media/files/a.mp4".to_owned();
        for (wanted, moved) in [
            ("deleted", in_state("rendering").deleted(now)),
            ("file_found", kling().file_found(file.clone(), now)),
            ("file_found", in_state("completed").file_found(file, now)),
            ("failed", in_state("completed").failed(Failure::cancelled(), now)),
            ("uploading", in_state("rendering").uploading(None)),
            ("stopping", in_state("found").stopping(Failure::cancelled(), now)),
        ] {
            let lines = written(LevelFilter::INFO, || assert_eq!(applied(moved, wanted), None));
            let [line] = &lines[..] else { panic!("{wanted}: {lines:?}") };
            assert_eq!((&line["level"], &line["wanted"]), (&json!("ERROR"), &json!(wanted)));
            assert_eq!(line["job.id"], json!(kling().id().to_string()));
        }
        let there = kling().deleted(now);
        let again = in_state("failed").failed(Failure::cancelled(), now);
        assert!(matches!(there, Moved::Illegal(_)) && matches!(again, Moved::Already(_)));
        let lines = written(LevelFilter::INFO, || assert_eq!(applied(again, "failed"), None));
        assert!(lines.is_empty(), "a repeat is none: {lines:?}");
    }

    #[test]
    fn a_function_is_told_a_level_and_nothing_else() {
        for (asked, level) in [
            ("", Some(LevelFilter::INFO)),
            ("warn", Some(LevelFilter::WARN)),
            ("Debug", Some(LevelFilter::DEBUG)),
            ("off", Some(LevelFilter::OFF)),
            ("loud", None),
            ("info,hyper=debug", None),
        ] {
            assert_eq!(super::level(asked), level, "{asked:?}");
        }
    }

    #[test]
    fn below_info_only_our_own_lines_are_written() {
        let lines = written(LevelFilter::TRACE, || {
            tracing::trace!(target: "lambda_runtime::runtime", "a whole event");
            tracing::debug!(target: "hyper::client", "a header");
            tracing::debug!(target: "ghub_like", "another's");
            tracing::info!(target: "reqwest", "started");
            tracing::trace!(target: "ghub::queue", "sent");
        });
        let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
        assert_eq!(messages, ["started", "sent"]);
    }

    #[test]
    fn a_panic_is_a_line_with_its_place_and_without_its_message() {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(panicked));
        let lines = written(LevelFilter::INFO, || {
            let prompt = std::hint::black_box("a very secret hummingbird");
            assert!(std::panic::catch_unwind(|| panic!("{prompt}")).is_err());
        });
        std::panic::set_hook(before);
        let [line] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!((&line["level"], &line["message"]), (&json!("ERROR"), &json!("panicked")));
        assert!(line["location"].as_str().unwrap().contains("telemetry.rs:"), "{line}");
        assert!(!line.to_string().contains("hummingbird"), "{line}");
    }

    /// A file without a name, gone when it is closed.
    #[expect(clippy::disallowed_methods, reason = "two tests at once need two names")]
    fn tempfile() -> std::fs::File {
        let path = std::env::temp_dir()
            .join(format!("geekhub-video-log-{}", uuid::Uuid::new_v4().simple()));
        let file =
            std::fs::File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        file
    }
}
