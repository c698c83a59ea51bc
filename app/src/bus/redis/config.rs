//! Where Redis is and how to enter.

use ::redis::io::tcp::TcpSettings;
use ::redis::{AsyncConnectionConfig, Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisError, TlsCertificates};
use std::time::Duration;
use sticky_core::choice::Fanout;
use sticky_core::ids::ClientId;

/// A connection attempt or an answer that takes longer than this failed.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// What comes from files, so that it stands in no argument list.
#[derive(Clone, Default)]
pub struct Access {
    /// The password.
    pub password: Option<String>,
    /// Certificates that TLS trusts instead of the public authorities, as PEM.
    pub authorities: Option<String>,
}

/// Where Redis is and how to enter.
#[derive(Debug, Clone)]
pub struct RedisConfig {
    info: ConnectionInfo,
    authorities: Option<Vec<u8>>,
    pub(super) fanout: Fanout,
    prefix: String,
}

/// The URL is not one of Redis.
#[derive(Debug, thiserror::Error)]
#[error("--redis-url is not a Redis URL ({why}); write redis://[user[:password]@]host[:port][/db], or rediss:// for TLS")]
pub struct BadRedisUrl {
    pub(super) why: String,
}

impl RedisConfig {
    /// Reads a URL; a password in `access` goes before one in the URL.
    ///
    /// # Errors
    /// [`BadRedisUrl`], which does not repeat the URL: it may hold a password.
    pub fn new(url: &str, access: Access, prefix: &str, fanout: Fanout) -> Result<Self, BadRedisUrl> {
        let info = url.into_connection_info().map_err(|e| BadRedisUrl { why: e.category().to_owned() })?;
        let mut settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        if let Some(password) = access.password {
            settings = settings.set_password(password);
        }
        let keepalive = socket2::TcpKeepalive::new().with_time(Duration::from_secs(10)).with_interval(Duration::from_secs(3));
        let tcp = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
        // Without it a link whose packets vanish stays open for about a quarter of an hour (tcp_retries2).
        #[cfg(target_os = "linux")]
        let tcp = tcp.set_user_timeout(Duration::from_secs(5));
        Ok(Self {
            info: info.set_redis_settings(settings).set_tcp_settings(tcp),
            authorities: access.authorities.map(String::into_bytes),
            prefix: prefix.to_owned(),
            fanout,
        })
    }

    /// Host and port, without user and password: fit for a log.
    #[must_use]
    pub fn address(&self) -> String {
        self.info.addr().to_string()
    }

    /// Connects once, to tell a person at once whether this Redis can be reached.
    ///
    /// # Errors
    /// What the connection said, without secrets.
    pub async fn check(&self) -> Result<(), String> {
        let config = AsyncConnectionConfig::new().set_connection_timeout(Some(PATIENCE)).set_response_timeout(Some(PATIENCE));
        let client = self.client().map_err(|e| describe(&e))?;
        client.get_multiplexed_async_connection_with_config(&config).await.map(|_| ()).map_err(|e| describe(&e))
    }

    pub(super) fn client(&self) -> Result<Client, RedisError> {
        // A process may choose once; a second choice of the same changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        match &self.authorities {
            None => Client::open(self.info.clone()),
            Some(pem) => Client::build_with_tls(self.info.clone(), TlsCertificates { client_tls: None, root_cert: Some(pem.clone()) }),
        }
    }

    pub(super) fn session_channel(&self, id: &ClientId) -> String {
        self.channel_of(id.as_str())
    }
    pub(super) fn channel_of(&self, id: &str) -> String {
        format!("{}{id}", self.session_prefix())
    }
    pub(super) fn session_prefix(&self) -> String {
        format!("{}:session:", self.prefix)
    }
    pub(super) fn all_channel(&self) -> String {
        format!("{}:all", self.prefix)
    }
    pub(super) fn presence_channel(&self) -> String {
        format!("{}:presence", self.prefix)
    }
}

/// An error of the crate in words fit for a log and an answer: kind and detail, never the connection's settings.
pub(super) fn describe(error: &RedisError) -> String {
    if error.is_timeout() {
        return "Redis did not answer in time".to_owned();
    }
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.category()),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_url_is_refused_without_repeating_it() {
        let error = RedisConfig::new("http://user:hunter2@host", Access::default(), "sticky", Fanout::Directed).unwrap_err().to_string();
        assert!(error.contains("rediss://") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn an_address_holds_no_secret() {
        let access = Access { password: Some("other".into()), authorities: None };
        let config = RedisConfig::new("redis://user:hunter2@db.example:7000/3", access, "sticky", Fanout::Directed).unwrap();
        assert_eq!(config.address(), "db.example:7000");
        assert_eq!(config.info.redis_settings().password(), Some("other"));
    }
}
