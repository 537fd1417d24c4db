//! Supabase as the local system knows it.

use super::{Options, Supabase};
use crate::simulators::service::{Greeted, Greeting, Place, Pointers, Secret, Service, Simulate};
use crate::system::text;

const KEY: &str = "sb_secret_local";

impl Simulate for Supabase {
    const SERVICE: Service = Service {
        name: "Supabase",
        label: "storage",
        provider: None,
        secret: Secret {
            variable: "SUPABASE_SECRET_KEY",
            name: "local/supabase-secret-key",
            parameter: "SupabaseSecretKeySecret",
        },
        parameters: &[("SUPABASE_URL", "SupabaseUrl"), ("SUPABASE_BUCKET", "SupabaseBucket")],
        needs: &["SUPABASE_URL", "SUPABASE_SECRET_KEY"],
        also: &[],
        folders: &["storage", "storage/uploads"],
        port: 5,
        routes: &[],
        addresses: &["storage", "storage_key"],
        greet,
    };

    fn start(place: &Place<'_>) -> Result<(Self, Pointers), String> {
        let storage = Self::new(Options {
            base_url: place.origin.to_owned(),
            key: KEY.to_owned(),
            data_dir: place.scratch.path().join("storage"),
            now: place.options.now.clone(),
        });
        let bucket = place.options.parameters.get("SupabaseBucket");
        let bucket = bucket.map_or("generated-videos", String::as_str);
        storage.ensure_bucket(bucket).map_err(text)?;
        let pointers = Pointers {
            secret: KEY.to_owned(),
            parameters: vec![("SupabaseUrl", place.origin.to_owned())],
            serves_files: false,
            addresses: vec![place.origin.to_owned(), KEY.to_owned()],
        };
        Ok((storage, pointers))
    }

    fn routes(&self) -> axum::Router {
        self.router()
    }
}

fn greet(greeted: &Greeted<'_>) -> Greeting {
    let url = greeted.variable("SUPABASE_URL");
    Greeting::usable(format!("real, Supabase at {url}; videos stay there"))
}
