//! Google as the local system knows it.

use super::{Google, Options};
use crate::simulators::service::{Greeted, Greeting, Place, Pointers, Secret, Service, Simulate};
use ghub::provider::{About, Provider};

const ABOUT: &About = Provider::Google.about();
const PROJECT: &str = "local-project";
const LOCATION: &str = "us-central1";
const ACCOUNT_FILE: &str = "service-account.json";

impl Simulate for Google {
    const SERVICE: Service = Service {
        name: "Google",
        label: "Google",
        provider: Some(Provider::Google),
        secret: Secret {
            variable: "GOOGLE_SERVICE_ACCOUNT",
            name: "local/google-service-account",
            parameter: "GoogleServiceAccountSecret",
        },
        parameters: &[
            ("GOOGLE_PROJECT", "GoogleProject"),
            ("GOOGLE_LOCATION", "GoogleLocation"),
            ("GOOGLE_STORAGE_URI", "GoogleStorageUri"),
            ("GOOGLE_API_URL", "GoogleApiUrl"),
            ("GOOGLE_STORAGE_API_URL", "GoogleStorageApiUrl"),
        ],
        needs: ABOUT.needs,
        also: ABOUT.also,
        folders: &["google"],
        port: 4,
        routes: &[("google/veo-3", "veo-3-local")],
        addresses: &["google", "google_service_account_file"],
        greet,
    };

    fn start(place: &Place<'_>) -> Result<(Self, Pointers), String> {
        let google = Self::new(Options {
            base_url: place.origin.to_owned(),
            project: PROJECT.to_owned(),
            location: LOCATION.to_owned(),
            data_dir: place.kept("google"),
            render: place.render(),
            now: place.options.now.clone(),
        });
        let account = google.service_account_json();
        place.scratch.write(ACCOUNT_FILE, &account)?;
        let file = place.scratch.path().join(ACCOUNT_FILE);
        let parameters = [
            ("GoogleProject", PROJECT),
            ("GoogleLocation", LOCATION),
            ("GoogleApiUrl", place.origin),
            ("GoogleStorageApiUrl", place.origin),
        ];
        let pointers = Pointers {
            secret: account,
            parameters: parameters.map(|(name, value)| (name, value.to_owned())).into(),
            serves_files: false,
            addresses: vec![place.origin.to_owned(), file.display().to_string()],
        };
        Ok((google, pointers))
    }

    fn routes(&self) -> axum::Router {
        self.router()
    }
}

fn greet(greeted: &Greeted<'_>) -> Greeting {
    let project = greeted.variable("GOOGLE_PROJECT");
    Greeting::usable(format!(
        "real, in the project {project} with GOOGLE_SERVICE_ACCOUNT; it bills every render"
    ))
}
