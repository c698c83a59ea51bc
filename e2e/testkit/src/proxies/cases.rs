//! The table of all cases, proxy by proxy.

use super::case::Case;
use super::{caddy, envoy, haproxy, nginx, nginx_sticky};
use std::collections::BTreeMap;

const PARTS: [&[Case]; 5] = [nginx_sticky::CASES, nginx::CASES, haproxy::CASES, envoy::CASES, caddy::CASES];

const COUNT: usize = {
    let (mut count, mut part) = (0, 0);
    while part < PARTS.len() {
        count += PARTS[part].len();
        part += 1;
    }
    count
};

const ALL: [Case; COUNT] = {
    let (mut all, mut count, mut part) = ([PARTS[0][0]; COUNT], 0, 0);
    while part < PARTS.len() {
        let mut n = 0;
        while n < PARTS[part].len() {
            all[count] = PARTS[part][n];
            count += 1;
            n += 1;
        }
        part += 1;
    }
    all
};

pub const CASES: &[Case] = &ALL;

/// For each reason's code, the real proxies on which the cases expect it.
#[must_use]
pub fn codes_on_real_proxies() -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for case in CASES {
        for code in case.wanted.codes {
            let doors = all.entry(code).or_default();
            if !doors.contains(&case.door.title()) {
                doors.push(case.door.title());
            }
        }
    }
    all
}
