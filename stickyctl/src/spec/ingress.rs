//! The way in: front door, host, cookie, timers.

use super::schema::{CookieName, Host, Label, Network, Subdomain};
pub use super::text::Seconds;
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;
use std::str::FromStr;

/// The way in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Ingress {
    /// Which proxy applies the affinity.
    pub front_door: FrontDoor,
    /// Its version, where what it reads depends on it (Traefik); left out: the oldest that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub front_door_version: Option<Version>,
    /// The namespace that it runs in; left out: `ingress-nginx` or `traefik`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Label>")]
    pub front_door_namespace: Option<String>,
    /// The IngressClass.
    #[schemars(with = "Subdomain")]
    pub class: String,
    /// The host; left out: any, so that a port-forward works.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Host>")]
    pub host: Option<String>,
    /// A Secret of type `kubernetes.io/tls`; needs a host.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Subdomain>")]
    pub tls_secret: Option<String>,
    /// The affinity cookie.
    pub cookie: Cookie,
    /// Silence on a WebSocket after which the front door cuts it; left out: an hour where the front door can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub websocket_timeout: Option<Seconds>,
    /// Networks of proxies whose X-Forwarded-For the app believes; without one no rate counts addresses.
    #[serde(skip_serializing_if = "Vec::is_empty", with = "super::text::list")]
    #[schemars(with = "Vec<Network>")]
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for Ingress {
    fn default() -> Self {
        Self {
            front_door: FrontDoor::default(),
            front_door_version: None,
            front_door_namespace: None,
            class: "nginx".to_owned(),
            host: None,
            tls_secret: None,
            cookie: Cookie::default(),
            websocket_timeout: None,
            trusted_proxies: Vec::new(),
        }
    }
}

impl Ingress {
    /// The namespace that the front door runs in.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.front_door_namespace.as_deref().unwrap_or(match self.front_door {
            FrontDoor::Nginx => "ingress-nginx",
            FrontDoor::Traefik => "traefik",
        })
    }

    /// Whether the cookie is sent over TLS only: as was said, else where there is TLS.
    #[must_use]
    pub fn secure(&self) -> bool {
        self.cookie.secure.unwrap_or(self.tls_secret.is_some())
    }
}

/// Which proxy applies the affinity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FrontDoor {
    /// ingress-nginx
    #[default]
    Nginx,
    /// Traefik, by its ingress-nginx provider
    Traefik,
}

impl FrontDoor {
    /// The spec's word, which the app's map shows too.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Traefik => "traefik",
        }
    }
}

/// The affinity cookie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Cookie {
    /// Its name; left out: one that no other release has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<CookieName>")]
    pub name: Option<String>,
    /// What happens to sessions when pods are added.
    pub persistence: Persistence,
    /// How long the browser keeps it, counted from when it was set.
    pub lifetime: Seconds,
    /// Whether it goes along on requests from other sites.
    pub same_site: SameSite,
    /// Whether it is sent over TLS only; left out: where there is a `tlsSecret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secure: Option<bool>,
    /// Whether a session moves when its pod can't be reached; left out: yes, where the front door can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_on_failure: Option<bool>,
}

impl Default for Cookie {
    fn default() -> Self {
        Self {
            name: None,
            persistence: Persistence::default(),
            lifetime: Seconds(48 * 3_600),
            same_site: SameSite::default(),
            secure: None,
            change_on_failure: None,
        }
    }
}

/// What happens to sessions when pods are added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Persistence {
    /// All stay where they are; load evens out with new sessions only.
    #[default]
    Persistent,
    /// Some move (ingress-nginx 1.15.1, 3 to 6 pods: 52 to 58 %), and the cookie doesn't tell.
    Balanced,
}

impl Persistence {
    /// ingress-nginx' word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Persistent => "persistent",
            Self::Balanced => "balanced",
        }
    }
}

/// Whether the cookie goes along on requests from other sites.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub enum SameSite {
    /// Never.
    Strict,
    /// When a person follows a link.
    #[default]
    Lax,
    /// Always; browsers take it with Secure only.
    None,
}

impl SameSite {
    /// As the attribute is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}

impl FromStr for SameSite {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Strict, Self::Lax, Self::None];
        if let Some(exact) = all.into_iter().find(|s| s.word() == text) {
            return Ok(exact);
        }
        match all.into_iter().find(|s| s.word().eq_ignore_ascii_case(text)) {
            // Measured with 1.15.1: `strict` gives a cookie without the attribute and a line in the controller's log.
            Some(meant) => Err(format!("write {}: ingress-nginx leaves the attribute out where its case is wrong", meant.word())),
            None => Err(format!("`{text}` is none of Strict, Lax and None")),
        }
    }
}

impl<'de> Deserialize<'de> for SameSite {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

/// `MAJOR.MINOR.PATCH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16, pub u16, pub u16);

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no version: write it as \"3.6.12\"");
        let parts: Vec<u16> = text.strip_prefix('v').unwrap_or(text).split('.').map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
        match parts[..] {
            [major, minor, patch] => Ok(Self(major, minor, patch)),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        super::text::serialize(self, to)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        super::text::deserialize(from)
    }
}
