//! The world outside, simulated on the wire, and what the simulators share. A simulator can be told
//! to misbehave, and remembers what it was asked.
//!
//! This module has the list of simulators, starts them, and sets the parameters and secrets that
//! point the functions at them. A service that is really there is not simulated.
//!
//! A new provider's simulator is a folder of its own and one line in `simulators!`. Its folder has:
//! the wire (routes and words), a [`Provider`](provider::Provider) with its order, endings and
//! settings, and a `service.rs` with its [`Service`].

pub mod fal;
pub mod faults;
pub mod google;
pub mod service;
pub mod supabase;
pub mod video;

pub(crate) mod dates;
mod door;
mod json_file;
mod output;
mod provider;
mod ranges;
mod script;
mod seen;
mod shelf;
mod verdict;

use self::fal::Fal;
use self::google::Google;
use self::service::{Place, Service, Simulate};
use self::supabase::Supabase;
use crate::options::{Options, Pace};
use crate::place::Scratch;
use crate::system::{serve, text};
use ghub::catalog::Catalog;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use tokio::task::JoinSet;

/// Makes the list of services and the value with their simulators.
macro_rules! simulators {
    ($($(#[$doc:meta])* $field:ident: $simulator:ty,)+) => {
        pub const SERVICES: [Service; [$(stringify!($field)),+].len()] =
            [$(<$simulator as Simulate>::SERVICE),+];

        /// The simulators that run: of the services that are not real.
        pub struct Simulators {
            $($(#[$doc])* pub $field: Option<Simulated<$simulator>>,)+
        }

        impl Simulators {
            pub(crate) async fn start(start: &mut Start<'_>) -> Result<Self, String> {
                Ok(Self { $($field: start.simulate().await?,)+ })
            }

            /// What a program needs to know of each simulator, in the order of [`SERVICES`].
            pub(crate) fn addresses(&self) -> [Option<&[String]>; SERVICES.len()] {
                [$(self.$field.as_ref().map(|simulated| simulated.addresses.as_slice())),+]
            }

            /// Where the service's simulator listens, if it is simulated.
            pub(crate) fn origin_of(&self, service: &Service) -> Option<&str> {
                $(if service.name == <$simulator as Simulate>::SERVICE.name {
                    return self.$field.as_ref().map(|simulated| simulated.origin.as_str());
                })+
                None
            }
        }
    };
}

simulators! {
    /// fal, if it is simulated.
    fal: Fal,
    /// Google, if it is simulated.
    google: Google,
    /// Supabase Storage, if it is simulated.
    storage: Supabase,
}

/// A simulator and where it listens.
pub struct Simulated<T> {
    pub origin: String,
    /// What it can be told and asked.
    pub simulator: T,
    addresses: Vec<String>,
}

/// What the simulators are started with, and the parameters and secrets that they add to.
pub(crate) struct Start<'a> {
    pub(crate) options: &'a Options,
    pub(crate) scratch: &'a Scratch,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) secrets: BTreeMap<String, String>,
    pub(crate) tasks: &'a mut JoinSet<()>,
}

impl<'a> Start<'a> {
    pub(crate) fn new(
        options: &'a Options,
        scratch: &'a Scratch,
        tasks: &'a mut JoinSet<()>,
    ) -> Self {
        let (parameters, secrets) = (options.parameters.clone(), options.secrets.clone());
        Self { options, scratch, parameters, secrets, tasks }
    }

    /// Starts a simulator, unless the service is real.
    async fn simulate<T: Simulate>(&mut self) -> Result<Option<Simulated<T>>, String> {
        if self.is_real(&T::SERVICE) {
            return Ok(None);
        }
        let (listener, origin) = self.options.ports.listen(T::SERVICE.port).await?;
        let place = Place { origin: &origin, options: self.options, scratch: self.scratch };
        let (simulator, pointers) = T::start(&place)?;
        self.tasks.spawn(serve(listener, simulator.routes()));
        self.secrets.insert(T::SERVICE.secret.variable.to_owned(), pointers.secret);
        for (name, value) in pointers.parameters {
            self.parameters.insert(name.to_owned(), value);
        }
        if pointers.serves_files {
            self.allow_downloads_from(origin.trim_start_matches("http://"));
        }
        Ok(Some(Simulated { origin, simulator, addresses: pointers.addresses }))
    }

    /// The first variable that the real service needs says that it is real.
    fn is_real(&self, service: &Service) -> bool {
        let Some(needed) = service.needs.first() else { return false };
        let parameter = service.parameters.iter().find(|(variable, _)| variable == needed);
        match parameter {
            Some((_, parameter)) => self.parameters.contains_key(*parameter),
            None => self.secrets.contains_key(*needed),
        }
    }

    fn allow_downloads_from(&mut self, host: &str) {
        let hosts = self.parameters.entry("DownloadHosts".to_owned()).or_default();
        if !hosts.is_empty() {
            hosts.push(',');
        }
        hosts.push_str(host);
    }
}

/// The local catalog: the models without a live upstream are routed to the simulators, `Fast` looks
/// every second, and what is set otherwise wins.
pub fn catalog(
    pace: Pace,
    is_simulated: impl Fn(&Service) -> bool,
    set: &str,
) -> Result<String, String> {
    let simulated = SERVICES.iter().filter(|service| is_simulated(service));
    let routes: Vec<_> = simulated.flat_map(|service| service.routes).collect();
    let mut overrides: Map<String, Value> = Map::new();
    for model in Catalog::published().iter() {
        let mut change = Map::new();
        if pace == Pace::Fast {
            change.insert("poll_every_seconds".to_owned(), 1.into());
        }
        if let Some((_, route)) = routes.iter().find(|(id, _)| *id == model.id) {
            change.insert("route".to_owned(), (*route).into());
        }
        if !change.is_empty() {
            overrides.insert(model.id.clone(), change.into());
        }
    }
    // The merged catalog is checked too, but its mistakes would have places in a text that no
    // person wrote.
    Catalog::with_overrides(set).map_err(|error| format!("CATALOG is wrong: {error}"))?;
    let set: Map<String, Value> = serde_json::from_str(set).map_err(text)?;
    for (id, change) in set {
        let known = overrides.entry(id).or_insert_with(|| json!({}));
        known
            .as_object_mut()
            .into_iter()
            .for_each(|known| known.extend(change.as_object().cloned().unwrap_or_default()));
    }
    Ok(Value::Object(overrides).to_string())
}
