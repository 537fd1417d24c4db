//! What SAM and CloudFormation call the things that [`Template`] consists of.
//!
//! Only what this project's template uses is understood; what must be there and is not, is an error
//! that names the resource and the property.

use super::at::At;
use super::{
    Alarm, Api, Attribute, DeadLetter, Function, Index, Limit, Parameter, Permission, Queue, Role,
    Setting, Table, Template, Trigger, Unreadable,
};
use serde_json::Value;

/// Reads a template in its long form.
pub(super) fn read(document: &Value) -> Result<Template, Unreadable> {
    let template = At { resource: "the template", value: document };
    Ok(Template {
        parameters: template.entries("/Parameters").map(parameter).collect(),
        tables: of_type(&template, "AWS::DynamoDB::Table").map(table).collect::<Result<_, _>>()?,
        queues: of_type(&template, "AWS::SQS::Queue").map(queue).collect::<Result<_, _>>()?,
        functions: of_type(&template, "AWS::Serverless::Function")
            .map(|found| function(&template, found))
            .collect::<Result<_, _>>()?,
        roles: of_type(&template, "AWS::IAM::Role").map(|found| role(&found)).collect(),
        apis: of_type(&template, "AWS::Serverless::HttpApi")
            .map(|found| api(&template, &found))
            .collect::<Result<_, _>>()?,
        alarms: of_type(&template, "AWS::CloudWatch::Alarm")
            .map(|found| alarm(&found))
            .collect::<Result<_, _>>()?,
        dashboards: of_type(&template, "AWS::CloudWatch::Dashboard")
            .map(|found| dashboard(&found))
            .collect::<Result<_, _>>()?,
        log_metrics: of_type(&template, "AWS::Logs::MetricFilter")
            .flat_map(|found| found.list("/Properties/MetricTransformations"))
            .map(|metric| metric.text("/MetricName"))
            .collect::<Result<_, _>>()?,
    })
}

fn of_type<'a>(template: &At<'a>, kind: &'static str) -> impl Iterator<Item = At<'a>> {
    template.entries("/Resources").filter(move |found| found.says("/Type", kind))
}

fn parameter(found: At<'_>) -> Parameter {
    Parameter {
        name: found.resource.to_owned(),
        default: found.text("/Default").ok(),
        secret: found.value["NoEcho"] == true,
    }
}

fn table(found: At<'_>) -> Result<Table, Unreadable> {
    let kinds = found.list("/Properties/AttributeDefinitions");
    let properties = found.inside("/Properties")?;
    let (partition_key, sort_key) = keys(&properties, &kinds)?;
    Ok(Table {
        logical_id: found.resource.to_owned(),
        partition_key,
        sort_key,
        global_indexes: indexes(&properties, "/GlobalSecondaryIndexes", &kinds)?,
        local_indexes: indexes(&properties, "/LocalSecondaryIndexes", &kinds)?,
        ttl: properties.text("/TimeToLiveSpecification/AttributeName").ok(),
        retained: found.says("/DeletionPolicy", "Retain")
            && found.says("/UpdateReplacePolicy", "Retain"),
        point_in_time_recovery: properties
            .flag("/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled"),
        deletion_protected: properties.flag("/DeletionProtectionEnabled"),
        on_demand: properties.says("/BillingMode", "PAY_PER_REQUEST"),
    })
}

fn indexes(table: &At<'_>, pointer: &str, kinds: &[At<'_>]) -> Result<Vec<Index>, Unreadable> {
    let index = |found: &At<'_>| {
        let (partition_key, sort_key) = keys(found, kinds)?;
        let projection = found.text("/Projection/ProjectionType")?;
        Ok(Index { name: found.text("/IndexName")?, partition_key, sort_key, projection })
    };
    table.list(pointer).iter().map(index).collect()
}

fn keys(found: &At<'_>, kinds: &[At<'_>]) -> Result<(Attribute, Option<Attribute>), Unreadable> {
    let key = |role: &str| {
        let schema = found.list("/KeySchema");
        let name =
            schema.iter().find(|key| key.says("/KeyType", role))?.text("/AttributeName").ok()?;
        let kind = kinds
            .iter()
            .find(|kind| kind.says("/AttributeName", &name))?
            .text("/AttributeType")
            .ok()?;
        Some(Attribute { name, kind })
    };
    Ok((key("HASH").ok_or_else(|| found.missing("/KeySchema"))?, key("RANGE")))
}

