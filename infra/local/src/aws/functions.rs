//! The deployed functions, called with event JSON through the same deserialisers as on Lambda.

use crate::mapping::Function;
use audit_accounts::AuditAccounts;
use aws_lambda_events::event::sqs::SqsEvent;
use cancel_video::CancelVideo;
use delete_video::DeleteVideo;
use futures::future::BoxFuture;
use get_credits::GetCredits;
use get_model::GetModel;
use get_openapi::GetOpenapi;
use get_video::GetVideo;
use ghub::config::ConfigError;
use ghub::error::causes;
use ghub::world::World;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, Request, Response, Service, service_fn};
use lambda_runtime::{Context, LambdaEvent};
use list_models::ListModels;
use list_transactions::ListTransactions;
use list_videos::ListVideos;
use poll_jobs::PollJobs;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::convert::Infallible;
use std::sync::Arc;
use store_video::StoreVideo;
use submit_video::SubmitVideo;
use sweep_jobs::SweepJobs;
use unknown_route::UnknownRoute;

/// The function with this name in the template, in its own environment.
pub async fn build(name: &str, world: &World) -> Result<Function, ConfigError> {
    Ok(match name {
        "submit-video" => {
            let function = Arc::new(SubmitVideo::new(world).await?);
            http(move |request| {
                let function = function.clone();
                Box::pin(async move { function.handle(request).await })
            })
        }
        "get-video" => {
            let function = Arc::new(GetVideo::new(world).await?);
            http(move |request| {
                let function = function.clone();
                Box::pin(async move { function.handle(request).await })
            })
        }
        "list-videos" => {
            let function = Arc::new(ListVideos::new(world).await?);
            http(move |request| {
                let function = function.clone();
                Box::pin(async move { function.handle(request).await })
            })
        }
        "cancel-video" => {
            let function = Arc::new(CancelVideo::new(world).await?);
            http(move |request| {
                let function = function.clone();
                Box::pin(async move { function.handle(request).await })
            })
        }
        "delete-video" => {
            let function = Arc::new(DeleteVideo::new(world).await?);
            http(move |request| {
                let function = function.clone();
                Box::pin(async move { function.handle(request).await })
            })
        }
        "list-models" => {
            let function = Arc::new(ListModels::new(world).await?);
            http(move |request| {
                let function = function.clone();
                Box::pin(async move { function.handle(request).await })
            })
        }
        "get-model" => {
            let function = Arc::new(GetModel::new(world).await?);
            http(move |request| {
                let function = function.clone();
                Box::pin(async move { function.handle(request).await })
            })
        }
        "get-credits" => {
            let function = Arc::new(GetCredits::new(world).await?);
            http(move |request| {
                let function = function.clone();
                Box::pin(async move { function.handle(request).await })
            })
        }
        "list-transactions" => {
            let function = Arc::new(ListTransactions::new(world).await?);
            http(move |request| {
                let function = function.clone();
                Box::pin(async move { function.handle(request).await })
            })
        }
        "get-openapi" => {
            let function = Arc::new(GetOpenapi::new(world.ambient.clone(), world.metrics.clone()));
            http(move |request| {
                let function = function.clone();
                Box::pin(async move { function.handle(request) })
            })
        }
        "unknown-route" => {
            let function = Arc::new(UnknownRoute::new(world.ambient.clone(), world.metrics.clone()));
            http(move |request| {
                let function = function.clone();
                Box::pin(async move { function.handle(request) })
            })
        }
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
                Box::pin(async move { written(function.handle().await.map_err(|error| causes(error.as_ref()))?) })
            })
        }
        "audit-accounts" => {
            let function = Arc::new(AuditAccounts::new(world)?);
            Arc::new(move |_| {
                let function = function.clone();
                Box::pin(async move { written(function.handle().await.map_err(|error| causes(error.as_ref()))?) })
            })
        }
        unknown => {
            panic!("template.yaml has the function {unknown}, which the local system does not know: add it here")
        }
    })
}

/// A function behind API Gateway: payload 2.0 becomes an HTTP request by `lambda_http`, as on Lambda.
fn http(handle: impl Fn(Request) -> BoxFuture<'static, Response<Body>> + Send + Sync + 'static) -> Function {
    let handle = Arc::new(handle);
    Arc::new(move |event| {
        let handle = handle.clone();
        Box::pin(async move {
            let request = read::<LambdaRequest>(&event)?;
            let service = service_fn(move |request| {
                let answer = handle(request);
                async move { Ok::<_, Infallible>(answer.await) }
            });
            let answer = Adapter::from(service).call(LambdaEvent::new(request, Context::default())).await;
            written(answer.map_err(|never| never.to_string())?)
        })
    })
}

/// Reads an event from its text, as Lambda delivers it.
fn read<T: DeserializeOwned>(event: &Value) -> Result<T, String> {
    serde_json::from_str(&event.to_string()).map_err(|error| format!("the event could not be read: {error}"))
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
            let function = template.functions.iter().find(|function| function.name == name).unwrap();
            assert_eq!(Duration::from_secs(u64::from(function.timeout_s)), known, "{name}");
        }
        let longest = submit_video::TIMEOUT.max(poll_jobs::TIMEOUT);
        assert!(
            SUBMIT_LEASE >= longest + Duration::from_secs(30),
            "the lease outlives whoever submits, and clocks differ"
        );
    }
}
