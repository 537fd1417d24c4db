//! How coming submissions to a provider end. Which endings there are is each provider's own.

use std::convert::Infallible;

use axum::Router;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::simulators::script::{Line, Script, once};

/// How coming submissions end. As JSON: `{"prompt_contains": "gore", "times": null, "ending": {…}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict<Ending> {
    /// For how many submissions: one unless said, for all when `null`.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// Only for prompts that contain this text.
    #[serde(default)]
    pub prompt_contains: Option<String>,
    /// How they end.
    pub ending: Ending,
}

impl<Ending> Verdict<Ending> {
    /// The next `times` submissions end so.
    pub fn next(times: u32, ending: Ending) -> Self {
        Self { times: Some(times), prompt_contains: None, ending }
    }

    /// Every submission whose prompt contains `text` ends so.
    pub fn for_prompts(text: &str, ending: Ending) -> Self {
        Self { times: None, prompt_contains: Some(text.to_owned()), ending }
    }
}

impl<Ending: Clone + DeserializeOwned + Serialize + Send + 'static> Line for Verdict<Ending> {
    fn times(&mut self) -> &mut Option<u32> {
        &mut self.times
    }
}

impl<Ending> Script<Verdict<Ending>>
where
    Verdict<Ending>: Line,
{
    /// The ending that is due to a prompt, if any was decided.
    pub(crate) fn ending_for(&self, prompt: &str) -> Option<Ending> {
        let fits = |text: &String| prompt.contains(text.as_str());
        self.take(|verdict| verdict.prompt_contains.as_ref().is_none_or(fits)).map(|verdict| verdict.ending)
    }

    pub(crate) fn verdicts_router(&self) -> Router {
        let script = self.clone();
        self.router("/_simulator/verdicts", move |verdict| {
            script.add(verdict);
            Ok::<_, Infallible>(())
        })
    }
}
