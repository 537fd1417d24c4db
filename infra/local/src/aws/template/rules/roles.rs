//! Roles, secrets and variables: a function may do what it does, knows what it uses, and no secret
//! stands where many can read it.

use super::{Breaches, ids};
use crate::system::SECRETS;
use crate::template::{Function, Permission, Setting, Template, Trigger};
use ghub::config::variables;
use std::collections::BTreeSet;

/// What a role may do is what its function does, and nothing that a release of AWS adds.
pub(super) fn actions_are_wildcards(template: &Template) -> Breaches {
    ids(template
        .functions
        .iter()
        .filter(|f| f.permissions.iter().flat_map(|p| &p.actions).any(|a| a.contains('*'))))
}

/// A star in a text is a wildcard too. The six question marks behind a secret's name stand for what
/// AWS draws there.
pub(super) fn resources_are_wildcards(template: &Template) -> Breaches {
    let spelled_out = |resource: &Setting| match resource {
        Setting::Sub(text) => resource.source().is_some() && !text.contains('*'),
        _ => resource.source().is_some(),
    };
    let wild = |function: &&Function| {
        !function.permissions.iter().flat_map(|p| &p.resources).all(spelled_out)
    };
    ids(template.functions.iter().filter(wild))
}

pub(super) fn roles_are_shared(template: &Template) -> Breaches {
    let users = |role: &Option<String>| {
        template.functions.iter().filter(|other| other.role == *role).count()
    };
    ids(template
        .functions
        .iter()
        .filter(|f| f.role.is_none() || f.permissions.is_empty() || users(&f.role) > 1))
}

/// AWS's own policies allow every log group and every queue of the account.
pub(super) fn policies_are_foreign(template: &Template) -> Breaches {
    ids(template.functions.iter().filter(|function| !function.foreign_policies.is_empty()))
}

/// A role without the boundary could be given any right by the next update, and the role that
/// deploys from GitHub may not make it.
pub(super) fn roles_are_unbounded(template: &Template) -> Breaches {
    let unbounded = template
        .roles
        .iter()
        .filter(|role| role.boundary.as_deref() != Some("PermissionsBoundary"));
    unbounded.map(|role| role.logical_id.clone()).collect()
}

/// Lambda takes messages and writes logs as the function's role. Without the first a mapping is not
/// made; without the second all lines, and with them all metrics, are gone without a word.
pub(super) fn lambda_lacks_its_own(template: &Template) -> Breaches {
    let takes = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    let writes = ["logs:CreateLogStream", "logs:PutLogEvents"];
    let right = |function: &&Function| {
        let on = |action: &str| {
            let allowing = function
                .permissions
                .iter()
                .filter(|p| p.actions.iter().any(|allowed| allowed == action));
            allowing
                .flat_map(|p| &p.resources)
                .filter_map(|resource| resource.source())
                .collect::<BTreeSet<_>>()
        };
        let queues = function.triggers.iter().filter_map(|trigger| match trigger {
            Trigger::Queue { queue, .. } => Some(queue.as_str()),
            _ => None,
        });
        let queues: BTreeSet<_> = queues.collect();
        let log = function.log_group.as_deref().into_iter().collect::<BTreeSet<_>>();
        takes.iter().all(|action| on(action) == queues)
            && writes.iter().all(|action| on(action) == log)
    };
    let with_a_role = template.functions.iter().filter(|function| !function.permissions.is_empty());
    ids(with_a_role.filter(|function| !right(function)))
}

/// Who may write a key's item could make keys, or give one to another organization. The functions
/// note the day of its last use, and that is all that they may write of it.
pub(super) fn keys_can_be_made(template: &Template) -> Breaches {
    let on_keys = |permission: &&Permission| {
        permission.resources.iter().any(|of| of.source() == Some("KeysTable"))
    };
    let bounded = |permission: &Permission| match permission.actions.as_slice() {
        [read] if read == "dynamodb:GetItem" => true,
        [update] if update == "dynamodb:UpdateItem" => {
            permission.attributes.as_ref().is_some_and(|named| named == &["hash", "last_used"])
        }
        _ => false,
    };
    let unbounded =
        |function: &&Function| !function.permissions.iter().filter(on_keys).all(bounded);
    ids(template.functions.iter().filter(unbounded))
}

/// They know a provider by the name of its secret, and read no secret.
const SHOW_MODELS: [&str; 2] = ["list-models", "get-model"];

/// A table, queue or secret that only one of the two names is a mistake in the other.
pub(super) fn environment_differs_from_role(template: &Template) -> Breaches {
    let tables = template.tables.iter().map(|table| table.logical_id.as_str());
    let queues = template.queues.iter().map(|queue| queue.logical_id.as_str());
    let kept: BTreeSet<_> =
        tables.chain(queues).chain(SECRETS.map(|(_, _, parameter)| parameter)).collect();
    let differs = |function: &&Function| {
        let reads = |id: &&str| {
            !SHOW_MODELS.contains(&function.name.as_str())
                || SECRETS.iter().all(|(_, _, parameter)| parameter != id)
        };
        let told = function.environment.iter().filter_map(|(_, setting)| setting.source());
        let may = function
            .permissions
            .iter()
            .flat_map(|p| &p.resources)
            .filter_map(|resource| resource.source());
        let among_kept = |id: &&str| kept.contains(id);
        told.filter(among_kept).filter(reads).collect::<BTreeSet<_>>()
            != may.filter(among_kept).collect()
    };
    ids(template.functions.iter().filter(differs))
}

/// A person who may look at a function sees its environment, and one who may look at the stack sees
/// its parameters. Names may stand there, and no secrets.
pub(super) fn secrets_are_given(template: &Template) -> Breaches {
    let is_secret = |name: &str| SECRETS.iter().any(|(variable, ..)| *variable == name);
    let given = |function: &&Function| function.environment.iter().any(|(name, _)| is_secret(name));
    let hidden = template.parameters.iter().filter(|parameter| parameter.secret);
    let hidden = hidden.map(|parameter| parameter.name.clone());
    ids(template.functions.iter().filter(given)).into_iter().chain(hidden).collect()
}

/// A variable that nothing reads is a mistake in its name.
pub(super) fn variables_are_unknown(template: &Template) -> Breaches {
    let known: BTreeSet<_> = variables().collect();
    let unknown = |function: &&Function| {
        function.environment.iter().any(|(name, _)| !known.contains(name.as_str()))
    };
    ids(template.functions.iter().filter(unknown))
}
