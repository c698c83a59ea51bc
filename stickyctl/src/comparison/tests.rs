//! Tests of the comparison as a whole.

use super::cell::Source;
use super::keys::{self, Reading};
use super::*;
use std::collections::BTreeSet;

#[test]
fn every_statement_has_its_source() {
    for row in rows::all() {
        for controller in Controller::ALL {
            let cells = row.cells(controller);
            let at = format!("{:?} of {}", row.topic, controller.name());
            assert!(!cells.is_empty(), "{at}");
            assert!(cells[0].since.is_none(), "{at}: nothing is known of the earliest versions");
            assert!(cells.windows(2).all(|two| two[0].since < two[1].since), "{at}: versions out of order");
            for cell in cells {
                assert!(!cell.text.is_empty() && !cell.text.ends_with('.') && !cell.text.contains('|'), "{at}: {cell:?}");
                assert!(!cell.text.starts_with(char::is_uppercase) || cell.text.starts_with("Max-Age"), "{at}: {cell:?}");
                assert_eq!(cell.text == "unknown", cell.support == Support::Unknown, "{at}: {cell:?}");
                match cell.source {
                    Source::Tested(fact) | Source::Measured(fact) => {
                        assert!(fact.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b.is_ascii_digit()), "{at}: {cell:?}");
                        let run = [Controller::IngressNginx, Controller::TraefikNginx, Controller::Gateway];
                        assert!(run.contains(&controller), "{at}: nobody runs it");
                    }
                    Source::Issue(issue) => {
                        assert!(
                            issue.split_once('#').is_some_and(|(repo, number)| repo.contains('/') && number.parse::<u32>().is_ok()),
                            "{at}: {issue}"
                        );
                    }
                    Source::Code(place) | Source::Page(place) => assert!(place.contains('/'), "{at}: {place}"),
                }
            }
        }
    }
}

#[test]
fn ingress_nginx_is_what_the_others_are_compared_with() {
    for row in rows::all() {
        assert!(row.cells(Controller::IngressNginx).iter().all(|cell| cell.support == Support::Same), "{:?}", row.topic);
    }
}

#[test]
fn each_topic_has_one_row_and_each_annotation_too() {
    let topics: Vec<Topic> = rows::all().map(|row| row.topic).collect();
    assert_eq!(topics.iter().collect::<BTreeSet<_>>().len(), topics.len());
    assert!(topics.iter().all(|topic| rows::row(*topic).topic == *topic));
    let annotations: Vec<&str> = rows::all().flat_map(|row| row.keys.iter().copied()).collect();
    assert_eq!(annotations.iter().collect::<BTreeSet<_>>().len(), annotations.len());
    let (dialect, _) = keys::of("nginx.ingress.kubernetes.io/affinity").unwrap();
    for name in dialect.names().filter(|name| dialect.is_affinity(name)) {
        assert!(annotations.contains(&name), "no row says what becomes of {name}");
    }
    assert!(annotations.iter().all(|name| dialect.reads(name, keys::On::Ingress) == Reading::Read), "{annotations:?}");
}

#[test]
fn a_version_decides() {
    let expires = |version| rows::row(Topic::Expires).cell(Controller::TraefikNginx, version).support;
    assert_eq!(expires(Version(3, 6, 12)), Support::Unsupported);
    assert_eq!(expires(Version(3, 7, 12)), Support::Unsupported);
    assert_eq!(expires(Version(3, 7, 13)), Support::Same);
    assert_eq!(expires(Version(4, 0, 0)), Support::Same);
    let switch = rows::row(Topic::Switch).cell(Controller::F5Nginx, Version(5, 3, 4));
    assert!(switch.text.contains("NGINX Plus"), "{switch:?}");
    for row in rows::all() {
        for controller in Controller::ALL {
            assert!(row.cells(controller).contains(row.cell(controller, controller.version())));
        }
    }
}
