//! Where Redis is, and how to log in.

use ::redis::io::tcp::TcpSettings;
use ::redis::{AsyncConnectionConfig, Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisError, TlsCertificates};
use std::path::PathBuf;
use std::time::Duration;
use sticky_core::choice::Fanout;
use sticky_core::ids::ClientId;

/// A connection attempt or an answer that takes longer than this failed.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// Where Redis is, from the relay flags.
#[derive(Clone)]
pub struct RedisRequest {
    /// `redis://` or `rediss://`; may hold a user and a password.
    pub url: String,
    /// A file with the password, so that no argument list shows it. It overrides a password in the URL.
    pub password_file: Option<PathBuf>,
    /// A file with the certificates (PEM) that TLS trusts instead of the public authorities.
    pub ca_file: Option<PathBuf>,
    /// What every channel's name begins with.
    pub prefix: String,
    /// Which workers receive a message.
    pub fanout: Fanout,
}

/// Checked settings for connecting to Redis.
#[derive(Debug, Clone)]
pub struct RedisConfig {
    info: ConnectionInfo,
    authorities: Option<Vec<u8>>,
    fanout: Fanout,
    prefix: String,
}

/// Invalid settings for Redis. No text repeats the URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum BadRedis {
    /// The URL is malformed, or the redis crate rejects it.
    #[error("--redis-url is not a Redis URL ({0}); write redis://[user[:password]@]host[:port][/db], or rediss:// for TLS")]
    Settings(String),
    /// The prefix is not usable in channel names.
    #[error("invalid --redis-prefix: use 1 to 64 letters, digits, `-`, `_`, `.` and `:`")]
    Prefix,
    /// A file that a flag names can't be read.
    #[error("reading {} ({flag}): {error}", path.display())]
    Unreadable {
        /// As the flag gives it.
        path: PathBuf,
        /// The flag that names it.
        flag: &'static str,
        /// From reading the file.
        error: std::io::Error,
    },
}

/// Redis does not answer; the text holds no secret.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unreachable(String);

impl RedisRequest {
    /// Reads the files and checks the URL and the prefix.
    ///
    /// # Errors
    /// [`BadRedis`] says which of them is wrong.
    pub fn read(&self) -> Result<RedisConfig, BadRedis> {
        let prefix = &self.prefix;
        let fits = (1..=64).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'));
        if !fits {
            return Err(BadRedis::Prefix);
        }
        let read = |path: &Option<PathBuf>, flag| {
            let read =
                path.as_ref().map(|path| std::fs::read_to_string(path).map_err(|error| BadRedis::Unreadable { path: path.clone(), flag, error }));
            read.transpose()
        };
        let password = read(&self.password_file, "--redis-password-file")?;
        let password = password.as_deref().map(|text| text.trim_end_matches(['\r', '\n']));
        let authorities = read(&self.ca_file, "--redis-ca-file")?;
        RedisConfig::new(&self.url, password, authorities, prefix, self.fanout)
    }
}

impl RedisConfig {
    fn new(url: &str, password: Option<&str>, authorities: Option<String>, prefix: &str, fanout: Fanout) -> Result<Self, BadRedis> {
        let info = url.into_connection_info().map_err(|e| BadRedis::Settings(e.category().to_owned()))?;
        let mut settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        if let Some(password) = password {
            settings = settings.set_password(password);
        }
        let keepalive = socket2::TcpKeepalive::new().with_time(Duration::from_secs(10)).with_interval(Duration::from_secs(3));
        let tcp = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
        // Without it a link whose packets vanish stays open for about a quarter of an hour (tcp_retries2).
        #[cfg(target_os = "linux")]
        let tcp = tcp.set_user_timeout(Duration::from_secs(5));
        Ok(Self {
            info: info.set_redis_settings(settings).set_tcp_settings(tcp),
            authorities: authorities.map(String::into_bytes),
            prefix: prefix.to_owned(),
            fanout,
        })
    }

    /// Which workers receive a message.
    #[must_use]
    pub const fn fanout(&self) -> Fanout {
        self.fanout
    }

    /// Host and port, without user and password: fit for a log.
    #[must_use]
    pub fn address(&self) -> String {
        self.info.addr().to_string()
    }

    /// Connects once, so that a command can fail at once if this Redis can't be reached.
    ///
    /// # Errors
    /// [`Unreachable`] with the connection's error, without secrets.
    pub async fn check(&self) -> Result<(), Unreachable> {
        let config = AsyncConnectionConfig::new().set_connection_timeout(Some(PATIENCE)).set_response_timeout(Some(PATIENCE));
        let unreachable = |e: RedisError| Unreachable(describe(&e));
        let client = self.client().map_err(unreachable)?;
        client.get_multiplexed_async_connection_with_config(&config).await.map(drop).map_err(unreachable)
    }

    pub(super) fn client(&self) -> Result<Client, RedisError> {
        // The provider can be set only once; setting the same one again changes nothing.
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

/// An error of the redis crate for a log or an answer: kind and detail, never the connection's settings.
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
        let error = RedisConfig::new("http://user:hunter2@host", None, None, "sticky", Fanout::Directed).unwrap_err().to_string();
        assert!(error.contains("rediss://") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn an_address_holds_no_secret() {
        let url = "redis://user:hunter2@db.example:7000/3";
        let config = RedisConfig::new(url, Some("other"), None, "sticky", Fanout::Directed).unwrap();
        assert_eq!(config.address(), "db.example:7000");
        assert_eq!(config.info.redis_settings().password(), Some("other"));
    }
}
