//! Checks the markup and the exchange rate, on which every price depends.

use super::finding::Finding;
use ghub::config::Env;
use ghub::pricing::{Factor, Price};

/// The usual exchange rates. A dollar has cost between 10 and 30 pesos since 2008, so a rate
/// outside is probably a typing error.
const USUAL_FX: [Factor; 2] =
    [Factor::from_millionths(10_000_000), Factor::from_millionths(30_000_000)];

pub(super) const ONE: Factor = Factor::from_millionths(1_000_000);

pub fn look(env: &Env) -> Finding {
    let mut finding = Finding::of("rates", "MARKUP, FX_MXN_PER_USD");
    match env.rates() {
        Ok(rates) => judge(rates.price(ONE), &mut finding),
        Err(error) => finding.fail(error, "Set it to decimal text, such as MARKUP=1.05 (five per cent on the provider's price) and FX_MXN_PER_USD=20."),
    }
    finding
}

fn judge(Price { markup, fx_mxn_per_usd: fx, .. }: Price, finding: &mut Finding) {
    let found = format!("{fx} pesos per dollar");
    if (USUAL_FX[0]..=USUAL_FX[1]).contains(&fx) {
        finding.ok(found);
    } else {
        finding.ok(format!("{found}, which is not usual"));
        finding.hint(format!(
            "FX_MXN_PER_USD is pesos for one dollar, usually {} to {}. If {fx} is meant, there is nothing to do.",
            USUAL_FX[0], USUAL_FX[1]
        ));
    }
    finding.ok(format!("markup {markup}"));
}
