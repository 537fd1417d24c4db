//! What the greeting says of each service outside: whether it is real, where it answers, and
//! whether it can be used.

use crate::simulators::SERVICES;
use crate::simulators::service::{Greeted, Greeting, Service};
use crate::system::{System, in_own_words};
use ghub::aws::sdk_config;
use ghub::sender::ProviderCredentials;

/// What is said of a service outside.
pub struct Line {
    /// What it is called.
    pub name: &'static str,
    /// Whether it is the real one.
    pub real: bool,
    /// Whether it can be used with what a person set.
    pub usable: bool,
    /// Where it answers, what it costs, and whether it can be used.
    pub text: String,
}

impl System {
    /// What is outside, and whether it is real, for the person at the terminal.
    pub async fn outside(&self) -> Vec<Line> {
        let world = self.world();
        let credentials = match sdk_config(&world) {
            Ok(aws) => Some(ProviderCredentials::read(&world, &aws).await),
            Err(_) => None, // the functions that started have it
        };
        let mut lines = Vec::new();
        for service in &SERVICES {
            let problem = match (&credentials, service.provider) {
                (Some(credentials), Some(provider)) => credentials.problem(provider).await,
                _ => None,
            };
            lines.push(self.line(service, problem.map(|why| why.to_string())));
        }
        lines
    }

    fn line(&self, service: &Service, problem: Option<String>) -> Line {
        let secret = self.secrets_manager.text(service.secret.name);
        let greeted = Greeted { variables: &self.variables, secret: secret.as_deref() };
        let Greeting { text, usable } = (service.greet)(&greeted);
        let usable = usable && problem.is_none();
        let simulated = self.simulators.origin_of(service);
        let text = match (simulated, problem) {
            (_, Some(why)) => format!("its models are not available: {}", in_own_words(&why)),
            (Some(origin), None) => format!("simulated, at {origin}"),
            (None, None) => text,
        };
        Line { name: service.label, real: simulated.is_none(), usable, text }
    }
}
