//! Parts of a jar: its cookies by what they say, and the jar without some of them.

use super::{Jar, Kept};
use std::collections::{BTreeMap, BTreeSet};

impl Jar {
    /// Names of cookies with the same value, in the order of the jar: one party sets such cookies as a pair, for browsers of different age
    /// (`AWSALB` and `AWSALBCORS`). Leaving out one of them would change nothing.
    #[must_use]
    pub fn groups(&self) -> Vec<BTreeSet<String>> {
        let (mut groups, mut places): (Vec<BTreeSet<String>>, BTreeMap<_, usize>) = (Vec::new(), BTreeMap::new());
        for kept in &self.0 {
            if groups.iter().any(|group| group.contains(kept.offer.label().as_ref())) {
                continue;
            }
            let place = *places.entry(&kept.offer.value).or_insert(groups.len());
            if place == groups.len() {
                groups.push(BTreeSet::new());
            }
            groups[place].insert(kept.offer.label().into_owned());
        }
        groups
    }

    /// The same jar without the cookies of these names.
    #[must_use]
    pub fn without(&self, names: &BTreeSet<String>) -> Self {
        Self(self.0.iter().filter(|kept| !names.contains(kept.offer.label().as_ref())).cloned().collect())
    }

    /// Takes the values of another jar for cookies that both have: a site may give a session a new id with each answer.
    pub fn renew(&mut self, other: &Self) {
        let same = |one: &Kept, new: &Kept| one.offer.name == new.offer.name && one.domain == new.domain && one.path == new.path;
        for kept in &mut self.0 {
            if let Some(new) = other.0.iter().find(|new| same(kept, new)) {
                kept.clone_from(new);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::cookie::Offer;
    use crate::jar::Place;
    use std::time::SystemTime;

    const PLACE: Place<'_> = Place { host: "shop.example", path: "/", tls: false };

    fn jar(lines: &[&str]) -> Jar {
        let (mut jar, now) = (Jar::default(), SystemTime::now());
        for line in lines {
            jar.take(Offer::read(line, now).unwrap(), &PLACE, now);
        }
        jar
    }

    fn names(groups: Vec<BTreeSet<String>>) -> Vec<String> {
        groups.into_iter().map(|group| group.into_iter().collect::<Vec<_>>().join("+")).collect()
    }

    #[test]
    fn a_pair_is_left_out_as_a_whole() {
        let all = jar(&["sid=1", "AWSALB=x", "AWSALBCORS=x", "sid=x; Path=/app", "theme=dark"]);
        assert_eq!(names(all.groups()), ["sid", "AWSALB+AWSALBCORS", "theme"]);
        let left = all.without(&BTreeSet::from(["AWSALB".to_owned(), "AWSALBCORS".to_owned(), "theme".to_owned()]));
        assert_eq!(left.names(&PLACE, SystemTime::now()), ["sid"]);
    }

    #[test]
    fn only_known_cookies_are_renewed() {
        let mut all = jar(&["sid=1", "lb=a"]);
        all.renew(&jar(&["sid=2", "new=1"]));
        assert_eq!(all.header(&PLACE, SystemTime::now()), Some(b"sid=2; lb=a".to_vec()));
        assert_eq!(all.names(&PLACE, SystemTime::now()), ["sid", "lb"]);
    }
}
