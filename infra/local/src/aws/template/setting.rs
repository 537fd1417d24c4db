//! A value in the template.

/// What a value in the template says: itself, or what it stands for once deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The text as it stands.
    Literal(String),
    /// `!Ref`: a parameter's value, a table's name, a queue's URL.
    Ref(String),
    /// `!GetAtt`: an attribute of a resource, such as its `Arn`.
    Attribute {
        /// The resource's logical id.
        resource: String,
        attribute: String,
    },
    /// `!Sub`: text with `${…}` in it.
    Sub(String),
}

impl Setting {
    /// The logical id or parameter that the value comes from, if it comes from one: of a `!Sub` the
    /// first that is not AWS's own.
    pub fn source(&self) -> Option<&str> {
        match self {
            Self::Literal(_) => None,
            Self::Ref(resource) | Self::Attribute { resource, .. } => Some(resource),
            Self::Sub(text) => {
                let mut names =
                    text.split("${").skip(1).filter_map(|rest| rest.split(['.', '}']).next());
                names.find(|name| !name.starts_with("AWS::"))
            }
        }
    }
}
