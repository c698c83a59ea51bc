//! `Set-Cookie` lines and the jar that keeps them, as `stickyctl verify` uses them.

use hyper::header::HeaderValue;
use std::time::{Duration, SystemTime};
use sticky_affinity::cookie::Offer;
use sticky_affinity::jar::{Jar, Place};

/// The first line is the host and the path of the site; each other line is a `Set-Cookie` header.
pub fn check(data: &[u8]) {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let mut lines = data.split(|byte| *byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok());
    let Some(site) = lines.next() else { return };
    let Ok(site) = site.to_str() else { return };
    let (host, path) = site.find('/').map_or((site, "/"), |at| site.split_at(at));
    let mut jar = Jar::default();
    for tls in [true, false] {
        let place = Place { host, path, tls };
        for line in lines.by_ref().take(300) {
            let Some(offer) = Offer::read(line, now) else { continue };
            let _ = (offer.label(), offer.attributes(), offer.lives(now));
            jar.take(offer, &place, now);
        }
        let (header, names) = (jar.header(&place, now), jar.names(&place, now));
        let sent = header.as_deref().map_or(0, |header| header.split(|byte| *byte == b';').count());
        assert_eq!(sent, names.len(), "{header:?} {names:?}");
        assert!(header.is_none_or(|header| HeaderValue::from_bytes(&header).is_ok()));
    }
    jar.forge("forged", &Jar::default());
}
