//! What the local system knows of a service outside, and how its simulator is started. Each
//! simulator has one [`Service`], in a file of its own folder; the list is in `simulators.rs`.

use ghub::provider::Provider;

use crate::options::{Options, Pace};
use crate::place::Scratch;
use crate::simulators::provider::Render;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A service outside, real or simulated.
pub struct Service {
    /// What a sentence calls it.
    pub name: &'static str,
    /// What the greeting calls it.
    pub label: &'static str,
    /// Its name among the providers, if it is one.
    pub provider: Option<Provider>,
    pub secret: Secret,
    /// Its other variables, each with the template's parameter that it sets.
    pub parameters: &'static [(&'static str, &'static str)],
    /// The variables without which the real one cannot be used. The first of them alone says that
    /// it is real.
    pub needs: &'static [&'static str],
    /// The variables that mean nothing to its simulator.
    pub also: &'static [&'static str],
    /// The folders in which its simulator keeps files. The first is its own.
    pub folders: &'static [&'static str],
    /// The port of its simulator, counted from the API's.
    pub port: u16,
    /// The models without a live upstream that its simulator serves, and the route to each.
    pub routes: &'static [(&'static str, &'static str)],
    /// What [`addresses`](crate::system::System::addresses) says of its simulator.
    pub addresses: &'static [&'static str],
    /// What the greeting says of the real one.
    pub(crate) greet: fn(&Greeted<'_>) -> Greeting,
}

/// A secret of the operator's.
#[derive(Clone, Copy)]
pub struct Secret {
    /// The variable that a person sets.
    pub variable: &'static str,
    /// Its name in Secrets Manager.
    pub name: &'static str,
    /// The template's parameter that says this name.
    pub parameter: &'static str,
}

/// What the greeting can look at.
pub(crate) struct Greeted<'a> {
    pub(crate) variables: &'a BTreeMap<String, String>,
    pub(crate) secret: Option<&'a str>,
}

impl Greeted<'_> {
    pub(crate) fn variable(&self, name: &str) -> &str {
        self.variables.get(name).map_or("", String::as_str)
    }
}

/// What the greeting says of a real service.
pub(crate) struct Greeting {
    pub(crate) text: String,
    /// Whether it can be used with the key that a person set.
    pub(crate) usable: bool,
}

impl Greeting {
    pub(crate) fn usable(text: String) -> Self {
        Self { text, usable: true }
    }
}

/// Where a simulator is to run.
pub(crate) struct Place<'a> {
    pub(crate) origin: &'a str,
    pub(crate) options: &'a Options,
    pub(crate) scratch: &'a Scratch,
}

impl Place<'_> {
    /// A folder for what outlives the process; none where nothing does.
    pub(crate) fn kept(&self, folder: &str) -> Option<PathBuf> {
        self.options.data.is_kept().then(|| self.scratch.path().join(folder))
    }

    /// How long renders take.
    pub(crate) fn render(&self) -> Render {
        let (queued, rendering) = match self.options.pace {
            Pace::Usual => (Duration::from_secs(10), Duration::from_secs(110)),
            Pace::Fast => (Duration::from_millis(200), Duration::from_millis(800)),
        };
        Render { queued, rendering }
    }
}

/// What points the functions, and other programs, at a simulator.
pub(crate) struct Pointers {
    pub(crate) secret: String,
    /// Values of the template's parameters.
    pub(crate) parameters: Vec<(&'static str, String)>,
    /// Whether finished files are fetched from its origin without a key.
    pub(crate) serves_files: bool,
    /// The values of [`Service::addresses`].
    pub(crate) addresses: Vec<String>,
}

/// A simulator that the local system can start.
pub(crate) trait Simulate: Sized {
    const SERVICE: Service;

    /// Makes the simulator, and says what points at it.
    fn start(place: &Place<'_>) -> Result<(Self, Pointers), String>;

    /// Its paths, to be served at its origin.
    fn routes(&self) -> axum::Router;
}
