//! Redis: its URL, its password, its sizes.

use super::{names, pods};
use crate::spec::redis::Redis;
use crate::spec::{Findings, StickyApp};

pub(super) fn check(spec: &StickyApp, findings: &mut Findings) {
    let redis = &spec.redis;
    if let Some(password) = &redis.password {
        names::object("redis.password.secret", &password.secret, findings);
        let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
        if password.key.is_empty() || password.key.len() > 253 || !password.key.bytes().all(plain) || password.key.starts_with("..") {
            findings.refuse(
                "redis.password.key",
                format!("invalid key `{}`: a key in a Secret has letters, digits, hyphens, underscores and dots", password.key),
            );
        }
    }
    match &redis.url {
        Some(url) => elsewhere(url, redis, findings),
        None => deployed(redis, findings),
    }
}

fn elsewhere(url: &str, redis: &Redis, findings: &mut Findings) {
    let Some((_, rest)) = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "redis" | "rediss")) else {
        // The URL is not repeated: it may hold a password.
        findings.refuse("redis.url", "invalid Redis URL: write redis://[user@]host[:port][/db], or rediss:// for TLS");
        return;
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    if user.is_some_and(|user| user.contains(':')) || url.contains("password=") {
        findings.refuse(
            "redis.url",
            "the URL holds a password, which would show in manifests and annotations; put it in a Secret and name the Secret in redis.password",
        );
    }
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.' | b'_' | b'[' | b']' | b':');
    if name.is_empty() || !name.bytes().all(plain) || port.is_some_and(|port| port.parse::<u16>().is_err()) {
        findings.refuse("redis.url", "invalid Redis URL: it has no valid host and port; write redis://[user@]host[:port][/db]");
    }
    // Kubernetes expands `$(…)` in an environment variable.
    if url.contains("$(") || url.bytes().any(|c| c.is_ascii_control() || c == b' ') {
        findings.refuse("redis.url", "invalid Redis URL: it has characters that a URL can't have");
    }
    let fresh = Redis { url: redis.url.clone(), password: redis.password.clone(), ..Redis::default() };
    if *redis != fresh {
        findings.warn("redis", "image, storage, maxmemory and resources have no effect, because no Redis is deployed if redis.url is set");
    }
}

fn deployed(redis: &Redis, findings: &mut Findings) {
    names::image("redis.image", &redis.image, findings);
    if let Some(class) = &redis.storage_class {
        names::object("redis.storageClass", class, findings);
    }
    pods::resources("redis.resources", &redis.resources, findings);
    // Redis forks to rewrite its append-only file, and pages that change meanwhile are in memory twice.
    if let Some(most) = &redis.resources.limits.memory
        && redis.maxmemory.nano() * 2 > most.nano()
    {
        findings.refuse(
            "redis.maxmemory",
            format!("{} is more than half of redis.resources.limits.memory, {most}: Redis may need twice as much while it rewrites its file, and would be killed", redis.maxmemory),
        );
    }
    if redis.maxmemory.whole() < 1 << 20 {
        findings.refuse("redis.maxmemory", format!("{} is less than Redis itself needs; is the unit missing?", redis.maxmemory));
    }
    if redis.storage.nano() < redis.maxmemory.nano() * 2 {
        findings.refuse(
            "redis.storage",
            format!(
                "{} is less than twice redis.maxmemory, {}: while Redis rewrites its append-only file, there are two of it",
                redis.storage, redis.maxmemory
            ),
        );
    }
}
