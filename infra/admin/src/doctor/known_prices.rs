//! The prices that providers ask for a second of video, as far as we have read them.
//!
//! A price belongs to a route and to the parameters that the adapter sends there. The adapters send
//! no resolution, and do not switch sound off where it is sold. Prices change, so each has the date
//! on which it was read.

use ghub::pricing::Factor;
use ghub::provider::Provider;

/// The price of a route, and where it was read.
#[derive(Debug)]
pub struct KnownPrice {
    provider: Provider,
    route: &'static str,
    /// US dollars for a second of video.
    pub usd_per_second: Factor,
    /// The page where it was read. Where it is not the provider's own page, it says so.
    pub source: &'static str,
    /// The day on which it was read.
    pub read: &'static str,
}

const PRICES: [KnownPrice; 5] = [
    KnownPrice {
        provider: Provider::Fal,
        route: "fal-ai/kling-video/v2/master/text-to-video",
        usd_per_second: Factor::from_millionths(280_000),
        source: "https://fal.ai/models/fal-ai/kling-video/v2/master/text-to-video/llms.txt",
        read: "2026-11-22",
    },
    KnownPrice {
        provider: Provider::Fal,
        // 768p; the price is on the page of its image-to-video sibling
        route: "fal-ai/minimax/hailuo-02/standard/text-to-video",
        usd_per_second: Factor::from_millionths(45_000),
        source: "https://fal.ai/models/fal-ai/minimax/hailuo-02/standard/image-to-video/llms.txt",
        read: "2026-11-22",
    },
    KnownPrice {
        provider: Provider::Fal,
        route: "fal-ai/luma-dream-machine/ray-2", // 540p, its default; 0.50 for 5 s
        usd_per_second: Factor::from_millionths(100_000),
        source: "a third party's note on https://fal.ai/models/fal-ai/luma-dream-machine/ray-2",
        read: "2026-11-22",
    },
    KnownPrice {
        provider: Provider::Fal,
        route: "fal-ai/veo3.1", // 720p with sound, its default
        usd_per_second: Factor::from_millionths(400_000),
        source: "https://fal.ai/models/fal-ai/veo3.1/llms.txt",
        read: "2026-11-22",
    },
    KnownPrice {
        provider: Provider::Google,
        route: "veo-3.1-generate-001", // with sound
        usd_per_second: Factor::from_millionths(400_000),
        source: "third parties' notes on https://cloud.google.com/vertex-ai/generative-ai/pricing",
        read: "2026-11-22",
    },
];

/// The known price of this route.
pub fn known(provider: Provider, route: &str) -> Option<&'static KnownPrice> {
    PRICES.iter().find(|price| price.provider == provider && price.route == route.trim_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ghub::catalog::Catalog;

    #[test]
    fn every_price_is_of_a_route_of_the_catalog_and_every_route_has_one() {
        let catalog = Catalog::published();
        let routed: Vec<_> = catalog
            .iter()
            .filter_map(|model| Some((model.provider, model.route.clone()?)))
            .collect();
        assert_eq!(routed.len(), PRICES.len());
        for (provider, route) in routed {
            assert!(known(provider, &route).is_some(), "{route}");
        }
    }
}
