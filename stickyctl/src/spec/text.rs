//! Values that a file writes as text: `#[serde(with = "text")]` for what has `Display` and `FromStr`.

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

/// Networks, `192.0.2.0/24` or a single address.
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

    fn net(text: &str) -> Result<IpNet, String> {
        let net = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        let net: IpNet = net.map_err(|_| format!("`{text}` is no network: write it as 192.0.2.0/24 or 2001:db8::/32"))?;
        // The API server takes bits beyond the prefix with a warning only, and means the network.
        if net.trunc() == net { Ok(net) } else { Err(format!("`{text}` is an address inside a network; the network is {}", net.trunc())) }
    }
}

/// A duration of whole seconds, which is all that Kubernetes and the front doors count in: `10s`, `5m`, `48h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub u32);

impl FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = duration::parse(text)?;
        if read.subsec_millis() != 0 {
            return Err(format!("{text} is no whole number of seconds"));
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
        assert!("1500ms".parse::<Seconds>().unwrap_err().contains("whole number of seconds"));
        assert!("5".parse::<Seconds>().is_err());
    }
}
