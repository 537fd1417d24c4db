//! How coming submissions to a provider end. Which endings there are is each provider's own.

use std::convert::Infallible;

use axum::Router;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::simulators::script::{Line, Script, once};

/// The word in a prompt that asks for a large file; behind it stands how large, in MiB.
const MIB: &str = "simulator:mib=";
/// The product stores no larger file.
const MOST_MIB: u64 = 512;

/// How many bytes a prompt asks for: `simulator:mib=8` for a file of 8 MiB, at most 512. So a
/// person can see how a file is stored in parts.
pub(crate) fn bytes_asked_for(prompt: &str) -> Option<u64> {
    let (_, behind) = prompt.split_once(MIB)?;
    let digits =
        behind.split(|character: char| !character.is_ascii_digit()).next().unwrap_or_default();
    digits.parse::<u64>().ok().filter(|mib| (1..=MOST_MIB).contains(mib)).map(|mib| mib << 20)
}

/// How coming submissions end. As JSON: `{"prompt_contains": "gore", "times": null, "ending":
/// {…}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict<Ending> {
    /// For how many submissions: one unless said, for all when `null`.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// How many of them end as usual before.
    #[serde(default)]
    pub after: u32,
    /// Only for prompts that contain this text.
    #[serde(default)]
    pub prompt_contains: Option<String>,
    pub ending: Ending,
}

impl<Ending> Verdict<Ending> {
    /// The next `times` submissions end so.
    pub fn next(times: u32, ending: Ending) -> Self {
        Self { times: Some(times), after: 0, prompt_contains: None, ending }
    }

    /// Every submission whose prompt contains `text` ends so.
    pub fn for_prompts(text: &str, ending: Ending) -> Self {
        Self { times: None, after: 0, prompt_contains: Some(text.to_owned()), ending }
    }
}

impl<Ending: Clone + DeserializeOwned + Serialize + Send + 'static> Line for Verdict<Ending> {
    fn times(&mut self) -> &mut Option<u32> {
        &mut self.times
    }

    fn after(&mut self) -> &mut u32 {
        &mut self.after
    }
}

impl<Ending> Script<Verdict<Ending>>
where
    Verdict<Ending>: Line,
{
    /// The ending that is due to a prompt, if any was decided.
    pub(crate) fn ending_for(&self, prompt: &str) -> Option<Ending> {
        let fits = |text: &String| prompt.contains(text.as_str());
        self.take(|verdict| verdict.prompt_contains.as_ref().is_none_or(fits))
            .map(|verdict| verdict.ending)
    }

    pub(crate) fn verdicts_router(&self) -> Router {
        let script = self.clone();
        self.router("/_simulator/verdicts", move |verdict| {
            script.add(verdict);
            Ok::<_, Infallible>(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_may_ask_for_a_large_file() {
        for (prompt, expected) in [
            ("a hummingbird, simulator:mib=8", Some(8 << 20)),
            ("simulator:mib=512 and more", Some(512 << 20)),
            ("simulator:mib=513", None),
            ("simulator:mib=0", None),
            ("simulator:mib=", None),
            ("simulator:mib=99999999999999999999999", None),
            ("a hummingbird", None),
        ] {
            assert_eq!(bytes_asked_for(prompt), expected, "{prompt}");
        }
    }
}
