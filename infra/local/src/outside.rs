//! Which services outside are real: those whose variables a person set, in a file or in the shell.
//! The others are simulated. A service with only some of its variables is refused before the start.

use crate::aws::environment::MARK;
use crate::simulators::SERVICES;
use crate::simulators::service::Service;
use std::collections::BTreeMap;
use std::path::Path;

/// The variables that are no service's, and the template's parameter that each one sets.
const PARAMETERS: [(&str, &str); 5] = [
    ("FX_MXN_PER_USD", "FxMxnPerUsd"),
    ("MARKUP", "Markup"),
    ("CATALOG", "Catalog"),
    ("HIGHEST_USD_PER_SECOND", "HighestUsdPerSecond"),
    ("DOWNLOAD_HOSTS", "DownloadHosts"),
];

fn secrets() -> impl Iterator<Item = &'static str> {
    SERVICES.into_iter().map(|service| service.secret.variable)
}

/// Every other variable, and the template's parameter that it sets.
fn parameters() -> impl Iterator<Item = (&'static str, &'static str)> {
    let of_services = SERVICES.into_iter().flat_map(|service| service.parameters);
    PARAMETERS.into_iter().chain(of_services.copied())
}

/// What a person set.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// Values of the template's parameters, by parameter.
    pub parameters: BTreeMap<String, String>,
    /// The secrets, by variable.
    pub secrets: BTreeMap<String, String>,
    /// What was not taken, in sentences for the person at the terminal.
    pub notes: Vec<String>,
}

/// The note about a shell that has read the file of a local system.
const OWN_VARIABLES: &str = "This shell has the variables of a local system, so its addresses are \
     not taken for real services. Put your own variables in a file and name it with --env-file.";

impl Outside {
    /// Reads the file, if one is named, and this process's environment. Where both name a value,
    /// the file's is taken.
    pub fn read(file: Option<&Path>) -> Result<Self, String> {
        let pairs = match file {
            Some(file) => {
                ghub::env_file::read(file).map_err(|error| ghub::error::causes(&error))?
            }
            None => Vec::new(),
        };
        let process = |name: &str| std::env::var(name).ok();
        Self::of(file, pairs, &process)
    }

    fn of(
        file: Option<&Path>,
        pairs: Vec<(String, String)>,
        process: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let in_file: BTreeMap<String, String> = pairs.into_iter().collect();
        let file = file.unwrap_or(Path::new("")).display();
        if in_file.contains_key(MARK) {
            return Err(format!(
                "{file} is the file that the local system writes; name one of your own with \
                 --env-file, or none"
            ));
        }
        let own = process(MARK).is_some();
        let is_secret = |name: &str| secrets().any(|variable| variable == name);
        let set = |name: &str| {
            let in_process = || process(name).filter(|_| !own || is_secret(name));
            in_file.get(name).cloned().or_else(in_process).filter(|value| !value.is_empty())
        };
        let mut notes: Vec<String> = own.then(|| OWN_VARIABLES.to_owned()).into_iter().collect();
        if let Some(half) = SERVICES.iter().find_map(|service| set_by_half(service, &set)) {
            return Err([half].into_iter().chain(notes).collect::<Vec<_>>().join("\n"));
        }
        let known =
            |name: &str| is_secret(name) || parameters().any(|(variable, _)| variable == name);
        let unknown: Vec<_> =
            in_file.keys().filter(|name| !known(name)).map(String::as_str).collect();
        if !unknown.is_empty() {
            notes.push(format!(
                "{file} names {}, which the local system does not read.",
                unknown.join(", ")
            ));
        }
        let secrets = secrets().filter_map(|name| Some((name.to_owned(), set(name)?))).collect();
        let parameters = parameters()
            .filter_map(|(variable, parameter)| Some((parameter.to_owned(), set(variable)?)))
            .collect();
        Ok(Self { parameters, secrets, notes })
    }
}

