//! Builds the functions, and connects each to what wakes it.

use super::{System, in_own_words, seconds, text};
use crate::aws::environment::Environment;
use crate::aws::gateway::{self, Route};
use crate::aws::{functions, queues, schedule};
use crate::mapping;
use crate::options::{Options, Pace};
use crate::place;
use crate::template::{Function, Template, Trigger};
use ghub::outbound::Outbound;
use ghub::world::World;
use std::time::Duration;

impl System {
    /// Builds each function in its own environment and connects it to what wakes it.
    pub(super) async fn wake(
        &mut self,
        template: &Template,
        environment: &Environment,
        options: &Options,
    ) -> Result<(), String> {
        let outbound = options.gate.clone().map_or_else(Outbound::network, Outbound::gated);
        let mut routes = Vec::new();
        for function in &template.functions {
            let world = World {
                env: environment.of(template, function)?,
                ambient: self.ambient.clone(),
                outbound: outbound.clone(),
                metrics: options.metrics.clone(),
            };
            let built = functions::build(&function.name, &world)
                .await
                .map_err(|error| in_own_words(&error.to_string()))?;
            self.functions.insert(function.name.clone(), built.clone());
            for trigger in &function.triggers {
                routes.extend(self.connect(function, trigger, &built, options.pace)?);
            }
        }
        if options.api {
            let (listener, origin) = options.ports.listen(place::API).await?;
            self.tasks.spawn(gateway::serve(listener, routes, options.now.clone()));
            let api = format!("{origin}/v1");
            self.scratch.answers_at(&api);
            self.api = Some(api);
        }
        Ok(())
    }

    /// Connects a function to one trigger. A route is returned, for the gateway to serve.
    fn connect(
        &mut self,
        function: &Function,
        trigger: &Trigger,
        built: &mapping::Function,
        pace: Pace,
    ) -> Result<Option<Route>, String> {
        let (built, timeout) = (built.clone(), seconds(function.timeout_s));
        match trigger {
            Trigger::Http { method, path } => {
                let (method, path) = (Some(method.clone()), path.clone());
                return Ok(Some(Route { method, path, function: built, timeout }));
            }
            Trigger::Default => {
                let path = String::new();
                return Ok(Some(Route { method: None, path, function: built, timeout }));
            }
            Trigger::Queue { .. } => {
                let mapping = queues::mapping(&self.sqs, function, trigger, built, pace);
                self.mappings.push(mapping.start().map_err(text)?);
            }
            Trigger::Schedule { every_s } => {
                let fast = pace == Pace::Fast;
                let every = if fast { Duration::from_secs(2) } else { seconds(*every_s) };
                self.tasks.spawn(schedule::run(built, every));
            }
        }
        Ok(None)
    }
}
