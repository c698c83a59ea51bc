//! Where Redis is, and how to log in.

use ::redis::io::tcp::TcpSettings;
use ::redis::{AsyncConnectionConfig, Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisError, TlsCertificates};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use sticky_core::choice::Fanout;
use sticky_core::ids::ClientId;

/// A connection attempt that takes longer than this failed: what was sent before Redis was reachable may never be answered.
const CONNECT_PATIENCE: Duration = Duration::from_millis(1_500);

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
    /// Without what the files hold.
    info: ConnectionInfo,
    password_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
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
    /// Checks the URL, the prefix and the files.
    ///
    /// # Errors
    /// [`BadRedis`] says which of them is wrong.
    pub fn read(&self) -> Result<RedisConfig, BadRedis> {
        let prefix = &self.prefix;
        let fits = (1..=64).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'));
        if !fits {
            return Err(BadRedis::Prefix);
        }
        let info = self.url.as_str().into_connection_info().map_err(|e| BadRedis::Settings(e.category().to_owned()))?;
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let keepalive = socket2::TcpKeepalive::new().with_time(Duration::from_secs(10)).with_interval(Duration::from_secs(3));
        let tcp = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
        // Without it a link whose packets vanish stays open for about a quarter of an hour (tcp_retries2).
        #[cfg(target_os = "linux")]
        let tcp = tcp.set_user_timeout(Duration::from_secs(5));
        let config = RedisConfig {
            info: info.set_redis_settings(settings).set_tcp_settings(tcp),
            password_file: self.password_file.clone(),
            ca_file: self.ca_file.clone(),
            prefix: prefix.clone(),
            fanout: self.fanout,
        };
        config.client().map(|_| config)
    }
}

fn contents(path: Option<&PathBuf>, flag: &'static str) -> Result<Option<String>, BadRedis> {
    path.map(|path| regular(path).map_err(|error| BadRedis::Unreadable { path: path.clone(), flag, error })).transpose()
}

/// The text of a regular file. It is read again for each connection, and opening a pipe would wait for a writer.
fn regular(path: &Path) -> io::Result<String> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    std::fs::read_to_string(path)
}

impl RedisConfig {
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
        let client = self.client().map_err(|error| Unreachable(error.to_string()))?;
        client.get_multiplexed_async_connection_with_config(&connecting()).await.map(drop).map_err(|error| Unreachable(describe(&error)))
    }

    /// A client with what the files hold now. Every attempt to connect makes a new one, so that a password or an authority that
    /// was replaced needs no restart.
    pub(super) fn client(&self) -> Result<Client, BadRedis> {
        // The provider can be set only once; setting the same one again changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut info = self.info.clone();
        if let Some(password) = contents(self.password_file.as_ref(), "--redis-password-file")? {
            let settings = info.redis_settings().clone().set_password(password.trim_end_matches(['\r', '\n']));
            info = info.set_redis_settings(settings);
        }
        let client = match contents(self.ca_file.as_ref(), "--redis-ca-file")? {
            None => Client::open(info),
            Some(pem) => Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert: Some(pem.into_bytes()) }),
        };
        client.map_err(|error| BadRedis::Settings(describe(&error)))
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
    /// The channel on which a worker hears only itself.
    pub(super) fn beat_channel(&self, boot: &str) -> String {
        format!("{}:beat:{boot}", self.prefix)
    }
}

/// How to connect, with a deadline for the connection and its handshake.
pub(super) fn connecting() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT_PATIENCE)).set_response_timeout(Some(CONNECT_PATIENCE))
}

/// An error of the redis crate for a log or `/readyz`: what Redis answered, or kind and detail; never a password.
pub(super) fn describe(error: &RedisError) -> String {
    if error.is_timeout() {
        return "Redis did not answer in time".to_owned();
    }
    match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => answered(code, detail),
        (None, Some(detail)) => format!("{}: {detail}", error.category()),
        (_, None) => error.to_string(),
    }
}

/// An error that Redis answered. It repeats the arguments of a command that it does not know, and those of HELLO hold the password.
fn answered(code: &str, detail: &str) -> String {
    let detail = detail.split(", with args").next().unwrap_or_default();
    let shown: String = detail.chars().filter(|c| !c.is_control()).take(200).collect();
    let hint = if shown.contains("unknown command") { "; sticky-app needs Redis 6 or later" } else { "" };
    format!("Redis answered {code} {shown}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn request(url: &str, password_file: Option<PathBuf>) -> RedisRequest {
        RedisRequest { url: url.to_owned(), password_file, ca_file: None, prefix: "sticky".to_owned(), fanout: Fanout::Directed }
    }

    #[test]
    fn a_bad_url_is_refused_without_repeating_it() {
        let error = request("http://user:hunter2@host", None).read().unwrap_err().to_string();
        assert!(error.contains("rediss://") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn what_redis_answers_is_shown_without_arguments() {
        let text = answered("ERR", "unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'default' 'hunter2' ");
        assert_eq!(text, "Redis answered ERR unknown command 'HELLO'; sticky-app needs Redis 6 or later");
        assert_eq!(answered("NOAUTH", "Authentication\u{1b}[1m required."), "Redis answered NOAUTH Authentication[1m required.");
    }

    #[test]
    fn every_client_has_the_password_of_its_moment() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "first").unwrap();
        let config = request("redis://user:hunter2@db.example:7000/3", Some(file.path().to_owned())).read().unwrap();
        assert_eq!(config.address(), "db.example:7000", "fit for a log");
        let password = || config.client().unwrap().get_connection_info().redis_settings().password().map(str::to_owned);
        assert_eq!(password().as_deref(), Some("first"));
        std::fs::write(file.path(), "second\r\n").unwrap();
        assert_eq!(password().as_deref(), Some("second"));
        // Each attempt to connect would wait for somebody who writes to it.
        std::fs::remove_file(file.path()).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(file.path()).status().unwrap().success());
        assert!(request("redis://r", Some(file.path().to_owned())).read().unwrap_err().to_string().ends_with("it is not a regular file"));
        std::fs::remove_file(file.path()).unwrap();
        assert!(config.client().unwrap_err().to_string().contains("--redis-password-file"));
    }
}
