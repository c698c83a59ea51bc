//! The Ingress: front door, host, cookie and timeouts.

pub use super::text::Seconds;
use super::version::Version;
use super::words::{CookieName, Host, Idle, Label, Network, Positive, Subdomain};
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::str::FromStr;

/// The Ingress, its front door and the affinity cookie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Ingress {
    /// The proxy that applies session affinity.
    pub front_door: FrontDoor,
    /// The version of Traefik, which decides what annotations it reads; if left out, the oldest known version. Used for traefik only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub front_door_version: Option<Version>,
    /// The namespace that the front door runs in; if left out, `ingress-nginx`, `traefik` or `envoy-gateway-system`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Label>")]
    pub front_door_namespace: Option<String>,
    /// The IngressClass; a Gateway has `gateway.class` instead.
    #[schemars(with = "Subdomain")]
    pub class: String,
    /// The host name; if left out, any host, so that a port-forward works.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Host>")]
    pub host: Option<String>,
    /// A Secret of type `kubernetes.io/tls`; requires `host`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Subdomain>")]
    pub tls_secret: Option<String>,
    /// The affinity cookie.
    pub cookie: Cookie,
    /// How long a WebSocket may be silent before the front door closes it, at least 40s; if left out, one hour where the front door has
    /// such a setting. Traefik has one since 3.7.13 only; of the Gateway API's controllers only Envoy Gateway has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Idle>")]
    pub websocket_timeout: Option<Seconds>,
    /// Networks of proxies whose X-Forwarded-For header the app trusts; without one, no rate limit counts client addresses.
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
    /// The namespace that the front door runs in: the one that is set, or its usual one.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.front_door_namespace.as_deref().unwrap_or(match self.front_door {
            FrontDoor::Nginx => "ingress-nginx",
            FrontDoor::Traefik => "traefik",
            FrontDoor::Gateway => "envoy-gateway-system",
        })
    }

    /// Whether the cookie has the Secure attribute: as `cookie.secure` says, or else if there is a TLS Secret.
    #[must_use]
    pub fn secure(&self) -> bool {
        self.cookie.secure.unwrap_or(self.tls_secret.is_some())
    }
}

/// The proxy that applies session affinity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FrontDoor {
    /// ingress-nginx
    #[default]
    Nginx,
    /// Traefik with its ingress-nginx provider
    Traefik,
    /// A Gateway of the Gateway API, as with Envoy Gateway
    Gateway,
}

impl FrontDoor {
    /// The word in the spec, which the page's map shows too.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Traefik => "traefik",
            Self::Gateway => "gateway",
        }
    }
}

/// The affinity cookie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Cookie {
    /// The cookie's name; it must not be that of a well-known application or proxy. If left out, a name that is unique to the release.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<CookieName>")]
    pub name: Option<String>,
    /// What happens to existing sessions when pods are added.
    pub persistence: Persistence,
    /// How long the browser keeps the cookie after it was set.
    #[schemars(with = "Positive")]
    pub lifetime: Seconds,
    /// Whether browsers send the cookie on requests from other sites. With a Gateway and `persistent`, no attribute is set.
    pub same_site: SameSite,
    /// Whether browsers send the cookie over TLS only; if left out, yes if there is a `tlsSecret`. With a Gateway and `persistent`, never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secure: Option<bool>,
    /// Whether a session moves when its pod can't be reached; if left out, yes for nginx and for Envoy Gateway. Traefik can't do this, and
    /// neither can the Gateway API itself.
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

/// Whether browsers drop a cookie of this name without the Secure attribute (RFC 6265bis, 4.1.3).
#[must_use]
pub fn needs_secure(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["__secure-", "__host-", "__http-"].iter().any(|prefix| name.starts_with(prefix))
}

/// What happens to existing sessions when pods are added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Persistence {
    /// All sessions stay on their pods; only new sessions even out the load.
    #[default]
    Persistent,
    /// Some sessions move without a change of the cookie: 52 to 58% from 3 to 6 pods, with ingress-nginx 1.15.1.
    Balanced,
}

impl Persistence {
    /// The word of ingress-nginx's annotation.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Persistent => "persistent",
            Self::Balanced => "balanced",
        }
    }
}

/// Whether browsers send the cookie on requests from other sites.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub enum SameSite {
    /// Never.
    Strict,
    /// Only when the user follows a link.
    #[default]
    Lax,
    /// Always; browsers accept this only together with Secure.
    None,
}

impl SameSite {
    /// The value of the attribute.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}

/// A text that is no [`SameSite`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSameSite {
    /// The right word in the wrong case.
    #[error("invalid value `{given}`: write {meant}, because ingress-nginx drops the attribute if the case is wrong")]
    Case {
        /// What was written.
        given: String,
        /// What it should have been.
        meant: &'static str,
    },
    /// Another word.
    #[error("invalid value `{0}`: write Strict, Lax or None")]
    Unknown(String),
}

impl FromStr for SameSite {
    type Err = InvalidSameSite;

    fn from_str(text: &str) -> Result<Self, InvalidSameSite> {
        let all = [Self::Strict, Self::Lax, Self::None];
        if let Some(exact) = all.into_iter().find(|s| s.word() == text) {
            return Ok(exact);
        }
        match all.into_iter().find(|s| s.word().eq_ignore_ascii_case(text)) {
            // Measured with 1.15.1: `strict` gives a cookie without the attribute and a line in the controller's log.
            Some(meant) => Err(InvalidSameSite::Case { given: text.to_owned(), meant: meant.word() }),
            None => Err(InvalidSameSite::Unknown(text.to_owned())),
        }
    }
}

impl<'de> Deserialize<'de> for SameSite {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}
