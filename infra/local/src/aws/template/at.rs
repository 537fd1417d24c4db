//! Reading values out of the template's long form, with errors that name the resource and the
//! property.

use super::{Setting, Unreadable};
use serde_json::Value;

/// A place in the template, with the resource that an error about it names.
pub(super) struct At<'a> {
    pub(super) resource: &'a str,
    pub(super) value: &'a Value,
}

impl<'a> At<'a> {
    pub(super) fn missing(&self, property: &str) -> Unreadable {
        Unreadable::Missing { resource: self.resource.to_owned(), property: property.to_owned() }
    }

    pub(super) fn inside(&self, pointer: &str) -> Result<At<'a>, Unreadable> {
        let value = self.value.pointer(pointer).ok_or_else(|| self.missing(pointer))?;
        Ok(At { resource: self.resource, value })
    }

    /// The members of an object, each under its own name.
    pub(super) fn entries(&self, pointer: &str) -> impl Iterator<Item = At<'a>> + use<'a> {
        let object = self.value.pointer(pointer).and_then(Value::as_object);
        object.into_iter().flatten().map(|(name, value)| At { resource: name, value })
    }

    /// The elements of a list; what stands alone is a list of one, as CloudFormation has it, and
    /// nothing an empty one.
    pub(super) fn list(&self, pointer: &str) -> Vec<At<'a>> {
        let resource = self.resource;
        match self.value.pointer(pointer) {
            None => Vec::new(),
            Some(Value::Array(values)) => {
                values.iter().map(|value| At { resource, value }).collect()
            }
            Some(value) => vec![At { resource, value }],
        }
    }

    pub(super) fn text(&self, pointer: &str) -> Result<String, Unreadable> {
        let text = self.value.pointer(pointer).and_then(Value::as_str);
        text.map(str::to_owned).ok_or_else(|| self.missing(pointer))
    }

    pub(super) fn as_text(&self) -> String {
        self.value.as_str().map_or_else(|| self.value.to_string(), str::to_owned)
    }

    pub(super) fn says(&self, pointer: &str, text: &str) -> bool {
        self.value.pointer(pointer).and_then(Value::as_str) == Some(text)
    }

    pub(super) fn flag(&self, pointer: &str) -> bool {
        self.value.pointer(pointer) == Some(&Value::Bool(true))
    }

    pub(super) fn number(&self, pointer: &str) -> Result<u32, Unreadable> {
        let number = self.value.pointer(pointer).and_then(Value::as_u64);
        number.and_then(|number| u32::try_from(number).ok()).ok_or_else(|| self.missing(pointer))
    }

    pub(super) fn number_or(&self, pointer: &str, default: u32) -> Result<u32, Unreadable> {
        if self.value.pointer(pointer).is_none() { Ok(default) } else { self.number(pointer) }
    }

    /// The logical id that a reference points at.
    pub(super) fn source(&self, pointer: &str) -> Result<String, Unreadable> {
        self.setting(pointer)?.source().map(str::to_owned).ok_or_else(|| self.missing(pointer))
    }

    pub(super) fn setting(&self, pointer: &str) -> Result<Setting, Unreadable> {
        let value = self.inside(pointer)?.value;
        let named = |name: &str| value.get(name).and_then(Value::as_str);
        if let Some(resource) = named("Ref") {
            Ok(Setting::Ref(resource.to_owned()))
        } else if let Some((resource, attribute)) =
            named("Fn::GetAtt").and_then(|path| path.split_once('.'))
        {
            Ok(Setting::Attribute {
                resource: resource.to_owned(),
                attribute: attribute.to_owned(),
            })
        } else if let Some(text) = named("Fn::Sub") {
            Ok(Setting::Sub(text.to_owned()))
        } else if value.is_object() || value.is_array() || value.is_null() {
            Err(self.missing(pointer))
        } else {
            Ok(Setting::Literal(self.inside(pointer)?.as_text()))
        }
    }
}
