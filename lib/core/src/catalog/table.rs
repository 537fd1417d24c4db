//! The published catalog. Ids, prices, defaults, maximum lengths and audio are our contract with
//! callers. Routes, lengths and ratios are what the providers render today:
//! <https://fal.ai/models>, <https://cloud.google.com/vertex-ai/generative-ai/docs/models/veo>.

use super::{LONGEST_PROMPT, Model};
use crate::pricing::Factor;
use crate::provider::Provider::{self, Fal, Google};
use crate::time::Timestamp;

struct Row {
    id: &'static str,
    provider: Provider,
    route: Option<&'static str>,
    usd_cents_per_second: i64,
    default_s: u32,
    durations_s: &'static [u32],
    aspect_ratios: &'static [&'static str],
    /// How many characters the route accepts, if the provider's schema says so. The schema is
    /// `https://fal.ai/api/openapi/queue/openapi.json?endpoint_id=` and the route. These numbers
    /// are from copies of February and August 2026.
    prompt_length: Option<(usize, usize)>,
    audio: bool,
    poll_every_s: u32,
    typical_s: (u32, u32),
}

/// 2026-11-22, 00:00 UTC: the day of the first version of this catalog, which had all seven models.
/// A model that joins later gets its own day.
const ENTERED: Timestamp = Timestamp::from_unix_s(1_795_305_600);

const LANDSCAPE_OR_PORTRAIT: &[&str] = &["16:9", "9:16"];

const ROWS: [Row; 7] = [
    Row {
        id: "google/veo-3.1",
        provider: Google,
        route: Some("veo-3.1-generate-001"),
        usd_cents_per_second: 40,
        default_s: 8,
        durations_s: &[4, 6, 8],
        aspect_ratios: LANDSCAPE_OR_PORTRAIT,
        prompt_length: None,
        audio: true,
        poll_every_s: 30,
        typical_s: (180, 300),
    },
    Row {
        id: "google/veo-3",
        provider: Google,
        route: None, // retired at Google on 2026-06-30
        usd_cents_per_second: 20,
        default_s: 8,
        durations_s: &[4, 6, 8],
        aspect_ratios: LANDSCAPE_OR_PORTRAIT,
        prompt_length: None,
        audio: false,
        poll_every_s: 20,
        typical_s: (120, 240),
    },
    Row {
        id: "fal/veo-3.1",
        provider: Fal,
        route: Some("fal-ai/veo3.1"),
        usd_cents_per_second: 40,
        default_s: 8,
        durations_s: &[4, 6, 8],
        aspect_ratios: LANDSCAPE_OR_PORTRAIT,
        prompt_length: Some((1, 20_000)),
        audio: true,
        poll_every_s: 30,
        typical_s: (180, 300),
    },
    Row {
        id: "fal/runway-gen-4",
        provider: Fal,
        route: None, // fal has no Runway Gen-4
        usd_cents_per_second: 5,
        default_s: 5,
        durations_s: &[5, 10],
        aspect_ratios: &["16:9", "9:16", "4:3"],
        prompt_length: None,
        audio: false,
        poll_every_s: 10,
        typical_s: (30, 120),
    },
    Row {
        id: "fal/luma-ray-2",
        provider: Fal,
        route: Some("fal-ai/luma-dream-machine/ray-2"),
        usd_cents_per_second: 20,
        default_s: 5,
        durations_s: &[5, 9],
        aspect_ratios: LANDSCAPE_OR_PORTRAIT, // the published 1:1 cannot be asked of fal's Ray 2
        prompt_length: Some((3, 5_000)),
        audio: false,
        poll_every_s: 10,
        typical_s: (60, 180),
    },
    Row {
        id: "fal/kling-2",
        provider: Fal,
        route: Some("fal-ai/kling-video/v2/master/text-to-video"),
        usd_cents_per_second: 4,
        default_s: 5,
        durations_s: &[5, 10],
        aspect_ratios: &["16:9", "9:16", "1:1"],
        prompt_length: Some((1, 2_500)),
        audio: false,
        poll_every_s: 15,
        typical_s: (120, 300),
    },
    Row {
        id: "fal/hailuo-02",
        provider: Fal,
        route: Some("fal-ai/minimax/hailuo-02/standard/text-to-video"),
        usd_cents_per_second: 4,
        default_s: 6,
        durations_s: &[6, 10],
        // The route has no such input and always renders 16:9, so the published 9:16 cannot be
        // asked for.
        aspect_ratios: &["16:9"],
        prompt_length: Some((1, 2_000)),
        audio: false,
        poll_every_s: 15,
        typical_s: (120, 240),
    },
];

pub(super) fn models() -> Vec<Model> {
    ROWS.iter()
        .map(|row| Model {
            id: row.id.to_owned(),
            provider: row.provider,
            route: row.route.map(str::to_owned),
            usd_per_second: Factor::from_millionths(row.usd_cents_per_second * 10_000),
            default_s: row.default_s,
            max_s: row.durations_s.iter().copied().max().unwrap_or(row.default_s),
            durations_s: row.durations_s.to_vec(),
            aspect_ratios: row.aspect_ratios.iter().map(|ratio| (*ratio).to_owned()).collect(),
            prompt_length: row
                .prompt_length
                .map_or((1, LONGEST_PROMPT), |(least, most)| (least, most.min(LONGEST_PROMPT))),
            audio: row.audio,
            poll_every_s: row.poll_every_s,
            typical_s: row.typical_s,
            entered: ENTERED,
            switched_off: false,
            loss_accepted_up_to: None,
        })
        .collect()
}
