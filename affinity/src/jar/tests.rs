//! What the jar keeps and sends.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
use super::*;
use std::time::Duration;

const NOW: SystemTime = SystemTime::UNIX_EPOCH;

fn at(path: &str) -> Place<'_> {
    Place { host: "shop.example.com", path, tls: false }
}

fn take(jar: &mut Jar, line: &str, path: &str) -> Fate {
    let now = NOW + Duration::from_secs(1);
    jar.take(Offer::read(line, now).unwrap(), &at(path), now)
}

fn text(header: Option<Vec<u8>>) -> String {
    String::from_utf8(header.unwrap_or_default()).unwrap()
}

fn sent(jar: &Jar, path: &str) -> String {
    text(jar.header(&at(path), NOW + Duration::from_secs(2)))
}

#[test]
fn a_path_is_no_prefix_of_letters() {
    let mut jar = Jar::default();
    assert_eq!(take(&mut jar, "a=1; Path=/app", "/app/page"), Fate::Kept);
    assert_eq!(
        (sent(&jar, "/app"), sent(&jar, "/app/x"), sent(&jar, "/apple"), sent(&jar, "/")),
        ("a=1".into(), "a=1".into(), String::new(), String::new())
    );
    assert_eq!(take(&mut jar, "b=2; Path=/other", "/app"), Fate::OtherPath);
    assert_eq!(take(&mut jar, "c=3; Path=/(.*)", "/app"), Fate::OtherPath, "a rule's regular expression, copied");
}

#[test]
fn why_a_cookie_stays_behind() {
    let mut jar = Jar::default();
    for line in ["page=1; Path=/app", "all=1; Path=/", "old=1; Path=/app; Max-Age=1", "wide=1; Path=/; Domain=example.com"] {
        take(&mut jar, line, "/app/x");
    }
    let (now, tls) = (NOW + Duration::from_secs(9), Place { tls: true, ..at("/app/x") });
    jar.take(Offer::read("tls=1; Path=/; Secure", now).unwrap(), &tls, now);
    let why = |place: Place<'_>| jar.withheld(&place, now).map(|(name, why)| (name.into_owned(), why)).collect::<Vec<_>>();
    let (path, insecure) = (("page".to_owned(), Withheld::Path("/app".to_owned())), ("tls".to_owned(), Withheld::Insecure));
    assert_eq!(why(at("/ws")), [path, insecure.clone()]);
    assert_eq!(why(at("/app/ws")), [insecure]);
    let other = Place { host: "ws.example.com", path: "/app/ws", tls: true };
    assert_eq!(why(other), ["page", "all", "tls"].map(|name| (name.to_owned(), Withheld::Host)));
}

#[test]
fn without_a_path_it_is_the_folder() {
    let mut jar = Jar::default();
    take(&mut jar, "a=1", "/app/page");
    assert_eq!((sent(&jar, "/app/ws"), sent(&jar, "/ws")), ("a=1".into(), String::new()));
    take(&mut jar, "b=1", "/page");
    assert_eq!(sent(&jar, "/ws"), "b=1");
}

#[test]
fn duplicates_go_longest_path_first_and_older_first() {
    let mut jar = Jar::default();
    for line in ["s=root; Path=/", "s=app; Path=/app", "t=1; Path=/"] {
        take(&mut jar, line, "/app/x");
    }
    assert_eq!(sent(&jar, "/app/x"), "s=app; s=root; t=1");
    take(&mut jar, "s=again; Path=/", "/app/x");
    assert_eq!(sent(&jar, "/app/x"), "s=app; t=1; s=again", "a new value is a new cookie");
    take(&mut jar, "t=1; Path=/; HttpOnly", "/app/x");
    assert_eq!(sent(&jar, "/app/x"), "s=app; t=1; s=again", "the same value keeps its place");
}

#[test]
fn secure_has_no_exception() {
    let mut jar = Jar::default();
    let local = Place { host: "localhost", path: "/", tls: false };
    assert_eq!(jar.take(Offer::read("a=1; Secure", NOW).unwrap(), &local, NOW), Fate::SecureOverHttp);
    assert_eq!(jar.header(&local, NOW), None);
    let tls = Place { tls: true, ..local };
    assert_eq!(jar.header(&tls, NOW), None, "browsers do not even store it");
    assert_eq!(jar.take(Offer::read("a=1; Secure; Path=/app", NOW).unwrap(), &tls, NOW), Fate::OtherPath);
    for (line, fate) in [("a=2; Path=/app/x", Fate::Refused), ("a=2; Path=/", Fate::Kept), ("b=2; Path=/app/x", Fate::OtherPath)] {
        assert_eq!(jar.take(Offer::read(line, NOW).unwrap(), &local, NOW), fate, "{line}");
    }
    assert_eq!(text(jar.header(&Place { path: "/app", ..tls }, NOW)), "a=1; a=2");
}

