//! What SAM and CloudFormation call the things that [`Template`] consists of.
//!
//! Only what this project's template uses is understood; what must be there and is not, is an error that names the
//! resource and the property.

use serde_json::Value;

use super::{
    Attribute, DeadLetter, Function, Index, Parameter, Permission, Queue, Setting, Table, Template, Trigger, Unreadable,
};

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
        stages: of_type(&template, "AWS::Serverless::HttpApi")
            .map(|api| api.text("/Properties/StageName"))
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
        retained: found.says("/DeletionPolicy", "Retain") && found.says("/UpdateReplacePolicy", "Retain"),
        point_in_time_recovery: properties.flag("/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled"),
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
        let name = schema.iter().find(|key| key.says("/KeyType", role))?.text("/AttributeName").ok()?;
        let kind = kinds.iter().find(|kind| kind.says("/AttributeName", &name))?.text("/AttributeType").ok()?;
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

fn function(template: &At<'_>, found: At<'_>) -> Result<Function, Unreadable> {
    let of = |pointer: &str| format!("/Properties{pointer}");
    let resource = |name: &str| template.inside(&format!("/Resources/{name}")).ok();
    let code = found.text(&of("/CodeUri"))?;
    let role = found.source(&of("/Role")).ok();
    let log_group = found.source(&of("/LoggingConfig/LogGroup")).ok().and_then(|name| resource(&name));
    let role_found = role.as_deref().and_then(resource);

    let mut foreign_policies: Vec<_> = found.list(&of("/Policies")).iter().map(At::as_text).collect();
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
        name: code.strip_prefix("functions/").ok_or_else(|| found.missing(&of("/CodeUri")))?.to_owned(),
        timeout_s: found.number(&of("/Timeout"))?,
        memory_mb: found.number(&of("/MemorySize"))?,
        environment: found
            .entries(&of("/Environment/Variables"))
            .map(|variable| Ok((variable.resource.to_owned(), variable.setting("")?)))
            .collect::<Result<_, _>>()?,
        triggers: found.entries(&of("/Events")).map(trigger).collect::<Result<_, _>>()?,
        may_recurse: found.says(&of("/RecursiveLoop"), "Allow"),
        role,
        permissions,
        foreign_policies,
        logs_json: found.says(&of("/LoggingConfig/LogFormat"), "JSON")
            || template.says("/Globals/Function/LoggingConfig/LogFormat", "JSON"),
        log_retention_days: log_group.and_then(|group| group.number("/Properties/RetentionInDays").ok()),
    })
}

fn permission(statement: &At<'_>) -> Result<Permission, Unreadable> {
    if !statement.says("/Effect", "Allow") {
        return Err(statement.missing("/Effect"));
    }
    Ok(Permission {
        actions: statement.list("/Action").iter().map(At::as_text).collect(),
        resources: statement.list("/Resource").iter().map(|each| each.setting("")).collect::<Result<_, _>>()?,
    })
}

fn trigger(event: At<'_>) -> Result<Trigger, Unreadable> {
    match event.text("/Type")?.as_str() {
        "HttpApi" => Ok(match event.text("/Properties/Path")?.as_str() {
            "$default" => Trigger::Default,
            path => Trigger::Http { method: event.text("/Properties/Method")?, path: path.to_owned() },
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

/// A place in the template, with the resource that an error about it names.
struct At<'a> {
    resource: &'a str,
    value: &'a Value,
}

impl<'a> At<'a> {
    fn missing(&self, property: &str) -> Unreadable {
        Unreadable::Missing { resource: self.resource.to_owned(), property: property.to_owned() }
    }

    fn inside(&self, pointer: &str) -> Result<At<'a>, Unreadable> {
        let value = self.value.pointer(pointer).ok_or_else(|| self.missing(pointer))?;
        Ok(At { resource: self.resource, value })
    }

    /// The members of an object, each under its own name.
    fn entries(&self, pointer: &str) -> impl Iterator<Item = At<'a>> + use<'a> {
        let object = self.value.pointer(pointer).and_then(Value::as_object);
        object.into_iter().flatten().map(|(name, value)| At { resource: name, value })
    }

    /// The elements of a list; what stands alone is a list of one, as CloudFormation has it, and nothing an empty one.
    fn list(&self, pointer: &str) -> Vec<At<'a>> {
        let resource = self.resource;
        match self.value.pointer(pointer) {
            None => Vec::new(),
            Some(Value::Array(values)) => values.iter().map(|value| At { resource, value }).collect(),
            Some(value) => vec![At { resource, value }],
        }
    }

    fn text(&self, pointer: &str) -> Result<String, Unreadable> {
        let text = self.value.pointer(pointer).and_then(Value::as_str);
        text.map(str::to_owned).ok_or_else(|| self.missing(pointer))
    }

    fn as_text(&self) -> String {
        self.value.as_str().map_or_else(|| self.value.to_string(), str::to_owned)
    }

    fn says(&self, pointer: &str, text: &str) -> bool {
        self.value.pointer(pointer).and_then(Value::as_str) == Some(text)
    }

    fn flag(&self, pointer: &str) -> bool {
        self.value.pointer(pointer) == Some(&Value::Bool(true))
    }

    fn number(&self, pointer: &str) -> Result<u32, Unreadable> {
        let number = self.value.pointer(pointer).and_then(Value::as_u64);
        number.and_then(|number| u32::try_from(number).ok()).ok_or_else(|| self.missing(pointer))
    }

    fn number_or(&self, pointer: &str, default: u32) -> Result<u32, Unreadable> {
        if self.value.pointer(pointer).is_none() { Ok(default) } else { self.number(pointer) }
    }

    /// The logical id that a reference points at.
    fn source(&self, pointer: &str) -> Result<String, Unreadable> {
        self.setting(pointer)?.source().map(str::to_owned).ok_or_else(|| self.missing(pointer))
    }

    fn setting(&self, pointer: &str) -> Result<Setting, Unreadable> {
        let value = self.inside(pointer)?.value;
        let named = |name: &str| value.get(name).and_then(Value::as_str);
        if let Some(resource) = named("Ref") {
            Ok(Setting::Ref(resource.to_owned()))
        } else if let Some((resource, attribute)) = named("Fn::GetAtt").and_then(|path| path.split_once('.')) {
            Ok(Setting::Attribute { resource: resource.to_owned(), attribute: attribute.to_owned() })
        } else if let Some(text) = named("Fn::Sub") {
            Ok(Setting::Sub(text.to_owned()))
        } else if value.is_object() || value.is_array() || value.is_null() {
            Err(self.missing(pointer))
        } else {
            Ok(Setting::Literal(self.inside(pointer)?.as_text()))
        }
    }
}
