//! A page of a list, in the shape that OpenAI's SDKs page through.

use super::schema::list;
use serde::Serialize;
use utoipa::ToSchema;

/// Items, and whether there are more after the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct List<T> {
    /// Always `list`.
    #[schema(schema_with = list)]
    pub object: &'static str,
    /// The items of this page.
    pub data: Vec<T>,
    /// The first item's id; null on an empty page.
    #[schema(required)]
    pub first_id: Option<String>,
    /// The last item's id; sent as `after`, it leads to the next page.
    #[schema(required)]
    pub last_id: Option<String>,
    /// Whether there is a next page.
    pub has_more: bool,
}

impl<T> List<T> {
    /// A page of what was found: at most `limit` items, of which one more was looked for to know whether there are more.
    pub fn page(mut found: Vec<T>, limit: usize, id: impl Fn(&T) -> String) -> Self {
        let has_more = found.len() > limit;
        found.truncate(limit);
        let (first_id, last_id) = (found.first().map(&id), found.last().map(&id));
        Self { object: "list", data: found, first_id, last_id, has_more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_the_page_says_that_there_are_more() {
        let page = |found: &[u8]| List::page(found.to_vec(), 2, u8::to_string);
        assert_eq!((page(&[]).first_id, page(&[]).has_more), (None, false));
        assert_eq!((page(&[7, 8]).last_id.as_deref(), page(&[7, 8]).has_more), (Some("8"), false));
        let full = page(&[7, 8, 9]);
        assert_eq!((full.data, full.first_id.as_deref(), full.has_more), (vec![7, 8], Some("7"), true));
    }
}
