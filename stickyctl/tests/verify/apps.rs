//! A site with the routes of sticky-app: messages that reach their session's socket, or do not.

use crate::case::{Case, all_at_once, sticky, verify};
use crate::site::{App, Site};

fn app(app: App) -> Site {
    Site { app, ..Site::default() }
}

const ITS_OWN: &[&str] = &["app"];

pub(crate) const CASES: &[Case] = &[
    sticky("as it is", || app(App::Whole)).with(ITS_OWN).beside(&["delivery-missed", "relay-missed"]),
    sticky("posts have a rule without affinity", || app(App::PostsElsewhere)).with(ITS_OWN).tells(&["delivery-missed"]).beside(&["relay-missed"]),
    sticky("nobody listens to the bus", || app(App::NoBus)).with(ITS_OWN).tells(&["relay-missed"]).beside(&["delivery-missed"]),
    sticky("the bus loses messages", || app(App::LossyBus)).with(ITS_OWN).tells(&["relay-missed"]).beside(&["delivery-missed"]),
];

#[tokio::test]
async fn messages() {
    all_at_once(CASES).await;
}

#[tokio::test]
async fn each_message_is_counted() {
    let done = verify(&app(App::Whole).serve().await, ITS_OWN).await;
    assert_eq!(done.scenario("local-delivery"), ("pass".to_owned(), "15 of 15 messages reached their session's socket".to_owned()));
    assert_eq!(done.scenario("relay"), ("pass".to_owned(), "15 of 15 messages arrived".to_owned()));
}
