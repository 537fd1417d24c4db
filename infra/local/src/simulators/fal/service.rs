//! fal as the local system knows it.

use super::{Fal, Options};
use crate::simulators::service::{Greeted, Greeting, Place, Pointers, Secret, Service, Simulate};
use ghub::provider::{About, FAL_QUEUE, Provider};

const ABOUT: &About = Provider::Fal.about();
const KEY: &str = "local-key-id:local-key-secret";

impl Simulate for Fal {
    const SERVICE: Service = Service {
        name: "fal",
        label: "fal",
        provider: Some(Provider::Fal),
        secret: Secret { variable: "FAL_KEY", name: "local/fal-key", parameter: "FalKeySecret" },
        parameters: &[(FAL_QUEUE.variable, "FalQueueUrl")],
        needs: ABOUT.needs,
        also: ABOUT.also,
        folders: &["fal"],
        port: 3,
        routes: &[("fal/runway-gen-4", "fal-ai/runway-gen-4")],
        addresses: &["fal", "fal_key"],
        greet,
    };

    fn start(place: &Place<'_>) -> Result<(Self, Pointers), String> {
        let fal = Self::new(Options {
            base_url: place.origin.to_owned(),
            key: KEY.to_owned(),
            data_dir: place.kept("fal"),
            render: place.render(),
            now: place.options.now.clone(),
        });
        let pointers = Pointers {
            secret: KEY.to_owned(),
            parameters: vec![("FalQueueUrl", place.origin.to_owned())],
            serves_files: true,
            addresses: vec![place.origin.to_owned(), KEY.to_owned()],
        };
        Ok((fal, pointers))
    }

    fn routes(&self) -> axum::Router {
        self.router()
    }
}

fn greet(greeted: &Greeted<'_>) -> Greeting {
    let usable = greeted.secret.is_some_and(|text| ghub::adapter::fal::is_key(text.trim()));
    let bills = if usable {
        "it bills every render"
    } else {
        "FAL_KEY is not id:secret, so fal will refuse it"
    };
    let url = greeted.variable(FAL_QUEUE.variable);
    Greeting { text: format!("real, at {url} with FAL_KEY; {bills}"), usable }
}
