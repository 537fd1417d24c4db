//! The models that the simulated fal serves: what each is called, and what its input accepts.
//!
//! From the types of `@fal-ai/client` 1.10.1 and the models' pages (<https://fal.ai/models>). The
//! lengths of prompts are from memory but for Veo's.

use std::ops::RangeInclusive;

/// One endpoint and the schema of its input. An empty list means that the endpoint has no such
/// field.
pub(super) struct Model {
    pub(super) endpoint: &'static str,
    /// As the endpoint spells them: some with an `s`, some without.
    pub(super) durations: &'static [&'static str],
    /// What is rendered when none is asked for; the only length of an endpoint without the field.
    pub(super) default_duration: &'static str,
    pub(super) aspect_ratios: &'static [&'static str],
    pub(super) resolutions: &'static [&'static str],
    pub(super) prompt: RangeInclusive<usize>,
    /// Whether it renders sound, unless `generate_audio` is false.
    pub(super) sound: bool,
}

/// The endpoint with this id. Workflows are their owners' own, so any name is one.
pub(super) fn find(endpoint: &str) -> Option<&'static Model> {
    let named = MODELS.iter().find(|model| model.endpoint == endpoint);
    named.or_else(|| {
        ["workflows/", "comfy/"]
            .iter()
            .any(|space| endpoint.starts_with(space))
            .then_some(&WORKFLOW)
    })
}

const KLING: Model = Model {
    endpoint: "fal-ai/kling-video/v2/master/text-to-video",
    durations: &["5", "10"],
    default_duration: "5",
    aspect_ratios: &["16:9", "9:16", "1:1"],
    resolutions: &[],
    prompt: 1..=2500,
    sound: false,
};

const HAILUO: Model = Model {
    endpoint: "fal-ai/minimax/hailuo-02/standard/text-to-video",
    durations: &["6", "10"],
    default_duration: "6",
    aspect_ratios: &[],
    resolutions: &[],
    prompt: 1..=2000,
    sound: false,
};

static MODELS: [Model; 8] = [
    Model {
        endpoint: "fal-ai/veo3.1",
        durations: &["4s", "6s", "8s"],
        default_duration: "8s",
        aspect_ratios: &["16:9", "9:16"],
        resolutions: &["720p", "1080p", "4k"],
        prompt: 1..=20_000,
        sound: true,
    },
    Model {
        endpoint: "fal-ai/luma-dream-machine/ray-2",
        durations: &["5s", "9s"],
        default_duration: "5s",
        aspect_ratios: &["16:9", "9:16", "4:3", "3:4", "21:9", "9:21"],
        resolutions: &["540p", "720p", "1080p"],
        prompt: 3..=5000,
        sound: false,
    },
    KLING,
    Model { endpoint: "fal-ai/kling-video/v2.1/master/text-to-video", ..KLING },
    Model { endpoint: "fal-ai/kling-video/v2.5-turbo/pro/text-to-video", ..KLING },
    HAILUO,
    Model { endpoint: "fal-ai/minimax/hailuo-02/pro/text-to-video", durations: &[], ..HAILUO },
    // Does not exist at the real fal, which has no Runway. It stands in for the operator's own
    // route to that model, so that the local system can serve the whole catalog.
    Model {
        endpoint: "fal-ai/runway-gen-4",
        durations: &["5", "10"],
        default_duration: "5",
        aspect_ratios: &["16:9", "9:16", "4:3"],
        resolutions: &[],
        prompt: 1..=4000,
        sound: false,
    },
];

static WORKFLOW: Model = Model {
    endpoint: "",
    durations: &[],
    default_duration: "5",
    aspect_ratios: &[],
    resolutions: &[],
    prompt: 1..=20_000,
    sound: false,
};

/// The seconds that a duration spells.
pub(super) fn seconds(duration: &str) -> u32 {
    duration.trim_end_matches('s').parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_length_the_model_renders() {
        for model in &MODELS {
            assert!(seconds(model.default_duration) > 0, "{}", model.endpoint);
            assert!(
                model.durations.is_empty() || model.durations.contains(&model.default_duration),
                "{}",
                model.endpoint
            );
        }
    }

    #[test]
    fn an_unknown_endpoint_is_not_found_but_any_workflow_is() {
        assert!(find("fal-ai/kling-video").is_none());
        assert!(find("fal-ai/veo3").is_none());
        assert!(find("workflows/me/film").is_some());
    }
}
