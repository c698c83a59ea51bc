//! Reading `Set-Cookie` lines.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
use super::*;

const NOW: SystemTime = SystemTime::UNIX_EPOCH;

fn at(seconds: u64) -> Option<SystemTime> {
    Some(NOW + Duration::from_secs(seconds))
}

fn pair(line: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    Offer::read(line, NOW).map(|offer| (offer.name, offer.value))
}

#[test]
fn attributes_in_any_case_and_order() {
    let offer = Offer::read(
        "a = x=y ; PATH=/app;domain=.Example.com; secure ;HttpOnly; SameSite=Lax; junk; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:01 GMT",
        NOW,
    )
    .unwrap();
    assert_eq!(
        (offer.name.as_slice(), offer.value.as_slice(), offer.path.as_deref(), offer.domain.as_deref()),
        (&b"a"[..], &b"x=y"[..], Some("/app"), Some("example.com"))
    );
    assert_eq!((offer.secure, offer.http_only, offer.same_site.as_deref(), offer.ends), (true, true, Some("Lax"), at(60)));
    let all = Offer::read("a=b; Partitioned=1; Secure; SameSite=None; HttpOnly; Max-Age=60; Domain=b\u{fc}cher.example; Path=/", NOW).unwrap();
    assert_eq!(all.attributes(), "Path=/ Domain=xn--bcher-kva.example HttpOnly Secure Partitioned SameSite=None Max-Age=60");
    assert!(all.partitioned && !offer.partitioned);
}

#[test]
fn bytes_stay_as_they_are() {
    for value in ["\u{e4}\u{20ac}".as_bytes(), b"\xe4\xff", b"\"x y\"", "\u{a0}x\u{a0}".as_bytes(), b"x=y"] {
        assert_eq!(pair(&[b" n\xe4 = ", value, b" \t; Path=/"].concat()), Some((b"n\xe4".to_vec(), value.to_vec())));
    }
    assert_eq!(Offer::read(b"n\xe4=1", NOW).unwrap().label(), "n\u{fffd}");
}

#[test]
fn without_a_name_or_without_anything() {
    for line in ["x; Path=/", "=x", " = x ;"] {
        assert_eq!((pair(line.as_bytes()), Offer::read(line, NOW).unwrap().label()), (Some((Vec::new(), b"x".to_vec())), "(no name)".into()));
    }
    for line in ["", ";", " ; Path=/", "=; Path=/", ";a=1"] {
        assert_eq!(Offer::read(line, NOW), None, "{line}");
    }
    let offer = Offer::read("a=b; Path=app; Domain=; Max-Age=soon; Expires=never", NOW).unwrap();
    assert_eq!((offer.path, offer.domain, offer.ends), (None, None, None));
}

#[test]
fn the_last_of_each_attribute_counts() {
    let offer = Offer::read("a=b; Path=/app; Path=x; Domain=other.example; Domain; Max-Age=60; Max-Age=x; SameSite=Lax; SameSite=None", NOW).unwrap();
    assert_eq!((offer.path, offer.domain, offer.ends, offer.same_site.as_deref()), (None, None, None, Some("None")));
    let long = "x".repeat(MOST_ATTRIBUTE);
    let offer = Offer::read(format!("a=b; Path=/app; Path=/{long}; Secure={long}x; Partitioned={long}"), NOW).unwrap();
    assert_eq!((offer.path.as_deref(), offer.secure, offer.partitioned), (Some("/app"), false, true), "too large to count");
    assert_eq!(Offer::read(format!("a=b; Path=/{}", &long[1..]), NOW).unwrap().path.map(|path| path.len()), Some(MOST_ATTRIBUTE));
}

#[test]
fn only_one_dot_is_taken_from_a_domain() {
    let domain = |text: &str| Offer::read(format!("a=b; Domain={text}"), NOW).unwrap().domain.unwrap();
    assert_eq!((domain(".A.example"), domain("..a.example"), domain(".")), ("a.example".into(), ".a.example".into(), String::new()));
}

#[test]
fn lives_are_counted_from_now() {
    let lives = |line: &str| Offer::read(line, NOW).unwrap().lives(NOW).map(|lives| lives.as_secs());
    assert_eq!((lives("a=b; Max-Age=60"), lives("a=b; Max-Age=-1"), lives("a=b")), (Some(60), Some(0), None));
    assert_eq!(lives("a=b; Expires=Thu, 01 Jan 1970 01:00:00 GMT"), Some(3_600));
    for line in ["a=b; Max-Age=99999999999", "a=b; Max-Age=99999999999999999999", "a=b; Expires=Thu, 01 Jan 2970 01:00:00 GMT"] {
        assert_eq!(lives(line), Some(LONGEST.as_secs()), "{line}");
    }
}

#[test]
fn a_wrong_clock_shortens_no_life() {
    let now = NOW + Duration::from_secs(1_000_000);
    let lives = |date: &str, line: &str| {
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, line.parse().unwrap());
        headers.append(DATE, date.parse().unwrap());
        let offers: Vec<Offer> = Offer::all(&headers, now).collect();
        offers[0].lives(now).unwrap().as_secs()
    };
    let line = "a=b; Expires=Mon, 12 Jan 1970 13:46:50 GMT";
    for (date, left) in [("12 Jan 1970 13:46:40", 10), ("12 Jan 1970 13:46:00", 50), ("12 Jan 1970 13:46:45", 5), ("12 Jan 1970 14:00:00", 0)] {
        assert_eq!((lives(date, line), lives(date, "a=b; Max-Age=60")), (left, 60), "{date}");
    }
    assert_eq!(lives("junk", line), 10);
}

#[test]
fn a_life_of_nothing_is_over() {
    for value in ["0", "-0", "+0", "-1", "-99999999999999999999"] {
        let line = format!("a=b; Max-Age={value}; Expires=Thu, 01 Jan 2970 01:00:00 GMT");
        assert_eq!(Offer::read(&line, NOW + Duration::from_secs(1_000)).unwrap().ends, at(0), "{line}");
    }
    assert_eq!(Offer::read("a=b; Max-Age=+60", NOW).unwrap().ends, at(60));
    for value in ["", "-", "+", "++60", "60s", "6 0", "\"60\"", "1e3", "60.5"] {
        assert_eq!(Offer::read(format!("a=b; Max-Age={value}"), NOW).unwrap().ends, None, "{value}");
    }
}

/// A proxy that joins Set-Cookie lines puts the second cookie into the attributes of the first, and its value with it.
#[test]
fn two_cookies_in_one_line() {
    for (line, shown) in [
        ("user=1; Path=/,route=secret; Path=/; HttpOnly", "Path=/ HttpOnly joined with route"),
        ("user=1; Path=/, route=secret", "Path=/ joined with route"),
        ("user=1; SameSite=Lax,sid=secret; HttpOnly", "HttpOnly SameSite=Lax joined with sid"),
        ("user=1; path=/; HttpOnly,sid=secret,other=secret; path=/", "Path=/ joined with sid"),
        ("user=1; Domain=shop.example, sid=secret", "Domain=shop.example joined with sid"),
        ("user=1; Expires=Wed, 21 Oct 2043 07:28:00 GMT, sid=secret", "Expires joined with sid"),
    ] {
        assert_eq!(Offer::read(line, NOW).unwrap().attributes(), shown, "{line}");
    }
    for line in ["user=1,sid=2; Path=/", "user=1; Expires=Wed, 21 Oct 2043 07:28:00 GMT", "user=1; Path=/a,b", "user=1; Path=/,a b=c"] {
        assert!(!Offer::read(line, NOW).unwrap().attributes().contains("joined"), "{line}");
    }
}
