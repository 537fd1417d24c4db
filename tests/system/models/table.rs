//! What each model costs, and what its provider is sent.

pub(super) struct Row {
    pub(super) model: &'static str,
    /// Seconds and what they cost at 20 pesos for a dollar; the default first.
    pub(super) lengths: &'static [(u32, &'static str)],
    /// Shapes, the default first.
    pub(super) ratios: &'static [&'static str],
    /// What the provider is sent when a caller chooses nothing else, with placeholders.
    pub(super) input: &'static str,
    /// Other inputs, what the default length costs with them, and what is sent instead.
    pub(super) others: &'static [(&'static str, &'static str, &'static str)],
}

const EITHER: &[&str] = &["16:9", "9:16"];
const THREE: &[&str] = &["16:9", "9:16", "1:1"];

const VEO: &str = r#"{"prompt":"PROMPT","duration":"SECONDSs","aspect_ratio":"RATIO","resolution":"720p","generate_audio":true,"auto_fix":true,"safety_tolerance":"4"}"#;
const LUMA: &str = r#"{"prompt":"PROMPT","duration":"SECONDSs","aspect_ratio":"RATIO","resolution":"540p","loop":false}"#;
const KLING: &str = r#"{"prompt":"PROMPT","duration":"SECONDS","aspect_ratio":"RATIO","negative_prompt":"blur, distort, and low quality","cfg_scale":0.5}"#;
const KLING_3: &str = r#"{"prompt":"PROMPT","duration":"SECONDS","aspect_ratio":"RATIO","negative_prompt":"blur, distort, and low quality","cfg_scale":0.5,"shot_type":"customize","generate_audio":true}"#;
const RUNWAY: &str = r#"{"prompt":"PROMPT","duration":"SECONDS","aspect_ratio":"RATIO"}"#;
const HAILUO: &str = r#"{"prompt":"PROMPT","duration":"SECONDS","prompt_optimizer":true}"#;
const HAILUO_PRO: &str = r#"{"prompt":"PROMPT","prompt_optimizer":true}"#;
const VERTEX: &str = r#"{"instances":[{"prompt":"PROMPT"}],"parameters":{"sampleCount":1,"durationSeconds":SECONDS,"generateAudio":true,"aspectRatio":"RATIO","resolution":"720p","personGeneration":"allow_adult"}}"#;
const VEO_3: &str = r#"{"instances":[{"prompt":"PROMPT"}],"parameters":{"sampleCount":1,"durationSeconds":SECONDS,"generateAudio":false,"aspectRatio":"RATIO","resolution":"720p","personGeneration":"allow_adult"}}"#;

/// A seed and a negative prompt change no price.
const SEED: &str = r#"{"seed":4294967295,"negative_prompt":"blur"}"#;
const SEED_AT_GOOGLE: &str = r#"{"parameters":{"seed":4294967295,"negativePrompt":"blur"}}"#;
const SILENT: &str = r#"{"generate_audio":false}"#;
const SILENT_AT_GOOGLE: &str = r#"{"parameters":{"generateAudio":false}}"#;
const FULL_HD: &str = r#"{"resolution":"1080p"}"#;
const FULL_HD_AT_GOOGLE: &str = r#"{"parameters":{"resolution":"1080p"}}"#;
const UHD: &str = r#"{"resolution":"4k"}"#;
const UHD_AT_GOOGLE: &str = r#"{"parameters":{"resolution":"4k"}}"#;
const SILENT_UHD: &str = r#"{"resolution":"4k","generate_audio":false}"#;
const SILENT_UHD_AT_GOOGLE: &str = r#"{"parameters":{"resolution":"4k","generateAudio":false}}"#;
const SILENT_FULL_HD: &str = r#"{"resolution":"1080p","generate_audio":false}"#;
const SILENT_FULL_HD_AT_GOOGLE: &str =
    r#"{"parameters":{"resolution":"1080p","generateAudio":false}}"#;
const NEGATIVE: &str = r#"{"negative_prompt":"blur"}"#;

