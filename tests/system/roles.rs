//! What each function does in a full run, beside what its role allows. More would be refused on
//! AWS. Less would be a permission that no function needs.

use crate::asking::Ask;
use crate::routes::Route;
use crate::stage::{Caller, Stage, until};
use crate::still::{AT_ONCE, FOR_HOURS};
use crate::traces::Call;
use ghub::outbound::{Exchange, Gate, Network};
use ghub::status::Status;
use local::fal::{Ending, Verdict};
use local::faults::{Fault, Then};
use local::options::Options;
use local::supabase::Step;
use local::system::SECRETS;
use local::template::{Function, Setting, Template};
use reqwest::{Method, Request};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What Lambda does with a function's role before and after it calls the function.
const LAMBDAS_OWN: [&str; 5] = [
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
];

/// An action and the resource that it is done to, as `dynamodb:GetItem JobsTable`.
type Done = BTreeMap<String, BTreeSet<String>>;

#[tokio::test(flavor = "multi_thread")]
async fn a_function_does_all_that_its_role_allows_and_nothing_else() {
    let seen = Arc::new(Seen::default());
    let stage = Stage::with(Options { gate: Some(seen.clone()), ..Options::test() }).await;
    let caller = stage.caller();
    let stored = end_in_each_way(&stage, &caller).await;
    read_all(&stage, &caller, &stored).await;
    cancel_and_delete(&stage, &caller).await;

    // No request waits for the day of a key's use to be kept.
    let allowed = allowed(&Template::read());
    let keeps = |does: &BTreeSet<String>| does.contains("dynamodb:UpdateItem KeysTable");
    let all_kept = |done: &Done| {
        allowed.iter().all(|(name, may)| !keeps(may) || done.get(name).is_some_and(keeps))
    };
    let done = until(async || Some(seen.by_function()).filter(all_kept)).await;
    for function in allowed.keys().chain(done.keys()) {
        let nothing = BTreeSet::new();
        let (does, may) =
            (done.get(function).unwrap_or(&nothing), allowed.get(function).unwrap_or(&nothing));
        let needless: Vec<_> = may.difference(does).collect();
        let refused: Vec<_> = does.difference(may).collect();
        assert!(
            needless.is_empty() && refused.is_empty(),
            "{function} does not need {needless:?}, and lacks {refused:?}"
        );
    }
}

/// Has jobs stored, charged and refused. Returns one that is stored.
async fn end_in_each_way(stage: &Stage, caller: &Caller) -> String {
    // Sent twice under one idempotency key.
    let order = json!({"model": "fal/kling-2", "prompt": "a full run"});
    for _ in 0..2 {
        let ask =
            Ask::submit(&stage.system.identity.live_key, &order).idempotency_key("a-full-run");
        assert_eq!(stage.ask(ask).await.status, 200);
    }
    // Its order cannot be accepted any more, so the key is looked up.
    let dear = json!({"model": "fal/kling-2", "prompt": "a full run", "max_cost": "0.01"});
    let ask = Ask::submit(&stage.system.identity.live_key, &dear).idempotency_key("a-full-run");
    stage.ask(ask).await.refused(409, "idempotency_conflict");

    // Their messages are lost: one is hurried by its owner, and the sweep finds the other.
    stage.system.sqs.lose_next("PollQueue", 1).unwrap();
    let hurried = caller.accept("hurried").await;
    stage.later(Duration::from_secs(10));
    caller.finish(&hurried).await;
    stage.system.sqs.lose_next("PollQueue", 1).unwrap();
    let swept = caller.accept("swept").await;
    stage.later(Duration::from_secs(60));
    stage.until(caller.org, &swept, Status::Completed).await;

    // Stored at the second try.
    let busy = Then::Answer { status: 503, headers: [].into(), body: "busy".into() };
    stage.storage().faults().add(Fault::once(Step::Upload, busy)).unwrap();
    caller.finish(&caller.accept("stored at the second try").await).await;

    // Failed by its provider, so that a hold is released.
    stage.fal().decide(Verdict::for_prompts(
        "refused",
        Ending::refused("content_policy_violation", "flagged"),
    ));
    let refused = caller.accept("refused").await;
    stage.until(caller.org, &refused, Status::Failed).await;
    hurried
}

/// Reads all that a caller can read.
async fn read_all(stage: &Stage, caller: &Caller, job: &str) {
    // Each with a key that was not used before: the day of its first use is kept.
    for route in Route::guarded().filter(|route| route.method == Method::GET) {
        let key = stage.key_of(caller).await;
        stage.ask(route.ask(job).key(&key)).await;
    }

    // What the caller has left, and where it went, from the second newest transaction on.
    let read = async |path: &str| {
        let ask = Ask::new(Method::GET, path).key(&stage.system.identity.live_key);
        let reply = stage.ask(ask).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body
    };
    read("/v1/credits").await;
    let newest = read("/v1/credits/transactions?limit=1").await;
    read(&format!("/v1/credits/transactions?after={}", newest["last_id"].as_str().unwrap())).await;
}

