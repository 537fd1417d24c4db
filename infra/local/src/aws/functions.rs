//! The deployed functions, called with event JSON through the same deserialisers as on Lambda.

use crate::mapping::Function;
use audit_accounts::AuditAccounts;
use aws_lambda_events::event::sqs::SqsEvent;
use cancel_video::CancelVideo;
use delete_video::DeleteVideo;
use get_credits::GetCredits;
use get_model::GetModel;
use get_openapi::GetOpenapi;
use get_video::GetVideo;
use ghub::config::ConfigError;
use ghub::error::causes;
use ghub::http::{Endpoint, Server};
use ghub::world::World;
use list_models::ListModels;
use list_transactions::ListTransactions;
use list_videos::ListVideos;
use poll_jobs::PollJobs;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use store_video::StoreVideo;
use submit_video::SubmitVideo;
use sweep_jobs::SweepJobs;
use unknown_route::UnknownRoute;

/// The function with this name in the template, in its own environment.
pub async fn build(name: &str, world: &World) -> Result<Function, ConfigError> {
    Ok(match name {
        "submit-video" => http(world, SubmitVideo::new(world).await?),
        "get-video" => http(world, GetVideo::new(world).await?),
        "list-videos" => http(world, ListVideos::new(world).await?),
        "cancel-video" => http(world, CancelVideo::new(world).await?),
        "delete-video" => http(world, DeleteVideo::new(world).await?),
        "list-models" => http(world, ListModels::new(world).await?),
        "get-model" => http(world, GetModel::new(world).await?),
        "get-credits" => http(world, GetCredits::new(world).await?),
        "list-transactions" => http(world, ListTransactions::new(world).await?),
        "get-openapi" => http(world, GetOpenapi::default()),
        "unknown-route" => http(world, UnknownRoute),
        "poll-jobs" => {
            let function = Arc::new(PollJobs::new(world).await?);
            Arc::new(move |event| {
                let function = function.clone();
                Box::pin(async move { written(function.handle(read::<SqsEvent>(&event)?).await) })
            })
        }
        "store-video" => {
            let function = Arc::new(StoreVideo::new(world).await?);
            Arc::new(move |event| {
                let function = function.clone();
                Box::pin(async move { written(function.handle(read::<SqsEvent>(&event)?).await) })
            })
        }
        "sweep-jobs" => {
            let function = Arc::new(SweepJobs::new(world)?);
            Arc::new(move |_| {
                let function = function.clone();
                Box::pin(async move {
                    written(function.handle().await.map_err(|error| causes(error.as_ref()))?)
                })
            })
        }
        "audit-accounts" => {
            let function = Arc::new(AuditAccounts::new(world)?);
            Arc::new(move |_| {
                let function = function.clone();
                Box::pin(async move {
                    written(function.handle().await.map_err(|error| causes(error.as_ref()))?)
                })
            })
        }
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
    Arc::new(move |event| {
        let (server, endpoint) = (server.clone(), endpoint.clone());
        Box::pin(async move { written(server.answer(endpoint.as_ref(), &event.to_string()).await) })
    })
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
