//! Redis, the bus between workers.

use super::pods::Resources;
use super::quantity::Quantity;
use super::schema::{ImageName, RedisUrl, SecretEntry, Subdomain};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Redis, deployed beside the app, or running elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Redis {
    /// Where one runs already; then none is deployed. Never with a password in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<RedisUrl>")]
    pub url: Option<String>,
    /// Where its password is. Left out: the Secret `NAME-redis` if there is one, none for a Redis elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretKey>,
    /// The image to deploy.
    #[schemars(with = "ImageName")]
    pub image: String,
    /// Size of the claim.
    pub storage: Quantity,
    /// Class of the claim; left out: the cluster's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Subdomain>")]
    pub storage_class: Option<String>,
    /// The most that data takes; beyond it Redis refuses writes and drops nothing.
    pub maxmemory: Quantity,
    /// What its pod asks for, and the most it gets.
    pub resources: Resources,
}

impl Default for Redis {
    fn default() -> Self {
        Self {
            url: None,
            password: None,
            image: "docker.io/library/redis:7.2-bookworm".to_owned(),
            storage: Quantity::mebi(1_024),
            storage_class: None,
            maxmemory: Quantity::mebi(96),
            resources: Resources::redis(),
        }
    }
}

/// One value in a Secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretKey {
    /// The Secret's name.
    #[schemars(with = "Subdomain")]
    pub secret: String,
    /// The key in it.
    #[serde(default = "password")]
    #[schemars(with = "SecretEntry")]
    pub key: String,
}

/// The key of a password where none is named.
pub const PASSWORD: &str = "password";

fn password() -> String {
    PASSWORD.to_owned()
}