/// What is for one host, for its subdomains too, or partitioned, are cookies of their own.
#[test]
fn cookies_of_one_name_that_are_several() {
    let (mut jar, place) = (Jar::default(), Place { tls: true, ..at("/") });
    for line in ["a=1; Secure", "a=2; Secure; Domain=shop.example.com", "a=3; Secure; Partitioned", "a=4; Secure; Partitioned", "a=; Max-Age=0"] {
        jar.take(Offer::read(line, NOW).unwrap(), &place, NOW);
    }
    assert_eq!(text(jar.header(&place, NOW)), "a=2; a=4");
}

#[test]
fn bytes_and_cookies_without_a_name() {
    let mut jar = Jar::default();
    for line in [&b"a=\xe4\xff"[..], "\u{e4}=\u{20ac}".as_bytes(), b"=x", b"y"] {
        assert_eq!(jar.take(Offer::read(line, NOW).unwrap(), &at("/"), NOW), Fate::Kept);
    }
    assert_eq!(jar.header(&at("/"), NOW).unwrap(), [&b"a=\xe4\xff; "[..], "\u{e4}=\u{20ac}".as_bytes(), b"; y"].concat());
    assert_eq!(jar.names(&at("/"), NOW), ["a", "\u{e4}", "(no name)"]);
}

#[test]
fn domains() {
    let mut jar = Jar::default();
    assert_eq!(take(&mut jar, "a=1; Domain=example.com", "/"), Fate::Kept);
    assert_eq!(take(&mut jar, "b=1; Domain=other.com", "/"), Fate::ForeignDomain);
    assert_eq!(take(&mut jar, "b=1; Domain=hop.example.com", "/"), Fate::ForeignDomain);
    assert_eq!(take(&mut jar, "b=1; Domain=com", "/"), Fate::ForeignDomain, "it would go to every site there is");
    take(&mut jar, "c=1", "/");
    let elsewhere = Place { host: "www.example.com", path: "/", tls: false };
    assert_eq!(text(jar.header(&elsewhere, NOW + Duration::from_secs(2))), "a=1");
    let (mut own, local) = (Jar::default(), Place { host: "localhost", path: "/", tls: false });
    assert_eq!(own.take(Offer::read("a=1; Domain=localhost", NOW).unwrap(), &local, NOW), Fate::Kept);
    assert_eq!(text(own.header(&local, NOW)), "a=1");
    assert_eq!(own.header(&Place { host: "shop.localhost", ..local }, NOW), None, "it is that host's alone");
    assert!(!domain_matches("10.0.0.1", "0.0.1") && domain_matches("10.0.0.1", "10.0.0.1") && !domain_matches("notexample.com", "example.com"));
}

/// A public suffix is never a cookie's domain, unless it is the host itself: then the cookie is for that host alone.
#[test]
fn public_suffixes() {
    let fate = |host: &str, domain: &str| {
        let (mut jar, place) = (Jar::default(), Place { host, path: "/", tls: false });
        let fate = jar.take(Offer::read(format!("a=1; Domain={domain}"), NOW).unwrap(), &place, NOW);
        let below = format!("below.{host}");
        (fate, jar.header(&place, NOW).is_some(), jar.header(&Place { host: &below, ..place }, NOW).is_some())
    };
    assert_eq!(fate("shop.co.uk", "co.uk"), (Fate::ForeignDomain, false, false));
    assert_eq!(fate("shop.co.uk", ".CO.UK"), (Fate::ForeignDomain, false, false));
    assert_eq!(fate("shop.github.io", "github.io"), (Fate::ForeignDomain, false, false), "private entries count");
    assert_eq!(fate("shop.example", "example"), (Fate::ForeignDomain, false, false), "it is not on the list");
    assert_eq!(fate("a.b.kobe.jp", "b.kobe.jp"), (Fate::ForeignDomain, false, false), "a wildcard rule");
    assert_eq!(fate("www.city.kobe.jp", "city.kobe.jp"), (Fate::Kept, true, true), "and its exception");
    assert_eq!(fate("shop.co.uk", "shop.co.uk"), (Fate::Kept, true, true));
    for host in ["co.uk", "github.io", "localhost"] {
        assert_eq!(fate(host, host), (Fate::Kept, true, false), "for the host alone: {host}");
    }
}

