//! During an update old and new functions work on the same items. What a later version keeps on a
//! job, on an account and on a key is there after each function of this one.

use crate::still::{FOR_HOURS, Still};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use ghub::status::Status;
use ghub::store::KeyHash;
use local::faults::{Fault, Then};
use local::supabase::Step;
use std::collections::HashMap;

type Item = HashMap<String, AttributeValue>;

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// What a later version may keep.
fn later() -> Item {
    let deep = AttributeValue::M(HashMap::from([(
        "deep".to_owned(),
        AttributeValue::N("7.25".to_owned()),
    )]));
    let kept = [
        ("later_text", text("kept")),
        ("later_bytes", AttributeValue::B(Blob::new([0, 1, 255]))),
        ("later_texts", AttributeValue::Ss(vec!["a".to_owned(), "b".to_owned()])),
        ("later_nothing", AttributeValue::Null(true)),
        ("later_list", AttributeValue::L(vec![deep.clone(), AttributeValue::Bool(false)])),
        ("later_map", deep),
    ];
    kept.map(|(name, value)| (name.to_owned(), value)).into()
}

/// An item that a later version has written to.
struct Planted<'s> {
    still: &'s Still,
    table: &'static str,
    key: Item,
}

impl<'s> Planted<'s> {
    async fn on(still: &'s Still, table: &'static str, key: &[(&str, String)]) -> Self {
        let key = key.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect();
        let planted = Self { still, table, key };
        let kept = later();
        let set: Vec<String> = kept.keys().map(|name| format!("{name} = :{name}")).collect();
        let values = kept.into_iter().map(|(name, value)| (format!(":{name}"), value)).collect();
        let update = still.stage.dynamodb().update_item().table_name(planted.name());
        let update = update
            .set_key(Some(planted.key.clone()))
            .update_expression(format!("SET {}", set.join(", ")));
        update.set_expression_attribute_values(Some(values)).send().await.unwrap();
        planted
    }

    async fn on_job(still: &'s Still, job: &str) -> Self {
        let key = [("org", still.caller.org.to_string()), ("job", job.to_owned())];
        Self::on(still, "TABLE_JOBS", &key).await
    }

    fn name(&self) -> &str {
        &self.still.stage.system.variables[self.table]
    }

    async fn is_kept(&self, after: &str) {
        let get = self.still.stage.dynamodb().get_item().table_name(self.name());
        let item = get
            .set_key(Some(self.key.clone()))
            .consistent_read(true)
            .send()
            .await
            .unwrap()
            .item
            .unwrap();
        for (name, value) in later() {
            assert_eq!(item.get(&name), Some(&value), "{} after {after}: {name}", self.table);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_later_version_keeps_survives_each_function() {
    let still = Still::new().await;
    let account =
        Planted::on(&still, "TABLE_ACCOUNTS", &[("org", still.caller.org.to_string())]).await;
    let key =
        Planted::on(&still, "TABLE_KEYS", &[("hash", KeyHash::of(&still.key).to_string())]).await;

    // Not taken at first, sent by the poller, stored at the second try, charged, deleted.
    let busy = Then::Answer { status: 503, headers: [].into(), body: "busy".into() };
    still.stage.storage().faults().add(Fault::once(Step::Upload, busy)).unwrap();
    still.stage.fal().faults().add(Fault::once("submit", Then::answer(429, "{}"))).unwrap();
    let job = still.caller.accept("sent later").await;
    let planted = Planted::on_job(&still, &job).await;
    for step in ["sent", "found"] {
        still.look_in(61, &job).await;
        planted.is_kept(step).await;
    }
    for step in ["refused by storage", "stored"] {
        still.stage.later(std::time::Duration::from_secs(700));
        still.deliver("store-video", &job).await;
        planted.is_kept(step).await;
    }
    assert_eq!(still.read_job(&job).await.status(), Status::Completed);
    account.is_kept("a charge").await;
    assert_eq!(still.show(&job).await.status, 200);
    assert_eq!(still.delete(&job).await.status, 200);
    planted.is_kept("deleted").await;

    // Asked to stop, looked at meanwhile, stopped, deleted.
    still.stage.fal().set_render(FOR_HOURS);
    still.stage.fal().configure(|settings| settings.cancel_stops_rendering = false);
    let job = still.caller.accept("unwanted").await;
    let planted = Planted::on_job(&still, &job).await;
    assert_eq!(still.cancel(&job).await.body["status"], "processing");
    planted.is_kept("asked to stop").await;
    still.look_in(61, &job).await;
    planted.is_kept("looked at").await;
    still.stage.fal().configure(|settings| settings.cancel_stops_rendering = true);
    for step in ["asked again", "stopped"] {
        still.look_in(61, &job).await;
        planted.is_kept(step).await;
    }
    assert_eq!(still.read_job(&job).await.status(), Status::Failed);
    assert_eq!(still.delete(&job).await.status, 200);
    planted.is_kept("deleted").await;
    account.is_kept("a release").await;
    key.is_kept("all requests").await;
}
