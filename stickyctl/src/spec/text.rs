//! Values that a spec writes as text: `#[serde(with = "text")]` for types with `Display` and `FromStr`.

use super::words::schema_of;
use serde::{Deserialize, Deserializer, Serializer, de};
use std::fmt::{self, Display};
use std::str::FromStr;
use std::time::Duration;
use sticky_core::duration;

pub(super) fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

pub(super) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: FromStr,
    T::Err: Display,
    D: Deserializer<'de>,
{
    String::deserialize(from)?.parse().map_err(de::Error::custom)
}

/// Networks in CIDR notation, or single addresses.
pub(super) mod list {
    use ipnet::IpNet;
    use serde::ser::SerializeSeq;
    use serde::{Deserialize, Deserializer, Serializer, de};
    use std::net::IpAddr;

    pub(in crate::spec) fn serialize<S: Serializer>(nets: &[IpNet], to: S) -> Result<S::Ok, S::Error> {
        let mut list = to.serialize_seq(Some(nets.len()))?;
        for net in nets {
            list.serialize_element(&net.to_string())?;
        }
        list.end()
    }

    pub(in crate::spec) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
        Vec::<String>::deserialize(from)?.iter().map(|text| net(text).map_err(de::Error::custom)).collect()
    }

    #[derive(Debug, thiserror::Error)]
    enum InvalidNetwork<'a> {
        #[error("invalid network `{0}`: write it as 192.0.2.0/24 or 2001:db8::/32")]
        Form(&'a str),
        #[error("invalid network `{0}`: it has bits after the prefix; did you mean {1}?")]
        Bits(&'a str, IpNet),
    }

    fn net(text: &str) -> Result<IpNet, InvalidNetwork<'_>> {
        let net = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        let net: IpNet = net.map_err(|_| InvalidNetwork::Form(text))?;
        // The API server accepts bits after the prefix with only a warning, and takes the network.
        if net.trunc() == net { Ok(net) } else { Err(InvalidNetwork::Bits(text, net.trunc())) }
    }
}

/// A duration of whole seconds, 0 s to 31 days, as in `10s`, `5m`, `48h`: Kubernetes and the front doors count in nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub u32);

schema_of!(Seconds, {
    "type": "string",
    "pattern": "^([0-9]{1,7}s|[0-9]{1,5}m|[0-9]{1,3}h)$",
});

/// A text that is no number of [`Seconds`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSeconds {
    /// No duration at all.
    #[error("invalid duration `{0}`: {1}")]
    Form(String, String),
    /// A part of a second.
    #[error("invalid duration `{0}`: write a whole number of seconds")]
    Fraction(String),
}

impl FromStr for Seconds {
    type Err = InvalidSeconds;

    fn from_str(text: &str) -> Result<Self, InvalidSeconds> {
        let read = duration::parse(text).map_err(|why| InvalidSeconds::Form(text.to_owned(), why.to_string()))?;
        if read.subsec_millis() != 0 {
            return Err(InvalidSeconds::Fraction(text.to_owned()));
        }
        // The parser's longest duration, 31 days, fits.
        Ok(Self(u32::try_from(read.as_secs()).unwrap_or(u32::MAX)))
    }
}

impl Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("0s"),
            n => f.write_str(&duration::write(Duration::from_secs(n.into()))),
        }
    }
}

impl serde::Serialize for Seconds {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serialize(self, to)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Written;
        impl de::Visitor<'_> for Written {
            type Value = Seconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration with its unit, as in 10s, 5m or 48h")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Seconds, E> {
                text.parse().map_err(E::custom)
            }
        }
        from.deserialize_any(Written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_both_ways() {
        for text in ["0s", "5s", "90s", "2m", "48h"] {
            assert_eq!(text.parse::<Seconds>().unwrap().to_string(), text);
        }
        assert!("1500ms".parse::<Seconds>().unwrap_err().to_string().contains("whole number of seconds"));
        assert!("5".parse::<Seconds>().is_err());
    }
}
