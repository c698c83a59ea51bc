//! How each fact is observed: by a client, from the name of the pod that answered.

mod cookie;
mod first;
mod limits;
pub mod moves;
mod pods;
mod refused;
mod shared;
mod told;
mod value;

use super::bench::Bench;
use super::facts::{Fact, Setting};
use super::route::Mode;
use super::tls;
use anyhow::{Context, Result, bail};

/// Observes a fact that needs only its own objects. [`moves`] observes its facts together.
pub async fn see(bench: &Bench<'_>, fact: &Fact) -> Result<String> {
    let seen = match (&fact.setting, fact.id.as_str()) {
        (Setting::Cookie(case), id) => cookie::see(bench, id, case).await,
        (_, "secure-by-itself") => tls::secure_by_itself(bench).await,
        (_, id @ "value-balanced") => first::values(bench, id, Mode::Balanced).await,
        (_, id @ "value-persistent") => first::values(bench, id, Mode::Persistent).await,
        (_, id @ "unknown-balanced") => first::unknown(bench, id, Mode::Balanced).await,
        (_, id @ "unknown-persistent") => first::unknown(bench, id, Mode::Persistent).await,
        (_, "percent-encoded") => first::percent_encoded(bench).await,
        (_, "other-answers") => first::other_answers(bench).await,
        (_, "websocket") => first::websocket(bench).await,
        (_, id @ "keep-alive") => first::keep_alive(bench, id, None).await,
        (_, id @ "keep-alive-balanced") => first::keep_alive(bench, id, Some(Mode::Balanced)).await,
        (_, "parallel-first") => first::parallel(bench).await,
        (_, "no-endpoint") => first::no_endpoint(bench).await,
        (_, "two-ingresses") => shared::two_ingresses(bench).await,
        (_, "plain-neighbour") => shared::plain_neighbour(bench).await,
        (_, "shared-name") => shared::shared_name(bench).await,
        (_, "two-paths") => shared::two_paths(bench).await,
        (_, "service-upstream") => shared::service_upstream(bench).await,
        (_, "canary") => shared::canary(bench).await,
        (_, "refused-first") => refused::first(bench).await,
        (_, id @ "refused-session") => refused::session(bench, id, false).await,
        (_, id @ "refused-change") => refused::session(bench, id, true).await,
        (_, "tells-address") => value::tells_address(bench).await,
        (_, "chosen-pod") => value::chosen(bench).await,
        (_, "foreign-address") => value::foreign(bench).await,
        (_, "first-answer") => value::first_answer(bench).await,
        (_, "app-sees") => value::app_sees(bench).await,
        (_, "query-string") => value::query(bench).await,
        (_, "socket-request-timeout") => limits::request(bench).await,
        (_, "socket-idle-timeout") => limits::idle(bench).await,
        (_, id) => bail!("no probe sees {id}"),
    };
    seen.with_context(|| format!("looking at {}", fact.id))
}
