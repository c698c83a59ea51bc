//! Kubernetes quantities: `500m`, `1.5`, `256Mi`, `1e3`.
//!
//! The grammar is that of `k8s.io/apimachinery/pkg/api/resource` (v0.35): a decimal number and a binary suffix, a decimal
//! suffix or an exponent.

use super::words::{QUANTITY, schema_of};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;
use std::str::FromStr;

/// A well-formed quantity, more than zero: the text as it was written, and its value. Two are equal if their values are.
#[derive(Debug, Clone, Serialize)]
#[serde(into = "String")]
pub struct Quantity {
    text: String,
    /// In billionths, the finest that Kubernetes counts.
    nano: i128,
}

const NANO: i128 = 1_000_000_000;

impl Quantity {
    /// `count` times 2^20, as in `256Mi`.
    #[must_use]
    pub fn mebi(count: u32) -> Self {
        let text = if count.is_multiple_of(1_024) { format!("{}Gi", count / 1_024) } else { format!("{count}Mi") };
        Self { text, nano: i128::from(count) * (1 << 20) * NANO }
    }

    /// `count` thousandths, as in `100m`.
    #[must_use]
    pub fn milli(count: u32) -> Self {
        let text = if count.is_multiple_of(1_000) { (count / 1_000).to_string() } else { format!("{count}m") };
        Self { text, nano: i128::from(count) * (NANO / 1_000) }
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The value in billionths.
    #[must_use]
    pub const fn nano(&self) -> i128 {
        self.nano
    }

    /// The value in whole units (bytes of a size), rounded down.
    #[must_use]
    pub const fn whole(&self) -> i128 {
        self.nano / NANO
    }
}

// The pattern counts for text and the bound for numbers: `cpu: 2` is a number in YAML.
schema_of!(Quantity, {
    "type": ["string", "number"],
    "pattern": QUANTITY,
    "exclusiveMinimum": 0,
});

/// A text that is no [`Quantity`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQuantity {
    /// Not a number with one of Kubernetes's units.
    #[error("invalid quantity `{0}`: write a number and a unit, as in 500m (half a core), 256Mi or 1Gi")]
    Form(String),
    /// Zero, or less than Kubernetes counts.
    #[error("invalid quantity `{0}`: it must be more than zero")]
    Zero(String),
}

impl FromStr for Quantity {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let wrong = || InvalidQuantity::Form(text.to_owned());
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        // No cluster needs more digits, and the product below could overflow.
        if (whole.is_empty() && part.is_empty()) || whole.len() > 15 || part.len() > 9 || part.contains('.') {
            return Err(wrong());
        }
        let (times, over) = factor(suffix).ok_or_else(wrong)?;
        let digits: i128 = format!("{whole}{part:0<9}").parse().map_err(|_| wrong())?;
        let nano = digits.checked_mul(times).ok_or_else(wrong)? / over;
        if nano == 0 {
            return Err(InvalidQuantity::Zero(text.to_owned()));
        }
        Ok(Self { text: text.to_owned(), nano })
    }
}

/// A suffix as a multiplier and a divisor.
fn factor(suffix: &str) -> Option<(i128, i128)> {
    let ten = |power: u32| 10_i128.pow(power);
    Some(match suffix {
        "" => (1, 1),
        "n" => (1, ten(9)),
        "u" => (1, ten(6)),
        "m" => (1, ten(3)),
        "k" => (ten(3), 1),
        "M" => (ten(6), 1),
        "G" => (ten(9), 1),
        "T" => (ten(12), 1),
        "P" => (ten(15), 1),
        "E" => (ten(18), 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        "Ti" => (1 << 40, 1),
        "Pi" => (1 << 50, 1),
        "Ei" => (1 << 60, 1),
        _ => {
            let power: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            match power {
                0..=18 => (ten(power.unsigned_abs()), 1),
                -9..=-1 => (1, ten(power.unsigned_abs())),
                _ => return None,
            }
        }
    })
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nano == other.nano
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Quantity> for String {
    fn from(quantity: Quantity) -> Self {
        quantity.text
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Written;
        impl de::Visitor<'_> for Written {
            type Value = Quantity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity, as in 500m, 256Mi or 1Gi")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Quantity, E> {
                text.parse().map_err(E::custom)
            }

            // `cpu: 1` and `cpu: 0.5` are numbers in YAML.
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Quantity, E> {
                number.to_string().parse().map_err(E::custom)
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Quantity, E> {
                number.to_string().parse().map_err(E::custom)
            }
        }
        from.deserialize_any(Written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_reads() {
        let nano = |text: &str| text.parse::<Quantity>().unwrap().nano();
        assert_eq!(nano("500m"), NANO / 2);
        assert_eq!(nano("0.5"), NANO / 2);
        assert_eq!(nano(".5"), NANO / 2);
        assert_eq!(nano("1e3"), 1_000 * NANO);
        assert_eq!(nano("1E"), 10_i128.pow(18) * NANO);
        assert_eq!(nano("1.5Gi"), (3 << 29) * NANO);
        assert_eq!("96Mi".parse::<Quantity>().unwrap().whole(), 96 << 20);
        assert_eq!(Quantity::mebi(96), "96Mi".parse().unwrap());
        assert_eq!(Quantity::milli(100), "0.1".parse().unwrap());
    }

    #[test]
    fn what_it_refuses() {
        for bad in ["", ".", "Mi", "1 Gi", "1MB", "1GB", "-1", "+1", "1.2.3", "1ee3", "0", "0Mi", "1e99", "9999999999999999", "512mi"] {
            assert!(bad.parse::<Quantity>().is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_of_yaml() {
        let read = |text: &str| serde_yaml::from_str::<Quantity>(text).unwrap().to_string();
        assert_eq!(read("1"), "1");
        assert_eq!(read("0.5"), "0.5");
        assert_eq!(read("256Mi"), "256Mi");
        assert!(serde_yaml::from_str::<Quantity>("true").is_err());
    }
}
