//! The models that the simulated Vertex serves, and where they live.

/// The live ones. veo-2.0, veo-3.0 and all previews were retired in 2026. `veo-3-local` does not
/// exist at Google. It stands for the operator's own route to Veo 3, so the local system can serve
/// the whole catalog.
const LIVE: [&str; 4] = [
    "veo-3.1-generate-001",
    "veo-3.1-fast-generate-001",
    "veo-3.1-lite-generate-001",
    "veo-3-local",
];

/// The parameters that Veo knows. It ignores all others.
pub const PARAMETERS: [&str; 11] = [
    "aspectRatio",
    "compressionQuality",
    "durationSeconds",
    "enhancePrompt",
    "generateAudio",
    "negativePrompt",
    "personGeneration",
    "resolution",
    "sampleCount",
    "seed",
    "storageUri",
];

pub(super) const DURATIONS_S: [u32; 3] = [8, 6, 4];
pub(super) const DEFAULT_DURATION_S: u32 = 8;
pub(super) const ASPECT_RATIOS: [&str; 2] = ["16:9", "9:16"];
pub(super) const RESOLUTIONS: [&str; 3] = ["720p", "1080p", "4k"];
pub(super) const PERSON_GENERATIONS: [&str; 3] = ["dont_allow", "allow_adult", "allow_all"];
pub(super) const COMPRESSION_QUALITIES: [&str; 2] = ["optimized", "lossless"];
pub(super) const SAMPLES_AT_MOST: u32 = 4;

/// What a path names: a model in a project and a location.
#[derive(Debug, PartialEq)]
pub(super) struct Place {
    pub(super) project: String,
    pub(super) location: String,
    pub(super) model: String,
}

impl Place {
    /// The model's full name, which its operations' names begin with.
    pub(super) fn model_name(&self) -> String {
        let Self { project, location, model } = self;
        format!("projects/{project}/locations/{location}/publishers/google/models/{model}")
    }
}

pub(super) fn is_live(model: &str) -> bool {
    LIVE.contains(&model)
}
