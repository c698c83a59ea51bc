//! Names in the order in which a person counts: `app-2` before `app-10`.

use std::cmp::Ordering;

/// Compares digits by the number that they are, and everything else letter by letter. Equal only if the names are.
pub(crate) fn natural(left: &str, right: &str) -> Ordering {
    let (mut one, mut other) = (left, right);
    loop {
        let ((number, rest), (second, after)) = (split(one), split(other));
        if !number.is_empty() && !second.is_empty() {
            let (short, long) = (number.trim_start_matches('0'), second.trim_start_matches('0'));
            let order = short.len().cmp(&long.len()).then_with(|| short.cmp(long));
            if order != Ordering::Equal {
                return order;
            }
            (one, other) = (rest, after);
            continue;
        }
        match (one.chars().next(), other.chars().next()) {
            (Some(a), Some(b)) if a == b => (one, other) = (&one[a.len_utf8()..], &other[b.len_utf8()..]),
            (None, None) => return left.cmp(right),
            (a, b) => return a.cmp(&b),
        }
    }
}

/// The digits at the start, and the rest.
fn split(text: &str) -> (&str, &str) {
    text.split_at(text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_one_counts() {
        let mut names = ["app-10", "app-2", "app-1", "b", "app-2:10", "app-2:9", "app-02", "app", "", "app-9x", "app-99999999999999999999999", "ä-1"];
        names.sort_by(|a, b| natural(a, b));
        let sorted = ["", "app", "app-1", "app-02", "app-2", "app-2:9", "app-2:10", "app-9x", "app-10", "app-99999999999999999999999", "b", "ä-1"];
        assert_eq!(names, sorted);
    }
}
