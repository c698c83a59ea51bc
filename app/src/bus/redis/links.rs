//! The two connections of a worker: one to publish on, one that is subscribed.

use super::config::{RedisConfig, connecting, describe};
use ::redis::aio::{AsyncPushSender, MultiplexedConnection};
use ::redis::{ErrorKind, PushInfo, PushKind, RedisError, RedisResult, Value, from_redis_value};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// A publish that takes longer fails, and the client gets a 503.
const PUBLISH_PATIENCE: Duration = Duration::from_secs(1);

/// How the names of the two connections end.
const PUBLISHER: &str = "publisher";
const SUBSCRIBER: &str = "subscriber";

/// A connection as Redis knows it. The address is part of it because ids start again at 1 when Redis restarts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seat {
    id: String,
    address: String,
}

/// Both connections, fresh and named.
pub(super) struct Links {
    pub(super) publisher: MultiplexedConnection,
    pub(super) subscriber: MultiplexedConnection,
    /// Where Redis holds them; empty if it doesn't say so (`CLIENT INFO`, since Redis 6.2).
    pub(super) seats: Vec<Seat>,
}

impl Links {
    /// Opens both with the credentials of this moment, names them after `who`, and checks that Redis is a primary. `lost` is
    /// notified when either breaks; `listener` hears what arrives.
    pub(super) async fn open(config: &RedisConfig, who: &str, listener: impl AsyncPushSender, lost: Arc<Notify>) -> Result<Self, String> {
        let client = config.client().map_err(|error| error.to_string())?;
        let publishing = connecting().set_response_timeout(Some(PUBLISH_PATIENCE)).set_push_sender(move |push: PushInfo| {
            if push.kind == PushKind::Disconnection {
                lost.notify_one();
            }
            Ok::<_, std::convert::Infallible>(())
        });
        let subscribing = connecting().set_push_sender(listener);
        let both = tokio::try_join!(
            client.get_multiplexed_async_connection_with_config(&publishing),
            client.get_multiplexed_async_connection_with_config(&subscribing),
        );
        let (mut publisher, mut subscriber) = both.map_err(|error| describe(&error))?;
        let mut seats = Vec::new();
        for (connection, part) in [(&mut publisher, PUBLISHER), (&mut subscriber, SUBSCRIBER)] {
            seats.extend(introduce(connection, &format!("{who}:{part}")).await.map_err(|error| describe(&error))?);
        }
        Ok(Self { publisher, subscriber, seats })
    }

    /// Ends connections that nobody uses any more, if Redis still holds them: it would go on counting their subscriptions as
    /// receivers, and could go on reading what they sent. If its user may not do that, they end with their TCP connection.
    pub(super) async fn end(&mut self, seats: Vec<Seat>) -> RedisResult<()> {
        if seats.is_empty() {
            return Ok(());
        }
        let mut kill = ::redis::pipe();
        for Seat { id, address } in &seats {
            kill.cmd("CLIENT").arg(&["KILL", "ID", id, "ADDR", address]);
        }
        let killed: Vec<RedisResult<u64>> = kill.ignore_errors().query_async(&mut self.publisher).await?;
        let killed: u64 = killed.into_iter().flatten().sum();
        if killed > 0 {
            tracing::info!(killed, "ended abandoned connections to Redis");
        }
        Ok(())
    }

    /// Ends the subscription of another worker that fell silent without leaving, as a pod does whose node dies: Redis would count it
    /// as a receiver until its TCP connection times out, which takes about a quarter of an hour.
    pub(super) async fn bury(&mut self, boot: &str, beats: String) -> RedisResult<()> {
        if numsub(&mut self.publisher, &[beats]).await?.is_empty() {
            return Ok(());
        }
        let name = format!(":{boot}:{SUBSCRIBER} ");
        let clients: String = ::redis::cmd("CLIENT").arg(&["LIST", "TYPE", "PUBSUB"]).query_async(&mut self.publisher).await?;
        let seats = clients.lines().filter(|client| client.contains(&name)).filter_map(seat).collect();
        self.end(seats).await
    }
}

/// Those of the channels that have a subscriber.
pub(super) async fn numsub(connection: &mut MultiplexedConnection, channels: &[String]) -> RedisResult<Vec<String>> {
    let counts: Vec<(String, u64)> = ::redis::cmd("PUBSUB").arg("NUMSUB").arg(channels).query_async(connection).await?;
    Ok(counts.into_iter().filter(|(_, count)| *count > 0).map(|(channel, _)| channel).collect())
}

/// Gives a connection its name, for `CLIENT LIST`, and asks where it sits. Users who may not do that are served all the same.
async fn introduce(connection: &mut MultiplexedConnection, name: &str) -> RedisResult<Option<Seat>> {
    let mut pipe = ::redis::pipe();
    pipe.cmd("CLIENT").arg(&["SETNAME", name]).ignore().cmd("CLIENT").arg("INFO").ignore_errors();
    let answers: Vec<RedisResult<String>> = pipe.query_async(connection).await?;
    Ok(answers.into_iter().flatten().find_map(|info| seat(&info)))
}

fn seat(info: &str) -> Option<Seat> {
    let field = |name: &str| info.split_ascii_whitespace().find_map(|field| field.strip_prefix(name)).map(str::to_owned);
    Some(Seat { id: field("id=")?, address: field("addr=")? })
}

/// Publishes on the worker's own channel; resolves to the number of subscribers. Fails on a replica, which takes a publish and
/// passes it to its own subscribers only.
pub(super) async fn beat(mut publisher: MultiplexedConnection, channel: String, beat: u64) -> RedisResult<u64> {
    let mut pipe = ::redis::pipe();
    pipe.cmd("PUBLISH").arg(channel).arg(beat).cmd("HELLO").ignore_errors();
    let mut answers: Vec<RedisResult<Value>> = pipe.query_async(&mut publisher).await?;
    let (server, heard) = (answers.pop(), answers.pop());
    if let Some(Ok(server)) = server
        && let Ok(server) = from_redis_value::<HashMap<String, Value>>(server)
        && let Some(role) = server.get("role")
        && from_redis_value::<String>(role.clone()).is_ok_and(|role| role != "master")
    {
        return Err(RedisError::from((ErrorKind::Client, "Redis is not a primary", "a replica would not pass messages on".to_owned())));
    }
    Ok(from_redis_value(heard.unwrap_or(Ok(Value::Nil))?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_read_from_client_info() {
        let info = "id=7 addr=127.0.0.1:5 laddr=127.0.0.1:6379 fd=8 name=sticky:a:0:publisher age=0 user=default resp=3\n";
        assert_eq!(seat(info), Some(Seat { id: "7".into(), address: "127.0.0.1:5".into() }));
        assert_eq!(seat("OK"), None);
    }
}
