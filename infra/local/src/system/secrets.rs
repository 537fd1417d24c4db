//! The operator's secrets: where the functions read them, and what they are called.

use crate::aws::secrets_manager::SecretsManager;
use crate::simulators::SERVICES;
use crate::simulators::service::Secret;
use std::collections::BTreeMap;

/// Each secret's variable, what it is called here, and the parameter that says so.
pub const SECRETS: [(&str, &str, &str); SERVICES.len()] = {
    let (mut secrets, mut at) = ([("", "", ""); SERVICES.len()], 0);
    while at < SERVICES.len() {
        let Secret { variable, name, parameter } = SERVICES[at].secret;
        secrets[at] = (variable, name, parameter);
        at += 1;
    }
    secrets
};

/// Puts the secrets where the functions read them, and their names into the parameters.
pub(super) fn keep(
    secrets: &BTreeMap<String, String>,
    manager: &SecretsManager,
    parameters: &mut BTreeMap<String, String>,
) {
    for (variable, name, parameter) in SECRETS {
        let Some(value) = secrets.get(variable).filter(|value| !value.is_empty()) else { continue };
        manager.put(name, value);
        parameters.insert(parameter.to_owned(), name.to_owned());
    }
}

/// A person here sets the variable itself, and knows neither the secret that it becomes nor the
/// variable that names this secret.
pub(crate) fn in_own_words(error: &str) -> String {
    SECRETS.iter().fold(error.to_owned(), |said, (variable, name, _)| {
        said.replace(&format!("{variable}_SECRET names the secret {name:?}, which"), variable)
    })
}