pub(super) const ROWS: [Row; 15] = [
    Row {
        model: "fal/hailuo-02",
        lengths: &[(6, "5.04"), (10, "8.40")],
        ratios: &["16:9"],
        input: HAILUO,
        others: &[],
    },
    Row {
        model: "fal/hailuo-02-pro",
        lengths: &[(6, "10.08")],
        ratios: &["16:9"],
        input: HAILUO_PRO,
        others: &[],
    },
    Row {
        model: "fal/kling-2",
        lengths: &[(5, "4.20"), (10, "8.40")],
        ratios: THREE,
        input: KLING,
        others: &[(NEGATIVE, "4.20", NEGATIVE)],
    },
    Row {
        model: "fal/kling-2.5-turbo-pro",
        lengths: &[(5, "7.35"), (10, "14.70")],
        ratios: THREE,
        input: KLING,
        others: &[(NEGATIVE, "7.35", NEGATIVE)],
    },
    Row {
        model: "fal/kling-3-pro",
        lengths: &[(5, "17.64"), (3, "10.584"), (15, "52.92")],
        ratios: THREE,
        input: KLING_3,
        others: &[(NEGATIVE, "17.64", NEGATIVE), (SILENT, "11.76", SILENT)],
    },
    Row {
        model: "fal/kling-3-standard",
        lengths: &[(5, "13.23"), (3, "7.938"), (15, "39.69")],
        ratios: THREE,
        input: KLING_3,
        others: &[(NEGATIVE, "13.23", NEGATIVE), (SILENT, "8.82", SILENT)],
    },
    Row {
        model: "fal/luma-ray-2",
        lengths: &[(5, "21.00"), (9, "37.80")],
        ratios: &["16:9", "9:16", "4:3", "3:4", "21:9", "9:21"],
        input: LUMA,
        others: &[
            (r#"{"resolution":"720p"}"#, "21.00", r#"{"resolution":"720p"}"#),
            (FULL_HD, "42.00", FULL_HD),
            (
                r#"{"resolution":"720p","duration":9}"#,
                "42.000147",
                r#"{"resolution":"720p","duration":"9s"}"#,
            ),
            (
                r#"{"resolution":"1080p","duration":9}"#,
                "84.000105",
                r#"{"resolution":"1080p","duration":"9s"}"#,
            ),
        ],
    },
    Row {
        model: "fal/runway-gen-4",
        lengths: &[(5, "5.25"), (10, "10.50")],
        ratios: &["16:9", "9:16", "4:3"],
        input: RUNWAY,
        others: &[],
    },
    Row {
        model: "fal/veo-3.1",
        lengths: &[(8, "67.20"), (4, "33.60"), (6, "50.40")],
        ratios: EITHER,
        input: VEO,
        others: &[
            (SEED, "67.20", SEED),
            (SILENT, "33.60", SILENT),
            (FULL_HD, "67.20", FULL_HD),
            (SILENT_FULL_HD, "33.60", SILENT_FULL_HD),
            (UHD, "100.80", UHD),
            (SILENT_UHD, "67.20", SILENT_UHD),
        ],
    },
    Row {
        model: "fal/veo-3.1-fast",
        lengths: &[(8, "25.20"), (4, "12.60"), (6, "18.90")],
        ratios: EITHER,
        input: VEO,
        others: &[
            (SEED, "25.20", SEED),
            (SILENT, "16.80", SILENT),
            (FULL_HD, "25.20", FULL_HD),
            (UHD, "58.80", UHD),
            (SILENT_UHD, "50.40", SILENT_UHD),
        ],
    },
    Row {
        model: "fal/veo-3.1-lite",
        lengths: &[(8, "8.40"), (4, "4.20"), (6, "6.30")],
        ratios: EITHER,
        input: VEO,
        others: &[
            (SEED, "8.40", SEED),
            (SILENT, "5.04", SILENT),
            (FULL_HD, "13.44", FULL_HD),
            (SILENT_FULL_HD, "8.40", SILENT_FULL_HD),
        ],
    },
    Row {
        model: "google/veo-3",
        lengths: &[(8, "33.60"), (4, "16.80"), (6, "25.20")],
        ratios: EITHER,
        input: VEO_3,
        others: &[],
    },
    Row {
        model: "google/veo-3.1",
        lengths: &[(8, "67.20"), (4, "33.60"), (6, "50.40")],
        ratios: EITHER,
        input: VERTEX,
        others: &[
            (SEED, "67.20", SEED_AT_GOOGLE),
            (SILENT, "33.60", SILENT_AT_GOOGLE),
            (FULL_HD, "67.20", FULL_HD_AT_GOOGLE),
            (UHD, "100.80", UHD_AT_GOOGLE),
            (SILENT_UHD, "67.20", SILENT_UHD_AT_GOOGLE),
        ],
    },
    Row {
        model: "google/veo-3.1-fast",
        lengths: &[(8, "16.80"), (4, "8.40"), (6, "12.60")],
        ratios: EITHER,
        input: VERTEX,
        others: &[
            (SEED, "16.80", SEED_AT_GOOGLE),
            (SILENT, "13.44", SILENT_AT_GOOGLE),
            (FULL_HD, "20.16", FULL_HD_AT_GOOGLE),
            (SILENT_FULL_HD, "16.80", SILENT_FULL_HD_AT_GOOGLE),
        ],
    },
    Row {
        model: "google/veo-3.1-lite",
        lengths: &[(8, "8.40"), (4, "4.20"), (6, "6.30")],
        ratios: EITHER,
        input: VERTEX,
        others: &[
            (SEED, "8.40", SEED_AT_GOOGLE),
            (SILENT, "5.04", SILENT_AT_GOOGLE),
            (FULL_HD, "13.44", FULL_HD_AT_GOOGLE),
            (SILENT_FULL_HD, "8.40", SILENT_FULL_HD_AT_GOOGLE),
        ],
    },
];
