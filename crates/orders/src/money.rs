use serde::Serialize;

/// An amount in the currency's smallest unit: cents, yen, fils. Never a float.
pub type MinorUnits = i64;

/// A three-letter currency code in lower case, as Stripe writes it.
///
/// Not checked against a list: new currencies may come, and an unknown one is still an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Currency(String);

/// Amounts of these are in whole units (Stripe: zero-decimal currencies).
const ZERO_DECIMAL: [&str; 16] = [
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv",
    "xaf", "xof", "xpf",
];

/// Amounts of these are in thousandths (Stripe: three-decimal currencies).
const THREE_DECIMAL: [&str; 5] = ["bhd", "jod", "kwd", "omr", "tnd"];

impl Currency {
    /// The currency, or nothing where the text is blank.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_lowercase()))
    }

    /// US dollars: the shop's own currency, used only where Stripe gave none.
    pub fn usd() -> Self {
        Self("usd".to_owned())
    }

    /// The code as text, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many decimals an amount has when it is shown: 0, 2 or 3. ISK counts as 2, for Stripe
    /// takes it times 100.
    pub fn exponent(&self) -> u8 {
        if ZERO_DECIMAL.contains(&self.as_str()) {
            0
        } else if THREE_DECIMAL.contains(&self.as_str()) {
            3
        } else {
            2
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Currency;

    #[test]
    fn yen_have_no_decimals_dinars_three_and_the_rest_two() {
        for (code, exponent) in [("JPY", 0), ("kwd", 3), ("usd", 2), ("isk", 2), ("huf", 2)] {
            assert_eq!(Currency::new(code).unwrap().exponent(), exponent, "{code}");
        }
        assert_eq!(Currency::new("  "), None);
    }
}
