//! Redis, the bus between workers.

use super::pods::Resources;
use super::quantity::Quantity;
use super::words::{ImageName, RedisUrl, SecretEntry, Subdomain};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Redis, deployed with the app or running elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Redis {
    /// The URL of an existing Redis, without a password; if set, no Redis is deployed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<RedisUrl>")]
    pub url: Option<String>,
    /// The Secret that holds the password, which must exist. If left out, the Secret `NAME-redis`, which `up` creates, and no password for a
    /// Redis elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretKey>,
    /// The Redis image to deploy.
    #[schemars(with = "ImageName")]
    pub image: String,
    /// The size of the PersistentVolumeClaim, at least twice `maxmemory`: Redis rewrites its append-only file into a second file beside it.
    pub storage: Quantity,
    /// The storage class of the PersistentVolumeClaim; if left out, the cluster's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Subdomain>")]
    pub storage_class: Option<String>,
    /// The most memory that data may take, at most half of `redis.resources.limits.memory`. Above it Redis refuses writes and evicts nothing.
    pub maxmemory: Quantity,
    /// What the Redis pod requests, and its limits.
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
    /// The name of the Secret.
    #[schemars(with = "Subdomain")]
    pub secret: String,
    /// The key in the Secret.
    #[serde(default = "password")]
    #[schemars(with = "SecretEntry")]
    pub key: String,
}

/// The key of a password where none is named.
pub const PASSWORD: &str = "password";

fn password() -> String {
    PASSWORD.to_owned()
}
