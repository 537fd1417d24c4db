//! What the functions find in their environment: the template's variables, resolved as
//! CloudFormation would.

use crate::sqs::Sqs;
use crate::template::{Function, Setting, Template};
use ghub::config::Env;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The template's parameters with their local values, and where AWS's parts listen.
#[derive(Clone)]
pub struct Environment {
    /// Values of the template's parameters.
    pub parameters: BTreeMap<String, String>,
    pub dynamodb: String,
    /// The endpoint of SQS.
    pub sqs_endpoint: String,
    /// SQS itself, which knows its queues' addresses.
    pub sqs: Sqs,
    /// The endpoint of Secrets Manager.
    pub secrets_manager: String,
}

impl Environment {
    /// The environment of one function.
    pub fn of(&self, template: &Template, function: &Function) -> Result<Env, String> {
        let mut variables = self.aws(&function.name);
        for (name, setting) in &function.environment {
            variables.insert(name.clone(), self.resolved(template, setting)?);
        }
        Ok(variables.into_iter().collect())
    }

    /// Every variable of every function: the template gives one name one meaning.
    pub fn of_all(&self, template: &Template) -> Result<BTreeMap<String, String>, String> {
        let mut variables = self.aws("local");
        for (name, setting) in template.functions.iter().flat_map(|function| &function.environment)
        {
            let value = self.resolved(template, setting)?;
            if variables.insert(name.clone(), value.clone()).is_some_and(|other| other != value) {
                return Err(format!("{name} means different things to different functions"));
            }
        }
        Ok(variables)
    }

    /// Region, endpoints and credentials. As on Lambda, a function has its own: its calls can be
    /// told by them.
    fn aws(&self, whose: &str) -> BTreeMap<String, String> {
        let fixed = [
            ("AWS_REGION", self.sqs.region()),
            ("AWS_ACCESS_KEY_ID", whose),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_ENDPOINT_URL_DYNAMODB", &self.dynamodb),
            ("AWS_ENDPOINT_URL_SQS", &self.sqs_endpoint),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &self.secrets_manager),
        ];
        fixed.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn resolved(&self, template: &Template, setting: &Setting) -> Result<String, String> {
        let id = match setting {
            Setting::Literal(text) => return Ok(text.clone()),
            Setting::Ref(id) => id,
            Setting::Sub(text) => return Ok(text.replace("${AWS::StackName}", "local")),
            other => {
                return Err(format!("{other:?} is not something the local system can resolve"));
            }
        };
        if let Some(value) = self.parameters.get(id) {
            Ok(value.clone())
        } else if template.tables.iter().any(|table| table.logical_id == *id) {
            Ok(id.clone())
        } else if template.queues.iter().any(|queue| queue.logical_id == *id) {
            Ok(self.sqs.queue_url(id))
        } else {
            template
                .default_of(id)
                .map(str::to_owned)
                .ok_or_else(|| format!("the parameter {id} has no local value"))
        }
    }
}

/// The variable by which a local system knows its own file in a shell that has read it.
pub const MARK: &str = "GHUB_LOCAL";

/// `NAME='value'` lines, which a shell, `cargo lambda watch --env-file` and `cargo admin
/// --env-file` read alike.
pub(crate) fn as_file(variables: &BTreeMap<String, String>) -> String {
    let head = format!(
        "# Written by the local system at each start: for `cargo admin --env-file` and \
         `cargo lambda watch --env-file`\n\
         {MARK}='1'\n"
    );
    variables.iter().fold(head, |mut text, (name, value)| {
        writeln!(text, "{name}='{value}'").expect("writing to a string succeeds");
        text
    })
}
