//! What a new controller makes of what an Ingress asks for, topic by topic.
//!
//! [`today`] lists the topics. The comparison's cell is the answer, unless the Ingress's own values decide: then the file of the
//! controller says so, and writes the settings.

mod f5;
mod gateway;
mod haproxy_ingress;
mod haproxytech;
mod judged;
mod today;
mod traefik;

use super::asked::{Asked, PREFIX};
use super::change::{Becomes, Change};
use super::target::Target;
use crate::comparison::{Source, Topic, rows};
use crate::doctor::finding::Severity;
use judged::Judged;
use today::Today;

pub(super) use judged::Move;

/// Everything that the move changes for an Ingress, and what stays.
pub(super) fn all(one: &Move<'_>) -> Vec<Change> {
    today::all(one).into_iter().map(|today| change(one, today)).collect()
}

fn change(one: &Move<'_>, today: Today) -> Change {
    let row = rows::row(today.topic);
    let cell = row.cell(one.target.controller(), one.version);
    let plain = Judged::of(cell);
    let Judged { becomes, then, settings } = match one.target {
        Target::Traefik => traefik::judge(one, today.topic, plain),
        Target::Gateway => gateway::judge(one, today.topic, plain),
        Target::HaproxyIngress => haproxy_ingress::judge(one, today.topic, plain),
        Target::Haproxytech => haproxytech::judge(one, today.topic, plain),
        Target::F5Nginx => f5::judge(one, today.topic, plain),
    };
    Change {
        about: one.asked.about.clone(),
        what: today.key.unwrap_or(row.what).to_owned(),
        field: today
            .key
            .filter(|key| one.asked.written(key).is_some())
            .map_or_else(String::new, |key| format!("metadata.annotations[{}{key}]", PREFIX)),
        severity: severity(one.asked, today.topic, becomes),
        today: today.value,
        becomes,
        then,
        settings,
        source: source(cell.source),
    }
}

/// How bad it is for sessions.
fn severity(asked: &Asked<'_>, topic: Topic, becomes: Becomes) -> Severity {
    match (topic, becomes) {
        (_, Becomes::Same) => Severity::Note,
        // Two Services that were kept apart take each other's sessions.
        (Topic::SharedName, _) => Severity::Error,
        (_, Becomes::Different) => Severity::Note,
        // Sessions stick without them.
        (Topic::HttpOnly | Topic::Secure, Becomes::NeedsSetting | Becomes::Unsupported) => Severity::Note,
        (_, Becomes::NeedsSetting) => Severity::Warning,
        (Topic::Switch | Topic::Canary | Topic::Path | Topic::Domain, Becomes::Unsupported) => Severity::Error,
        // A page that is embedded in another site's gets no cookie back.
        (Topic::SameSite, Becomes::Unsupported) if asked.same_site() == Some("None") => Severity::Error,
        (Topic::OldBrowsers, Becomes::Unsupported) => Severity::Note,
        // Max-Age does the same for every browser in use.
        (Topic::Expires, Becomes::Unsupported) if asked.seconds("session-cookie-max-age").is_some() => Severity::Note,
        (_, Becomes::Unsupported) => Severity::Warning,
    }
}

fn source(source: Source) -> String {
    match source {
        Source::Tested(fact) => format!("tested: {fact} in e2e/front-doors.yaml"),
        Source::Measured(fact) => format!("measured: {fact} in e2e/front-doors.yaml"),
        Source::Code(place) | Source::Page(place) | Source::Issue(place) => place.to_owned(),
    }
}
