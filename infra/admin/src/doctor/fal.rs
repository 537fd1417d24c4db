//! Checks fal's key by asking for the status of a request that never existed. fal checks the key
//! first, so the answer says whether the key is good, and nothing is started. The answer does not
//! say whether the balance is enough: fal has answered such questions as usual for a locked
//! account.

use super::finding::Finding;
use super::{LONGER, within};
use ghub::adapter::fal::Handle;
use ghub::adapter::{self, Reply};
use ghub::aws::SdkConfig;
use ghub::config::ConfigError;
use ghub::error::BoxError;
use ghub::outbound::WireError;
use ghub::provider::{FAL_QUEUE, Provider};
use ghub::sender::ProviderSender;
use ghub::world::World;
use serde_json::Value;

const AREA: &str = "provider";
const SUBJECT: &str = "fal.ai";
/// The app of the request, if the catalog has none of fal's.
const ANY_APP: &str = "fal-ai/kling-video";

pub async fn look(world: &World, aws: &SdkConfig) -> Vec<Finding> {
    within(AREA, SUBJECT, async {
        let mut finding = Finding::of(AREA, SUBJECT);
        match ask(world, aws).await {
            Ok(answer) => judge(answer, &mut finding),
            Err(error) => finding.fail(error, "Correct the variable and run it again."),
        }
        vec![finding]
    })
    .await
}

async fn ask(world: &World, aws: &SdkConfig) -> Result<Result<Reply, WireError>, BoxError> {
    let (sender, providers) = (ProviderSender::new(world, aws).await?, world.env.providers()?);
    if let Some(why) = sender.problem(Provider::Fal).await {
        return Err(why.into());
    }
    let handle = adapter::Handle::Fal(unknown_request(world)?);
    match providers.check(&handle) {
        Ok(request) => Ok(sender.send(request, LONGER).await),
        Err(failure) => Ok(Err(WireError::NotSent(failure.message.into()))),
    }
}

fn unknown_request(world: &World) -> Result<Handle, ConfigError> {
    let catalog = world.env.catalog().ok();
    let routes = || {
        catalog
            .iter()
            .flat_map(ghub::catalog::Catalog::iter)
            .filter(|model| model.provider() == Provider::Fal)
    };
    let route = routes().find_map(|model| model.route());
    let app = route.map_or_else(
        || ANY_APP.to_owned(),
        |route| route.split('/').take(2).collect::<Vec<_>>().join("/"),
    );
    let request_id = world.ambient.org_id().to_string(); // a random UUID, as fal's own
    let mut url = world.env.origin(&FAL_QUEUE)?;
    let base = url.path().trim_end_matches('/').to_owned();
    let mut address = |suffix: &str| {
        url.set_path(&format!("{base}/{app}/requests/{request_id}{suffix}"));
        url.to_string()
    };
    let (status_url, response_url, cancel_url) =
        (address("/status"), address(""), address("/cancel"));
    Ok(Handle { request_id, status_url, response_url, cancel_url })
}

fn judge(answer: Result<Reply, WireError>, finding: &mut Finding) {
    let Reply { status, body, .. } = match answer {
        Ok(reply) => reply,
        Err(WireError::NotSent(_)) => {
            return finding.fail(
                "no connection",
                "See whether FAL_QUEUE_URL is right, and whether this machine can reach it.",
            );
        }
        Err(WireError::Lost(_)) => {
            return finding.fail(
                "the connection broke",
                "Run it again; https://status.fal.ai says whether fal is up.",
            );
        }
    };
    let said = format!("HTTP {status}");
    let detail = serde_json::from_slice::<Value>(&body)
        .ok()
        .and_then(|body| body["detail"].as_str().map(str::to_owned));
    let locked = detail.is_some_and(|detail| detail.to_lowercase().contains("locked"));
    match status {
        200..=299 | 400 | 404 | 422 => {
            finding.ok("the key is good");
            finding.ok("its balance cannot be asked for without spending");
        }
        401 => finding.fail(
            format!("fal does not know the key ({said})"),
            "Make a key at https://fal.ai/dashboard/keys and store it whole, id:secret; functions take it within \
             five minutes.",
        ),
        402 | 403 if locked || status == 402 => finding.fail(
            format!("the account is locked ({said})"),
            "Its balance is used up: top up at https://fal.ai/dashboard/billing; if it stays locked, only \
             support@fal.ai can unlock it.",
        ),
        403 => finding.fail(
            format!("the key may not do this ({said})"),
            "Make a key with the scope API at https://fal.ai/dashboard/keys, of the account that pays.",
        ),
        _ => finding.warn(
            format!("the key could not be judged ({said})"),
            "Run it again; https://status.fal.ai says \
         whether fal is up.",
        ),
    }
}