/// What is missing, if something of the service is set and not all that it needs.
fn set_by_half(service: &Service, set: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let Service { name, needs, also, .. } = service;
    let found = needs.iter().chain(*also).find(|name| set(name).is_some())?;
    let missing: Vec<_> = needs.iter().copied().filter(|name| set(name).is_none()).collect();
    if missing.is_empty() {
        return None;
    }
    let is = if missing.len() == 1 { "is" } else { "are" };
    let (missing, all) = (missing.join(" and "), needs.join(" and "));
    Some(format!(
        "{found} is set and {missing} {is} not. The real {name} needs {all}; for the simulated one \
         leave out {found}."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(file: &[(&str, &str)], process: &[(&str, &str)]) -> Result<Outside, String> {
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let process: BTreeMap<String, String> = owned(process).into_iter().collect();
        Outside::of(Some(Path::new("real.env")), owned(file), &|name| process.get(name).cloned())
    }

    fn names(map: &BTreeMap<String, String>) -> Vec<&str> {
        map.keys().map(String::as_str).collect()
    }

    #[test]
    fn what_is_set_by_half_is_named() {
        for (set, missing) in [
            (
                "SUPABASE_URL",
                "SUPABASE_SECRET_KEY is not. The real Supabase needs SUPABASE_URL and SUPABASE_SECRET_KEY",
            ),
            (
                "SUPABASE_SECRET_KEY",
                "SUPABASE_URL is not. The real Supabase needs SUPABASE_URL and SUPABASE_SECRET_KEY",
            ),
            ("FAL_QUEUE_URL", "FAL_KEY is not. The real fal needs FAL_KEY"),
            (
                "GOOGLE_PROJECT",
                "GOOGLE_SERVICE_ACCOUNT is not. The real Google needs GOOGLE_SERVICE_ACCOUNT and",
            ),
            (
                "GOOGLE_SERVICE_ACCOUNT",
                "GOOGLE_PROJECT is not. The real Google needs GOOGLE_SERVICE_ACCOUNT and",
            ),
            (
                "GOOGLE_LOCATION",
                "GOOGLE_SERVICE_ACCOUNT and GOOGLE_PROJECT are not. The real Google needs",
            ),
        ] {
            for (file, process) in [(vec![(set, "x")], vec![]), (vec![], vec![(set, "x")])] {
                let says = of(&file, &process).unwrap_err();
                assert!(says.starts_with(&format!("{set} is set and {missing}")), "{says}");
                assert!(
                    says.contains(&format!("for the simulated one leave out {set}.")),
                    "{says}"
                );
            }
        }
    }

    #[test]
    fn what_is_whole_is_taken_and_the_file_wins() {
        let outside = of(
            &[("FAL_KEY", "a:b"), ("SUPABASE_URL", "https://p.supabase.co"), ("MARKUP", "1.1")],
            &[("SUPABASE_SECRET_KEY", "sb_secret_a"), ("MARKUP", "1.2"), ("GOOGLE_PROJECT", "")],
        )
        .unwrap();
        assert_eq!(names(&outside.secrets), ["FAL_KEY", "SUPABASE_SECRET_KEY"]);
        assert_eq!(names(&outside.parameters), ["Markup", "SupabaseUrl"]);
        assert_eq!((outside.parameters["Markup"].as_str(), outside.notes), ("1.1", vec![]));
        assert_eq!(of(&[], &[]), Ok(Outside::default()), "nothing is set: all is simulated");
        assert!(
            of(&[("SUPABASE_BUCKET", "videos")], &[]).is_ok(),
            "the simulated storage may have another bucket"
        );
    }

    #[test]
    fn a_local_systems_own_variables_are_not_taken_for_real_services() {
        let sourced = [
            (MARK, "1"),
            ("SUPABASE_URL", "http://127.0.0.1:9005"),
            ("FAL_QUEUE_URL", "http://127.0.0.1:9003"),
            ("GOOGLE_PROJECT", "local-project"),
            ("CATALOG", "{}"),
        ];
        let outside = of(&[], &sourced).unwrap();
        assert_eq!((outside.parameters, outside.secrets), (BTreeMap::new(), BTreeMap::new()));
        assert_eq!(outside.notes, [OWN_VARIABLES]);

        // What a person has beside them is theirs.
        let with_a_key = [sourced.as_slice(), &[("FAL_KEY", "a:b")]].concat();
        assert_eq!(names(&of(&[], &with_a_key).unwrap().secrets), ["FAL_KEY"]);
        let with_half = [sourced.as_slice(), &[("SUPABASE_SECRET_KEY", "sb_secret_a")]].concat();
        let says = of(&[], &with_half).unwrap_err();
        assert!(says.contains("SUPABASE_URL is not") && says.ends_with(OWN_VARIABLES), "{says}");
        assert_eq!(names(&of(&[("FAL_KEY", "a:b")], &sourced).unwrap().secrets), ["FAL_KEY"]);

        let says = of(&sourced, &[]).unwrap_err();
        assert!(says.starts_with("real.env is the file that the local system writes"), "{says}");
    }

    #[test]
    fn a_name_that_is_not_read_is_told() {
        let outside =
            of(&[("FAL_KEY", "a:b"), ("SUPABASE_KEY", "x"), ("FALKEY", "y")], &[]).unwrap();
        assert_eq!(
            outside.notes,
            ["real.env names FALKEY, SUPABASE_KEY, which the local system does not read."]
        );
    }
}
