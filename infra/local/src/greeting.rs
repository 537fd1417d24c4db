//! What the greeting says of each service outside: whether it is real, where it answers, and
//! whether it can be used.

use crate::system::{SECRETS, System, in_own_words};
use ghub::adapter::fal;
use ghub::outbound::{ProviderCredentials, sdk_config};
use ghub::provider::Provider;

/// What is said of a service outside.
pub struct Line {
    /// What it is called.
    pub name: &'static str,
    /// Whether it is the real one.
    pub real: bool,
    /// Whether it can be used with what a person set.
    pub usable: bool,
    /// Where it answers, what it costs, and whether it can be used.
    pub text: String,
}

impl Line {
    fn of(
        name: &'static str,
        simulated: Option<&String>,
        real: String,
        problem: Option<String>,
    ) -> Self {
        let usable = problem.is_none();
        let text = match (simulated, problem) {
            (Some(origin), None) => format!("simulated, at {origin}"),
            (None, None) => real,
            (_, Some(why)) => format!("its models are not available: {}", in_own_words(&why)),
        };
        Self { name, real: simulated.is_none(), usable, text }
    }
}

impl System {
    /// What is outside, and whether it is real, for the person at the terminal.
    pub async fn outside(&self) -> [Line; 3] {
        let world = self.world();
        let credentials = match sdk_config(&world) {
            Ok(aws) => Some(ProviderCredentials::read(&world, &aws).await),
            Err(_) => None, // the functions that started have it
        };
        let problem = async |provider| match &credentials {
            Some(credentials) => credentials.problem(provider).await.map(|why| why.to_string()),
            None => None,
        };
        let variable = |name: &str| self.variables.get(name).map_or("", String::as_str);
        let (fal_url, project, supabase) =
            (variable("FAL_QUEUE_URL"), variable("GOOGLE_PROJECT"), variable("SUPABASE_URL"));
        let [(_, name, _), ..] = SECRETS;
        let is_key = self.secrets_manager.text(name).is_some_and(|text| fal::is_key(text.trim()));
        let bills = if is_key {
            "it bills every render"
        } else {
            "FAL_KEY is not id:secret, so fal will refuse it"
        };
        let fal = format!("real, at {fal_url} with FAL_KEY; {bills}");
        let google = format!(
            "real, in the project {project} with GOOGLE_SERVICE_ACCOUNT; it bills every render"
        );
        let storage = format!("real, Supabase at {supabase}; videos stay there");
        let fal = Line::of(
            "fal",
            self.fal.as_ref().map(|fal| &fal.origin),
            fal,
            problem(Provider::Fal).await,
        );
        [
            Line { usable: fal.usable && is_key, ..fal },
            Line::of(
                "Google",
                self.google.as_ref().map(|it| &it.origin),
                google,
                problem(Provider::Google).await,
            ),
            Line::of("storage", self.storage.as_ref().map(|it| &it.origin), storage, None),
        ]
    }
}