fn queue(found: At<'_>) -> Result<Queue, Unreadable> {
    let redrive = found.inside("/Properties/RedrivePolicy").ok();
    let dead_letter = |redrive: At<'_>| {
        let queue = redrive.source("/deadLetterTargetArn")?;
        Ok(DeadLetter { queue, max_receive_count: redrive.number("/maxReceiveCount")? })
    };
    Ok(Queue {
        logical_id: found.resource.to_owned(),
        // The defaults are SQS's own.
        visibility_s: found.number_or("/Properties/VisibilityTimeout", 30)?,
        delay_s: found.number_or("/Properties/DelaySeconds", 0)?,
        retention_s: found.number_or("/Properties/MessageRetentionPeriod", 345_600)?,
        dead_letter: redrive.map(dead_letter).transpose()?,
    })
}

fn role(found: &At<'_>) -> Role {
    Role {
        logical_id: found.resource.to_owned(),
        boundary: found.source("/Properties/PermissionsBoundary/Fn::If/1").ok(),
    }
}

fn api(template: &At<'_>, found: &At<'_>) -> Result<Api, Unreadable> {
    let log = found.source("/Properties/AccessLogSettings/DestinationArn").ok();
    Ok(Api {
        logical_id: found.resource.to_owned(),
        stage: found.text("/Properties/StageName")?,
        default_limit: limit(found, "/Properties/DefaultRouteSettings"),
        route_limits: found
            .entries("/Properties/RouteSettings")
            .map(|route| (route.resource.to_owned(), limit(&route, "")))
            .collect(),
        access_log_days: log.and_then(|log| retention_days(template, &log)),
    })
}

fn limit(found: &At<'_>, settings: &str) -> Limit {
    let number = |name: &str| found.number(&format!("{settings}/{name}")).ok();
    Limit { requests_per_s: number("ThrottlingRateLimit"), burst: number("ThrottlingBurstLimit") }
}

/// An alarm watches one metric, or several with expressions over them.
fn alarm(found: &At<'_>) -> Result<Alarm, Unreadable> {
    let single = found.inside("/Properties").into_iter();
    let several = found.list("/Properties/Metrics").into_iter();
    let several = several.filter_map(|each| each.inside("/MetricStat/Metric").ok());
    let own = single.chain(several).filter(|metric| {
        metric.setting("/Namespace").is_ok_and(
            |name| matches!(name, Setting::Sub(text) if text.starts_with("GeekHubVideo/")),
        )
    });
    let told = |actions: &str| !found.list(&format!("/Properties/{actions}")).is_empty();
    Ok(Alarm {
        logical_id: found.resource.to_owned(),
        description: found.text("/Properties/AlarmDescription")?,
        tells: told("AlarmActions") && told("OKActions"),
        metrics: own
            .filter_map(|metric| Some((metric.text("/MetricName").ok()?, dimensions(&metric))))
            .collect(),
    })
}

fn dimensions(metric: &At<'_>) -> Vec<String> {
    metric.list("/Dimensions").iter().filter_map(|dimension| dimension.text("/Name").ok()).collect()
}

fn dashboard(found: &At<'_>) -> Result<(String, String), Unreadable> {
    match found.setting("/Properties/DashboardBody")? {
        Setting::Sub(body) | Setting::Literal(body) => Ok((found.resource.to_owned(), body)),
        _ => Err(found.missing("/Properties/DashboardBody")),
    }
}

fn retention_days(template: &At<'_>, log_group: &str) -> Option<u32> {
    template.number(&format!("/Resources/{log_group}/Properties/RetentionInDays")).ok()
}

