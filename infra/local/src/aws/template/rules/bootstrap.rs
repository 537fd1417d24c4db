//! What an administrator makes beside the stack. The boundary is wide enough for the functions and
//! no wider than data, the deploy role cannot leave it, and no update replaces money.

use crate::template::{TEMPLATE, Template, document};
use serde_json::Value;
use std::collections::BTreeSet;

const BOOTSTRAP: &str = include_str!("../../../../../bootstrap.yaml");
const STACK_POLICY: &str = include_str!("../../../../../stack-policy.json");

/// Else a function would be refused what its role allows, on AWS and nowhere else.
#[test]
fn the_boundary_allows_what_the_roles_do() {
    let (boundary, template) = (statements("Boundary"), Template::read());
    let allowed: BTreeSet<_> = boundary.iter().flat_map(actions).collect();
    let permissions = template.functions.iter().flat_map(|function| &function.permissions);
    let needed: BTreeSet<_> =
        permissions.flat_map(|permission| permission.actions.clone()).collect();
    assert!(needed.is_subset(&allowed), "the boundary lacks {:?}", needed.difference(&allowed));
}

/// CloudFormation begins the names of tables and queues with the stack's; those of logs and secrets
/// are given.
#[test]
fn the_boundary_covers_what_the_roles_name() {
    let (boundary, template) = (statements("Boundary"), Template::read());
    let covered = |service: &str| {
        let of = boundary.iter().filter(|statement| actions(statement)[0].starts_with(service));
        of.flat_map(|statement| texts(&statement["Resource"])).collect::<Vec<_>>()
    };
    for (service, end) in [
        ("dynamodb:", ":table/${Stack}-*"),
        ("sqs:", ":${Stack}-*"),
        ("logs:", ":log-group:/ghub/${Stack}/*"),
    ] {
        assert!(covered(service).iter().all(|resource| resource.ends_with(end)), "{service}");
    }
    assert!(covered("secretsmanager:")[0].ends_with(":secret:${Secrets}*"));
    let bootstrap = document::long_form(BOOTSTRAP).unwrap();
    let prefix = bootstrap["Parameters"]["Secrets"]["Default"].as_str().unwrap().to_owned();
    let secrets = ["FalKeySecret", "GoogleServiceAccountSecret", "SupabaseSecretKeySecret"];
    for default in secrets.iter().filter_map(|secret| template.default_of(secret)) {
        assert!(default.is_empty() || default.starts_with(&prefix), "{default}");
    }
    let groups = TEMPLATE.lines().filter(|line| line.contains("/ghub/${AWS::StackName}/"));
    assert!(
        groups.count() > template.functions.len(),
        "every function's log is below /ghub/<stack>/"
    );
}

/// What gives rights, runs code or changes the stack is none of a function's business.
#[test]
fn the_boundary_is_about_data() {
    for statement in statements("Boundary") {
        for action in actions(&statement) {
            let (service, name) = action.split_once(':').unwrap();
            assert!(["dynamodb", "sqs", "secretsmanager", "logs"].contains(&service), "{action}");
            assert!(
                !name.contains('*') && !name.contains("Table") && !name.contains("Policy"),
                "{action}"
            );
        }
        assert!(texts(&statement["Resource"]).iter().all(|resource| resource != "*"));
    }
}

#[test]
fn the_deploy_role_changes_roles_within_the_boundary_only() {
    let mut bounded = BTreeSet::new();
    for statement in
        statements("DeployRole").iter().filter(|statement| statement["Effect"] == "Allow")
    {
        let resources = texts(&statement["Resource"]);
        assert!(
            resources.iter().all(|resource| resource.ends_with(":role/${Stack}-*")),
            "{resources:?}"
        );
        let equal = &statement["Condition"]["StringEquals"];
        for action in actions(statement) {
            match action.as_str() {
                "iam:CreateRole" | "iam:PutRolePolicy" | "iam:PutRolePermissionsBoundary" => {
                    assert_eq!(equal["iam:PermissionsBoundary"]["Ref"], "Boundary", "{action}");
                    bounded.insert(action);
                }
                "iam:PassRole" => assert_eq!(equal["iam:PassedToService"], "lambda.amazonaws.com"),
                "iam:AttachRolePolicy" | "iam:DeleteRolePermissionsBoundary" => {
                    panic!("{action} leaves the boundary")
                }
                other => assert!(other.starts_with("iam:") && !other.contains('*'), "{other}"),
            }
        }
    }
    assert_eq!(bounded.len(), 3);
}

/// It may change roles whose names begin with the stack's, and take on none.
#[test]
fn the_deploy_role_cannot_change_itself() {
    let bootstrap = document::long_form(BOOTSTRAP).unwrap();
    let role = &bootstrap["Resources"]["DeployRole"]["Properties"];
    assert_eq!(role["Path"], "/bootstrap/");
    assert_eq!(role["RoleName"], Value::Null);
}

/// Of what PowerUserAccess allows, this would undo the protection of money, or reach rights and
/// keys.
#[test]
fn the_deploy_role_is_denied_what_no_deployment_needs() {
    let denied =
        statements("DeployRole").into_iter().filter(|statement| statement["Effect"] == "Deny");
    let denied: BTreeSet<_> = denied.flat_map(|statement| actions(&statement)).collect();
    for action in [
        "sts:AssumeRole",
        "secretsmanager:GetSecretValue",
        "cloudformation:DeleteStack",
        "cloudformation:SetStackPolicy",
        "cloudformation:UpdateStack",
        "cloudformation:UpdateTerminationProtection",
        "dynamodb:DeleteBackup",
        "dynamodb:DeleteTable",
    ] {
        assert!(denied.contains(action), "{action}");
    }
}

/// CloudFormation would put an empty table in the place of one that holds money.
#[test]
fn no_update_replaces_a_table() {
    let policy: Value = serde_json::from_str(STACK_POLICY).unwrap();
    let denied = policy["Statement"]
        .as_array()
        .unwrap()
        .iter()
        .find(|statement| statement["Effect"] == "Deny")
        .unwrap();
    assert_eq!(actions(denied), ["Update:Replace", "Update:Delete"]);
    let kinds = texts(&denied["Condition"]["StringEquals"]["ResourceType"]);
    assert!(kinds.contains(&"AWS::DynamoDB::Table".to_owned()), "{kinds:?}");
    assert_eq!(denied["Resource"], "*");
}

/// The statements of a policy or of a role's own policies.
fn statements(resource: &str) -> Vec<Value> {
    let bootstrap = document::long_form(BOOTSTRAP).unwrap();
    let properties = &bootstrap["Resources"][resource]["Properties"];
    let own = properties["Policies"].as_array().into_iter().flatten();
    let documents = own.chain([properties]).map(|policy| &policy["PolicyDocument"]["Statement"]);
    let found: Vec<_> = documents.filter_map(Value::as_array).flatten().cloned().collect();
    assert!(!found.is_empty(), "{resource} has statements");
    found
}

fn actions(statement: &Value) -> Vec<String> {
    texts(&statement["Action"])
}

/// One text, or each of a list; of a `!Sub` what it is made of.
fn texts(value: &Value) -> Vec<String> {
    let text =
        |value: &Value| value.as_str().or_else(|| value["Fn::Sub"].as_str()).unwrap().to_owned();
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        value => vec![text(value)],
    }
}