/// Sent as the site's own cookie would be: once, to the same paths, and for as long.
#[test]
fn a_forged_cookie_is_the_sites_own_but_for_its_value() {
    let mut spared = Jar::default();
    take(&mut spared, "login=me; Path=/", "/app");
    let mut jar = spared.clone();
    for line in ["s=1; Path=/app", "d=1; Domain=example.com; Max-Age=10", "login=else; Path=/app"] {
        take(&mut jar, line, "/app");
    }
    let names: Vec<String> = jar.forge("x", &spared).into_iter().collect();
    assert_eq!(names, ["d", "s"]);
    assert_eq!((sent(&jar, "/app").as_str(), sent(&jar, "/").as_str()), ("s=x; login=else; login=me; d=x", "login=me; d=x"));
    assert_eq!(text(jar.header(&at("/"), NOW + Duration::from_secs(12))), "login=me");
    take(&mut jar, "s=2; Path=/app", "/app");
    assert_eq!(sent(&jar, "/app"), "login=else; s=2; login=me; d=x", "a new value takes its place");
    let (mut host, tls) = (Jar::default(), Place { tls: true, ..at("/") });
    host.take(Offer::read("__Host-s=1; Secure; Path=/", NOW).unwrap(), &tls, NOW);
    host.forge("x", &Jar::default());
    assert_eq!(text(host.header(&tls, NOW)), "__Host-s=x");
}

#[test]
fn lives_end() {
    let mut jar = Jar::default();
    take(&mut jar, "a=1; Max-Age=10", "/");
    assert_eq!(sent(&jar, "/"), "a=1");
    assert_eq!(jar.header(&at("/"), NOW + Duration::from_secs(12)), None);
    assert_eq!(take(&mut jar, "a=2; Max-Age=0", "/"), Fate::BornExpired);
    assert_eq!(sent(&jar, "/"), "", "it took the older one along");
    assert_eq!(take(&mut jar, "a=3; Max-Age=0; Expires=Fri, 27-Nov-26 09:00:00 GMT", "/"), Fate::BornExpired, "Max-Age goes first");
}

#[test]
fn a_jar_is_bounded() {
    let mut jar = Jar::default();
    for n in 0..1_000 {
        take(&mut jar, &format!("c{n}=1"), "/");
    }
    let names = jar.names(&at("/"), NOW + Duration::from_secs(2));
    assert!((LEFT..=MOST).contains(&names.len()) && names.last().is_some_and(|name| name == "c999"), "{}", names.len());
    drop(names);
    let value = "x".repeat(4_000);
    for n in 0..1_000 {
        take(&mut jar, &format!("c{n}={value}; Path=/{}", "p".repeat(1_000)), "/");
        take(&mut jar, &format!("d{n}={value}"), "/");
    }
    assert!(jar.bytes() <= MOST_BYTES && sent(&jar, "/").contains("d999="), "{}", jar.bytes());
    // Cookies that are set again with other values have as much room as they had.
    let (mut again, other) = (Jar::default(), "y".repeat(4_000));
    for value in [&value, &other] {
        for n in 0..50 {
            take(&mut again, &format!("d{n}={value}"), "/");
        }
    }
    assert_eq!((again.0.len(), again.bytes() <= MOST_BYTES), (50, true), "{}", again.bytes());
}

/// Two parties may write a cookie of one name, under one path or under two.
#[test]
fn what_was_set_first_comes_back() {
    let mut jar = Jar::default();
    let now = NOW + Duration::from_secs(1);
    let over = |jar: &Jar, line: &str| jar.overwrites(&Offer::read(line, now).unwrap(), &at("/app"), now);
    assert!(!over(&jar, "s=1; Path=/"), "it is the first");
    for line in ["s=1; Path=/", "t=1; Path=/; Max-Age=10"] {
        take(&mut jar, line, "/app");
    }
    assert!(!over(&jar, "s=1; Path=/") && over(&jar, "s=2; Path=/") && !over(&jar, "u=2; Path=/"));
    for line in ["s=2; Path=/", "s=3; Path=/app", "t=2; Path=/; Max-Age=20"] {
        take(&mut jar, line, "/app");
    }
    assert!(!over(&jar, "s=3; Path=/") && !over(&jar, "s=2; Path=/"), "one of the two values that are sent");
    let rewound = jar.rewound();
    assert_eq!((sent(&jar, "/app").as_str(), sent(&rewound, "/app").as_str()), ("s=3; s=2; t=2", "s=1; t=1"));
    assert_eq!(text(rewound.header(&at("/app"), NOW + Duration::from_secs(12))), "s=1; t=1", "it lives as long as the last one");
    assert_eq!(sent(&rewound.rewound(), "/app"), "s=1; t=1");
    take(&mut jar, "s=; Path=/; Max-Age=0", "/app");
    assert!(!over(&jar, "s=3; Path=/") && over(&jar, "s=1; Path=/"));
}