/// Has a job cancelled too late, another in time, and the first deleted.
async fn cancel_and_delete(stage: &Stage, caller: &Caller) {
    let (canceller, deleter) = (stage.key_of(caller).await, stage.key_of(caller).await);
    let cancel =
        |job: &str| Ask::new(Method::POST, &format!("/v1/videos/{job}/cancel")).key(&canceller);
    stage.system.sqs.lose_if("PollQueue", |_| true).unwrap();
    stage.fal().set_render(AT_ONCE);
    let late = caller.accept("cancelled too late").await;
    assert_eq!(stage.ask(cancel(&late)).await.job(), late, "it is stored all the same");
    stage.until(caller.org, &late, Status::Completed).await;
    stage.fal().set_render(FOR_HOURS);
    let unwanted = caller.accept("cancelled in time").await;
    assert_eq!(stage.ask(cancel(&unwanted)).await.job(), unwanted);
    let delete = Ask::new(Method::DELETE, &format!("/v1/videos/{late}")).key(&deleter);
    assert_eq!(stage.ask(delete).await.job(), late);
}

/// What the roles allow, without what Lambda itself does with them.
fn allowed(template: &Template) -> Done {
    let of = |function: &Function| {
        let each = |permission: &local::template::Permission| {
            let resources: Vec<_> = permission.resources.iter().map(resource).collect();
            let actions =
                permission.actions.iter().filter(|action| !LAMBDAS_OWN.contains(&action.as_str()));
            actions
                .flat_map(|action| resources.iter().map(move |on| format!("{action} {on}")))
                .collect::<Vec<_>>()
        };
        (function.name.clone(), function.permissions.iter().flat_map(each).collect::<BTreeSet<_>>())
    };
    template.functions.iter().map(of).filter(|(_, may)| !may.is_empty()).collect()
}

/// The resource's name, and which of its indexes.
fn resource(setting: &Setting) -> String {
    let name = setting.source().unwrap_or_default();
    match setting {
        Setting::Sub(text) => match text.split_once("/index/") {
            Some((_, index)) => format!("{name}/{index}"),
            None => name.to_owned(),
        },
        _ => name.to_owned(),
    }
}

/// Which function asks AWS, and for what.
#[derive(Debug, Default)]
struct Seen(Mutex<Done>);

impl Seen {
    fn by_function(&self) -> Done {
        self.0.lock().unwrap().clone()
    }
}

impl Gate for Seen {
    fn exchange<'a>(&'a self, request: Request, send: Network<'a>) -> Exchange<'a> {
        let call = Call::of(&request);
        if let Some(function) = call.by.clone() {
            let done = actions(&call);
            self.0.lock().unwrap().entry(function).or_default().extend(done);
        }
        send(request)
    }
}

/// What a call needs the permission for: a transaction that of each of its parts.
fn actions(call: &Call) -> Vec<String> {
    let (service, operation) =
        call.what.split_once('.').unwrap_or_else(|| panic!("{} is no call to AWS", call.what));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match (service, operation) {
        ("DynamoDB_20120810", "TransactWriteItems") => {
            let parts = call.body["TransactItems"].as_array().unwrap().iter();
            let parts = parts.flat_map(|part| part.as_object().unwrap());
            parts
                .map(|(kind, part)| format!("dynamodb:{kind}Item {}", text(&part["TableName"])))
                .collect()
        }
        ("DynamoDB_20120810", "BatchGetItem") => {
            let tables = call.body["RequestItems"].as_object().unwrap().keys();
            tables.map(|table| format!("dynamodb:BatchGetItem {table}")).collect()
        }
        ("DynamoDB_20120810", _) => {
            let index = call.body["IndexName"]
                .as_str()
                .map(|index| format!("/{index}"))
                .unwrap_or_default();
            vec![format!("dynamodb:{operation} {}{index}", text(&call.body["TableName"]))]
        }
        ("AmazonSQS", _) => {
            let queue = text(&call.body["QueueUrl"]);
            vec![format!(
                "sqs:{} {}",
                operation.trim_end_matches("Batch"),
                queue.rsplit('/').next().unwrap()
            )]
        }
        ("secretsmanager", _) => {
            let name = text(&call.body["SecretId"]);
            let (_, _, parameter) = SECRETS.iter().find(|(_, known, _)| *known == name).unwrap();
            vec![format!("secretsmanager:{operation} {parameter}")]
        }
        _ => panic!("which permission does {} need?", call.what),
    }
}
