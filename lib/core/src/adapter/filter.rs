//! How providers say that a safety filter held something back, where they have no code of its own
//! for it.

/// Parts of such sentences, in lower case. Google's: the operation's `error.message` with code 3,
/// HTTP 400 at the submission, and `raiMediaFilteredReasons`;
/// <https://cloud.google.com/vertex-ai/generative-ai/docs/video/responsible-ai-and-usage-guidelines>.
const SENTENCES: [&str; 15] = [
    "usage guideline",
    "support code",
    "responsible ai",
    "safety filter",
    "safety setting",
    "safety system",
    "safety polic",
    "content filter",
    "content polic",
    "content checker",
    "content moderation",
    "prohibited use",
    "sensitive words",
    "unsafe content",
    "harmful content",
];

/// Whether a text speaks of a filter.
pub(super) fn says_filtered(text: &str) -> bool {
    let text = text.to_lowercase();
    SENTENCES.iter().any(|sentence| text.contains(sentence))
        || (text.contains("violat") && text.contains("polic"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_told_from_other_refusals() {
        for text in [
            "Veo could not generate videos because the input image violates Vertex AI's usage guidelines.",
            "Try rephrasing the prompt. Support codes: 58061214, 29310472",
            "This prompt contains sensitive words that violate Google's Responsible AI practices.",
            "The prompt couldn't be submitted; it might violate our policies.",
            "BLOCKED BY SAFETY FILTERS",
        ] {
            assert!(says_filtered(text), "{text}");
        }
        for text in [
            "",
            "Unsupported output video duration 5 seconds, supported durations are [8,6,4]",
            "Internal error. Please try again in a few minutes.",
            "The request violates a constraint: prompt is too long",
            "contact support",
        ] {
            assert!(!says_filtered(text), "{text}");
        }
    }
}
