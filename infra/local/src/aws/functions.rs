//! The deployed functions, called with event JSON through the same deserialisers as on Lambda.

use crate::mapping::Function;
use aws_lambda_events::event::sqs::SqsEvent;
use ghub::config::ConfigError;
use ghub::error::causes;
use ghub::http::{Endpoint, Server};
use ghub::world::World;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;

/// A function behind a queue.
macro_rules! queue {
    ($function:expr) => {{
        let function = Arc::new($function);
        called(move |event| {
            let function = function.clone();
            async move { written(function.handle(read::<SqsEvent>(&event)?).await) }
        })
    }};
}

/// A function that the clock wakes. It does not read its event.
macro_rules! schedule {
    ($function:expr) => {{
        let function = Arc::new($function);
        called(move |_| {
            let function = function.clone();
            async move { written(function.handle().await.map_err(|error| causes(error.as_ref()))?) }
        })
    }};
}

/// The function with this name in the template, in its own environment.
pub async fn build(name: &str, world: &World) -> Result<Function, ConfigError> {
    Ok(match name {
        "submit-video" => http(world, submit_video::SubmitVideo::new(world).await?),
        "get-video" => http(world, get_video::GetVideo::new(world).await?),
        "list-videos" => http(world, list_videos::ListVideos::new(world).await?),
        "cancel-video" => http(world, cancel_video::CancelVideo::new(world).await?),
        "delete-video" => http(world, delete_video::DeleteVideo::new(world).await?),
        "list-models" => http(world, list_models::ListModels::new(world).await?),
        "get-model" => http(world, get_model::GetModel::new(world).await?),
        "get-credits" => http(world, get_credits::GetCredits::new(world).await?),
        "list-transactions" => http(world, list_transactions::ListTransactions::new(world).await?),
        "get-openapi" => http(world, get_openapi::GetOpenapi),
        "unknown-route" => http(world, unknown_route::UnknownRoute),
        "poll-jobs" => queue!(poll_jobs::PollJobs::new(world).await?),
        "store-video" => queue!(store_video::StoreVideo::new(world).await?),
        "sweep-jobs" => schedule!(sweep_jobs::SweepJobs::new(world)?),
        "audit-accounts" => schedule!(audit_accounts::AuditAccounts::new(world)?),
        unknown => {
            panic!(
                "template.yaml has the function {unknown}, which the local system does not know: add it here"
            )
        }
    })
}

/// A function behind API Gateway, in the server that it has on Lambda too.
fn http(world: &World, endpoint: impl Endpoint) -> Function {
    let (server, endpoint) = (Server::from(world), Arc::new(endpoint));
    called(move |event| {
        let (server, endpoint) = (server.clone(), endpoint.clone());
        async move { written(server.answer(endpoint.as_ref(), &event.to_string()).await) }
    })
}

/// A function that Lambda calls with an event.
fn called<A>(handle: impl Fn(Value) -> A + Send + Sync + 'static) -> Function
where
    A: Future<Output = Result<Value, String>> + Send + 'static,
{
    Arc::new(move |event| Box::pin(handle(event)))
}

/// Reads an event from its text, as Lambda delivers it.
fn read<T: DeserializeOwned>(event: &Value) -> Result<T, String> {
    serde_json::from_str(&event.to_string())
        .map_err(|error| format!("the event could not be read: {error}"))
}

fn written(answer: impl serde::Serialize) -> Result<Value, String> {
    serde_json::to_value(answer).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use crate::template::Template;
    use ghub::job::SUBMIT_LEASE;
    use std::time::Duration;

    #[test]
    fn the_functions_know_their_own_timeouts() {
        let template = Template::read();
        for (name, known) in [
            ("submit-video", submit_video::TIMEOUT),
            ("cancel-video", cancel_video::TIMEOUT),
            ("delete-video", delete_video::TIMEOUT),
            ("poll-jobs", poll_jobs::TIMEOUT),
            ("store-video", store_video::TIMEOUT),
            ("audit-accounts", audit_accounts::TIMEOUT),
        ] {
            let function =
                template.functions.iter().find(|function| function.name == name).unwrap();
            assert_eq!(Duration::from_secs(u64::from(function.timeout_s)), known, "{name}");
        }
        let longest = submit_video::TIMEOUT.max(poll_jobs::TIMEOUT);
        assert!(
            SUBMIT_LEASE >= longest + Duration::from_secs(30),
            "the lease outlives whoever submits, and clocks differ"
        );
    }
}
