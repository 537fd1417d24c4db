//! What a caller asks of a list: how many, from where on, and which. Unknown parameters are
//! ignored, as unknown body fields are.

use crate::error::{Refusal, shortened};
use crate::id::JobId;
use crate::time::Timestamp;
use lambda_http::{Request, RequestExt};

/// How many items a page has unless the caller says: a screenful.
pub const USUAL_PAGE: usize = 20;

/// The most items of a page: a hundred jobs of a few KB each. A page is read by two queries of at
/// most 1 MB each, and a function may answer 6 MB.
pub const LARGEST_PAGE: usize = 100;

/// A request's query parameters.
#[derive(Debug)]
pub struct Query(lambda_http::aws_lambda_events::query_map::QueryMap);

impl Query {
    /// Those of this request.
    pub fn of(request: &Request) -> Self {
        Self(request.query_string_parameters())
    }

    /// One parameter. An empty one counts as absent; one that comes twice is refused, since either
    /// could be meant.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.0.all(name).unwrap_or_default().as_slice() {
            [] | [""] => Ok(None),
            [value] => Ok(Some(value)),
            _ => Err(Refusal::invalid(format!("{name}: send it once"))),
        }
    }

    /// A text of at most so many characters.
    pub fn text_up_to(&self, name: &str, most: usize) -> Result<Option<&str>, Refusal> {
        let text = self.text(name)?;
        match text.filter(|text| text.chars().count() > most) {
            Some(long) => Err(refused(name, long, &format!("at most {most} characters"))),
            None => Ok(text),
        }
    }

    /// `limit`: how many items the page has at most.
    pub fn limit(&self) -> Result<usize, Refusal> {
        let Some(text) = self.text("limit")? else { return Ok(USUAL_PAGE) };
        let limit = text.parse().ok().filter(|limit| (1..=LARGEST_PAGE).contains(limit));
        limit.ok_or_else(|| {
            refused("limit", text, &format!("a whole number from 1 to {LARGEST_PAGE}"))
        })
    }

    /// A word out of a few.
    pub fn one_of<'w>(&self, name: &str, words: &[&'w str]) -> Result<Option<&'w str>, Refusal> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let known = words.iter().find(|word| **word == text).copied();
        known.map(Some).ok_or_else(|| refused(name, text, &format!("one of {}", words.join(", "))))
    }

    /// A job's id: a place in a list of jobs, whether it is there or not.
    pub fn job_id(&self, name: &str) -> Result<Option<JobId>, Refusal> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let accepts = "a job's id, such as e8c96506-72a1-429f-a7ed-4bb0a42541be";
        text.parse().map(Some).map_err(|_| refused(name, text, accepts))
    }

    /// A moment in Unix seconds.
    pub fn unix_s(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let digits =
            !text.is_empty() && text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        let moment = text.parse().ok().filter(|_| digits).map(Timestamp::from_unix_s);
        moment.map(Some).ok_or_else(|| refused(name, text, "Unix seconds, such as 1782415166"))
    }
}

fn refused(name: &str, text: &str, accepts: &str) -> Refusal {
    Refusal::invalid(format!("{name}: it must be {accepts}, not {:?}", shortened(text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda_http::Body;

    fn query(text: &str) -> Query {
        let mut request = Request::new(Body::Empty);
        *request.uri_mut() = format!("http://localhost/v1/videos?{text}").parse().unwrap();
        let parameters: std::collections::HashMap<String, Vec<String>> =
            url::form_urlencoded::parse(text.as_bytes()).fold(
                std::collections::HashMap::new(),
                |mut all, (name, value)| {
                    all.entry(name.into_owned()).or_default().push(value.into_owned());
                    all
                },
            );
        Query::of(&request.with_query_string_parameters(parameters))
    }

    #[test]
    fn a_page_has_20_items_unless_the_caller_says_up_to_100() {
        for (text, limit) in
            [("", 20), ("limit=", 20), ("limit=1", 1), ("limit=100", 100), ("other=x", 20)]
        {
            assert_eq!(query(text).limit(), Ok(limit), "{text}");
        }
        for text in [
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=1.5",
            "limit=ten",
            "limit=1&limit=2",
            "limit=%F0%9F%A6%9C",
        ] {
            assert!(query(text).limit().unwrap_err().to_string().starts_with("limit: "), "{text}");
        }
    }

    #[test]
    fn words_ids_and_moments_are_told_what_would_be_right() {
        let words = ["completed", "failed"];
        assert_eq!(query("status=failed").one_of("status", &words), Ok(Some("failed")));
        let refused = query("status=done").one_of("status", &words).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "status: it must be one of completed, failed, not \"done\""
        );
        let job = "0197a001-0000-7000-8000-00000000000d";
        assert_eq!(query(&format!("after={job}")).job_id("after"), Ok(Some(job.parse().unwrap())));
        let refused = query("after=13").job_id("after").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "after: it must be a job's id, such as e8c96506-72a1-429f-a7ed-4bb0a42541be, not \"13\""
        );
        assert_eq!(
            query("from=1782415166").unix_s("from"),
            Ok(Some(Timestamp::from_unix_s(1_782_415_166)))
        );
        for text in ["from=-1", "from=now", "from=1e9", "from=9999999999999999"] {
            assert!(query(text).unix_s("from").is_err(), "{text}");
        }
    }
}
