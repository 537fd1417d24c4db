//! A page of a list, in the shape that OpenAI's SDKs page through. They stop at an empty page. A
//! caller who filters thousands of items follows `last_id` for as long as `has_more` is true.

use super::schema::list;
use serde::Serialize;
use utoipa::ToSchema;

/// Items, and whether there are more after the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct List<T> {
    #[schema(schema_with = list)]
    pub object: &'static str,
    /// The items of this page.
    pub data: Vec<T>,
    /// The first item's id; null on an empty page.
    #[schema(required)]
    pub first_id: Option<String>,
    /// The last item's id; sent as `after`, it leads to the next page. Where a search ended before
    /// the page was full, it is the last item that was looked at, which is not on the page.
    #[schema(required)]
    pub last_id: Option<String>,
    /// Whether there is a next page. Only after a search that ended early can it turn out to be
    /// empty.
    pub has_more: bool,
}

impl<T> List<T> {
    /// A page of what was found: at most `limit` items, of which one more was looked for to know
    /// whether there are more.
    pub fn page(mut found: Vec<T>, limit: usize, id: impl Fn(&T) -> String) -> Self {
        let has_more = found.len() > limit;
        found.truncate(limit);
        let (first_id, last_id) = (found.first().map(&id), found.last().map(&id));
        Self { object: "list", data: found, first_id, last_id, has_more }
    }

    /// A page of what a search found that got as far as `reached`, if there may be more behind it.
    /// The page may be short, and even empty.
    pub fn searched(data: Vec<T>, reached: Option<String>, id: impl Fn(&T) -> String) -> Self {
        let has_more = reached.is_some();
        let (first_id, last_id) = (data.first().map(&id), reached.or_else(|| data.last().map(&id)));
        Self { object: "list", data, first_id, last_id, has_more }
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
        assert_eq!(
            (full.data, full.first_id.as_deref(), full.has_more),
            (vec![7, 8], Some("7"), true)
        );
    }

    #[test]
    fn a_search_that_ended_early_is_gone_on_with_from_where_it_got_to() {
        let page = |data: &[u8], reached: Option<&str>| {
            let page = List::searched(data.to_vec(), reached.map(str::to_owned), u8::to_string);
            (page.first_id, page.last_id, page.has_more)
        };
        let text = |id: &str| Some(id.to_owned());
        assert_eq!(page(&[7, 8], None), (text("7"), text("8"), false));
        assert_eq!(page(&[7, 8], Some("8")), (text("7"), text("8"), true));
        assert_eq!(page(&[7], Some("9")), (text("7"), text("9"), true));
        assert_eq!(page(&[], Some("9")), (None, text("9"), true));
        assert_eq!(page(&[], None), (None, None, false));
    }
}