fn function(template: &At<'_>, found: At<'_>) -> Result<Function, Unreadable> {
    let of = |pointer: &str| format!("/Properties{pointer}");
    let resource = |name: &str| template.inside(&format!("/Resources/{name}")).ok();
    let code = found.text(&of("/CodeUri"))?;
    let role = found.source(&of("/Role")).ok();
    let log_group = found.source(&of("/LoggingConfig/LogGroup")).ok();
    let global = |pointer: &str| template.inside(&format!("/Globals/Function{pointer}"));
    let everywhere =
        |pointer: &str| found.text(&of(pointer)).or_else(|_| global(pointer)?.text(""));
    let role_found = role.as_deref().and_then(resource);

    let mut foreign_policies: Vec<_> =
        found.list(&of("/Policies")).iter().map(At::as_text).collect();
    let mut permissions = Vec::new();
    if let Some(role) = role_found {
        foreign_policies.extend(role.list("/Properties/ManagedPolicyArns").iter().map(At::as_text));
        for policy in role.list("/Properties/Policies") {
            for statement in policy.list("/PolicyDocument/Statement") {
                permissions.push(permission(&statement)?);
            }
        }
    }

    Ok(Function {
        logical_id: found.resource.to_owned(),
        name: code
            .strip_prefix("functions/")
            .ok_or_else(|| found.missing(&of("/CodeUri")))?
            .to_owned(),
        timeout_s: found.number(&of("/Timeout"))?,
        memory_mb: found.number(&of("/MemorySize"))?,
        environment: template
            .entries("/Globals/Function/Environment/Variables")
            .chain(found.entries(&of("/Environment/Variables")))
            .map(|variable| Ok((variable.resource.to_owned(), variable.setting("")?)))
            .collect::<Result<_, _>>()?,
        triggers: found.entries(&of("/Events")).map(trigger).collect::<Result<_, _>>()?,
        reserved_concurrency: found.number(&of("/ReservedConcurrentExecutions/Fn::If/1")).ok(),
        may_recurse: found.says(&of("/RecursiveLoop"), "Allow"),
        role,
        permissions,
        foreign_policies,
        platform: (everywhere("/Runtime")?, everywhere("/Architectures/0")?),
        logs_json: everywhere("/LoggingConfig/LogFormat").is_ok_and(|format| format == "JSON"),
        platform_log_level: everywhere("/LoggingConfig/SystemLogLevel").ok(),
        log_retention_days: log_group.as_deref().and_then(|log| retention_days(template, log)),
        log_group,
    })
}

fn permission(statement: &At<'_>) -> Result<Permission, Unreadable> {
    if !statement.says("/Effect", "Allow") {
        return Err(statement.missing("/Effect"));
    }
    Ok(Permission {
        actions: statement.list("/Action").iter().map(At::as_text).collect(),
        resources: statement
            .list("/Resource")
            .iter()
            .map(|each| each.setting(""))
            .collect::<Result<_, _>>()?,
        attributes: attributes(statement),
    })
}

/// IAM's condition on the attributes that a request names: in its expressions and its key. What a
/// request returns has to be bounded too.
fn attributes(statement: &At<'_>) -> Option<Vec<String>> {
    let named = statement.list("/Condition/ForAllValues:StringEquals/dynamodb:Attributes");
    let returns_none =
        statement.says("/Condition/StringEqualsIfExists/dynamodb:ReturnValues", "NONE");
    (!named.is_empty() && returns_none).then(|| named.iter().map(At::as_text).collect())
}

fn trigger(event: At<'_>) -> Result<Trigger, Unreadable> {
    match event.text("/Type")?.as_str() {
        "HttpApi" => Ok(match event.text("/Properties/Path")?.as_str() {
            "$default" => Trigger::Default,
            path => {
                Trigger::Http { method: event.text("/Properties/Method")?, path: path.to_owned() }
            }
        }),
        "SQS" => Ok(Trigger::Queue {
            queue: event.source("/Properties/Queue")?,
            batch_size: event.number_or("/Properties/BatchSize", 10)?,
            window_s: event.number_or("/Properties/MaximumBatchingWindowInSeconds", 0)?,
            concurrency: event.number("/Properties/ScalingConfig/MaximumConcurrency").ok(),
            report_batch_item_failures: event
                .list("/Properties/FunctionResponseTypes")
                .iter()
                .any(|kind| kind.says("", "ReportBatchItemFailures")),
        }),
        "Schedule" => seconds(&event.text("/Properties/Schedule")?)
            .map(|every_s| Trigger::Schedule { every_s })
            .ok_or_else(|| event.missing("/Properties/Schedule")),
        _ => Err(event.missing("/Type")),
    }
}

/// The seconds of `rate(5 minutes)`.
fn seconds(rate: &str) -> Option<u32> {
    let (count, unit) = rate.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let unit_s = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        _ => return None,
    };
    count.parse::<u32>().ok()?.checked_mul(unit_s)
}
