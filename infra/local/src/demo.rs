//! The main job from nothing: submit, watch the job move, show the video's URL, what it cost and
//! what is left.

use crate::client::{Answer, Client};
use crate::terminal::{say, show};
use clap::Args;
use ghub::foreign_text::printable;
use ghub::money::Money;
use serde::Serialize;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// How often the demo looks. Callers of the real API are told to look every 10 to 30 s; looking
/// faster is no error.
const LOOK: Duration = Duration::from_millis(500);

/// Ten videos of the default model, and more.
const TOP_UP: Money = Money::from_micros(50_000_000);

/// What to ask for: the fields of an order under their own names. One that is absent is not sent.
#[derive(Debug, Clone, Args, Serialize)]
pub struct Order {
    /// What the video shows.
    pub prompt: String,
    /// One of the catalog's models.
    #[arg(long, default_value = "fal/kling-2")]
    pub model: String,
    /// Seconds of video; the model's default if you do not say.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<u32>,
    /// The shape, such as 16:9; the model's default if you do not say.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspect_ratio: Option<String>,
    /// Such as 1080p, where the model has several; the model's default if you do not say.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// With sound or without, where the model can do both.
    #[arg(long, value_name = "true|false")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generate_audio: Option<bool>,
    /// A number that makes the render repeatable, where the model takes one.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    /// What the video must not show, where the model takes such a text.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negative_prompt: Option<String>,
}

/// Why there is no video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// Nothing is left to spend.
    NothingLeft {
        /// What the API said.
        message: String,
        /// What it said that the balance is.
        balance: Option<Money>,
    },
    /// Anything else, in a sentence.
    Otherwise(String),
}

impl Stopped {
    /// For the person at the terminal, who can pay in this way.
    pub fn told(self, way_to_pay: impl FnOnce(Money) -> String) -> String {
        match self {
            Self::NothingLeft { message, balance } => {
                format!("{message}\n{}", way_to_pay(enough(balance)))
            }
            Self::Otherwise(message) => message,
        }
    }
}

impl From<String> for Stopped {
    fn from(sentence: String) -> Self {
        Self::Otherwise(sentence)
    }
}

/// What leaves [`TOP_UP`] to spend: more is owed where the balance is below 0.
fn enough(balance: Option<Money>) -> Money {
    let owed = balance.map_or(Money::ZERO, |balance| balance.min(Money::ZERO));
    TOP_UP.minus(owed).unwrap_or(TOP_UP)
}

/// Runs the job to its end.
pub async fn run(client: &Client, order: &Order) -> Result<(), Stopped> {
    let body = json!(order);
    say(format!("POST /v1/videos/generations  {body}"))?;
    let mut job = accepted(client.submit(&body).await?)?;
    let before = job.balance;
    let id = word(&job, "id");
    say(format!("job {id}"))?;

    let started = Instant::now();
    let mut shown = String::new();
    loop {
        let status = word(&job, "status");
        let elapsed = started.elapsed().as_secs();
        if status == shown {
            show(format!("\r  {elapsed:>4} s  {status} …"))?;
        } else {
            show(format!("\r  {elapsed:>4} s  {status}            \n"))?;
            shown.clone_from(&status);
        }
        match status.as_str() {
            "completed" => return finished(&job, before),
            "failed" => {
                return Err(format!(
                    "the job failed: {}; nothing was charged",
                    word(&job, "error")
                )
                .into());
            }
            _ => tokio::time::sleep(LOOK).await,
        }
        job = accepted(client.video(&id).await?)?;
    }
}

fn finished(job: &Answer, before: Option<Money>) -> Result<(), Stopped> {
    say(format!("video    {}", word(job, "video_url")))?;
    if let (Some(before), Some(left)) = (before, job.balance) {
        let cost = before.minus(left).map_err(|error| error.to_string())?;
        say(format!("charged  MXN {cost}"))?;
        say(format!("balance  MXN {left}"))?;
    }
    Ok(())
}

fn accepted(answer: Answer) -> Result<Answer, Stopped> {
    let status = answer.status;
    let message = format!(
        "HTTP {status}: {}",
        printable(answer.body["error"]["message"].as_str().unwrap_or("no message"))
    );
    match status {
        200 => Ok(answer),
        402 => Err(Stopped::NothingLeft { message, balance: answer.balance }),
        _ => Err(Stopped::Otherwise(message)),
    }
}

/// A text of the answer, as a terminal can show it: a job's error may be a provider's words.
fn word(answer: &Answer, field: &str) -> String {
    printable(answer.body[field].as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Command, FromArgMatches};

    fn asked(line: &[&str]) -> serde_json::Value {
        let command = Order::augment_args(Command::new("demo"));
        let line = [&["demo"], line].concat();
        let order = Order::from_arg_matches(&command.try_get_matches_from(line).unwrap()).unwrap();
        json!(order)
    }

    #[test]
    fn the_command_line_orders_what_it_names_and_nothing_else() {
        assert_eq!(asked(&["a bird"]), json!({"model": "fal/kling-2", "prompt": "a bird"}));
        let all = asked(&[
            "a bird",
            "--model=fal/veo-3.1",
            "--duration=4",
            "--aspect-ratio=9:16",
            "--resolution=1080p",
            "--generate-audio=false",
            "--seed=7",
            "--negative-prompt=blur",
        ]);
        let right = json!({
            "model": "fal/veo-3.1", "prompt": "a bird", "duration": 4, "aspect_ratio": "9:16",
            "resolution": "1080p", "generate_audio": false, "seed": 7, "negative_prompt": "blur",
        });
        assert_eq!(all, right);
        let read = ghub::order::Order::read(all.as_object().unwrap());
        assert!(read.is_ok(), "{read:?}");
    }
}
