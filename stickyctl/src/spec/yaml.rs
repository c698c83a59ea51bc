//! Reads YAML from outside, within limits that no honest file comes near.

use serde_json::Value;
use serde_saphyr::Error;
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};

/// The largest spec, in bytes. Kubernetes keeps it in an annotation, and allows 256 KiB for all annotations of an object.
pub(crate) const MOST: usize = 256 << 10;
/// The deepest nesting of a spec that has a meaning is 5.
const DEEPEST: usize = 32;
/// The most nodes. A full spec has fewer than 300.
const NODES: usize = 20_000;

/// A document as a tree.
///
/// # Errors
/// Why it is refused, on one line: it is not YAML, has a key twice or a number that JSON doesn't have, uses an anchor or an alias,
/// or exceeds a limit. Anchors are refused because a few bytes can stand for gigabytes.
pub(crate) fn read(text: &str) -> Result<Value, String> {
    if text.len() > MOST {
        return Err(format!("it is larger than {} KiB", MOST >> 10));
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEEPEST,
            flow_nesting_limit: DEEPEST,
            max_nodes: NODES,
            max_events: 4 * NODES,
            max_documents: 1,
            max_anchors: 0,
            max_aliases: 0,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        // As in YAML 1.2: otherwise `off` and `y` are booleans, and 1_000 is a number.
        strict_booleans: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    };
    let read = serde_saphyr::from_str_with_options::<Option<Value>>(text, options);
    read.map(Option::unwrap_or_default).map_err(|why| words(&why))
}

/// What is wrong, and where. The reader's own words for a limit name the limit's variable.
fn words(why: &Error) -> String {
    let said = why.to_string();
    let what = match why {
        Error::Budget { breach: BudgetBreach::Anchors { .. } | BudgetBreach::Aliases { .. }, .. } => {
            "anchors (`&`) and aliases (`*`) are not allowed; write the value out".to_owned()
        }
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => too_deep(),
        Error::Budget { breach: BudgetBreach::Nodes { .. } | BudgetBreach::Events { .. }, .. } => format!("it has more than {NODES} values"),
        Error::Budget { breach: BudgetBreach::Documents { .. }, .. } => "it has more than one document".to_owned(),
        Error::NonFiniteFloat { value, .. } => format!("`{value}` is not a finite number"),
        // The reader's limit on brackets inside each other.
        _ if said.starts_with("recursion limit exceeded") => too_deep(),
        _ => return said,
    };
    match why.location() {
        Some(place) => format!("{what} (line {}, column {})", place.line(), place.column()),
        None => what,
    }
}

fn too_deep() -> String {
    format!("it is nested deeper than {DEEPEST} levels")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::{Duration, Instant};

    #[test]
    fn the_same_types_as_in_kubernetes() {
        let text = "a: 1\nb: [true, 1.5, off, y, 1_000, 0x1F, 'x', null, ~]\nc: {d: 2026-01-01, e: 1e3}\nf:\n  g: >-\n    two\n    words\n";
        let tree = json!({"a": 1, "b": [true, 1.5, "off", "y", "1_000", 31, "x", null, null], "c": {"d": "2026-01-01", "e": 1000.0}, "f": {"g": "two words"}});
        assert_eq!(read(text), Ok(tree));
        for nothing in ["", "# only a comment\n", "---\n", "null"] {
            assert_eq!(read(nothing), Ok(Value::Null), "{nothing:?}");
        }
        assert_eq!(read("\u{feff}a: 1"), Ok(json!({"a": 1})));
    }

    /// The first two took 3.2 GB and 52 s, and 12 s, with a reader that builds the tree first.
    #[test]
    fn small_files_with_large_meanings() {
        let items = vec!["x"; 2_000].join(",");
        let square = format!("a: &a [{items}]\nb: [{}]\n", vec!["*a"; 8_000].join(","));
        let laughs =
            (1..20).fold("a0: &a0 x\n".to_owned(), |text, n| format!("{text}a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(",")));
        let attacks = [
            square,
            laughs,
            format!("a: {}{}", "[".repeat(40_000), "]".repeat(40_000)),
            "{a: ".repeat(40_000),
            format!("a:\n{}x", " - ".repeat(40_000)),
            (0..500).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect(),
            format!("a: [{}]", vec!["1"; 60_000].join(",")),
            format!("a: {}", "x".repeat(MOST)),
            (0..30_000).map(|n| format!("k{n}: 1\n")).collect(),
            "---\n".repeat(60_000),
            format!("a: {}", "!!str ".repeat(30_000)),
            format!("? {}", "? ".repeat(60_000)),
            "#\n".repeat(120_000) + "a: [",
            "a: &a\n  b: *a".to_owned(),
            "a: &x 1\nb: {<<: *x}".to_owned(),
        ];
        for text in attacks {
            let began = Instant::now();
            let why = read(&text).unwrap_err();
            let took = began.elapsed();
            // Milliseconds; a busy machine gets a hundred times as long.
            assert!(took < Duration::from_secs(5) && why.len() < 300, "{took:?}: {why}: {}", &text[..text.len().min(40)]);
        }
    }

    #[test]
    fn errors_name_the_limit_and_the_place() {
        for (text, why) in [
            ("a: &x 1".to_owned(), "anchors (`&`) and aliases (`*`) are not allowed; write the value out (line 1, column 7)"),
            (format!("a: {}", "[".repeat(40)), "it is nested deeper than 32 levels (line 1, column 36)"),
            (format!("a:\n{}x", " - ".repeat(40)), "it is nested deeper than 32 levels (line 2,"),
            ("a: .inf".to_owned(), "`.inf` is not a finite number (line 1, column 4)"),
            (format!("a: [{}]", vec!["1"; NODES].join(",")), "it has more than 20000 values"),
        ] {
            assert!(read(&text).unwrap_err().starts_with(why), "{:?}", read(&text));
        }
    }

    #[test]
    fn what_json_does_not_have() {
        for text in [
            "a: .nan",
            "a: .inf",
            "a: -.inf",
            "a: [1, .NaN]",
            "a: 1e999",
            "a: 1\na: 2",
            "a: {b: 1, b: 2}",
            "a: &x 1",
            "a: *x",
            "a: !!binary /w==",
            "a: 1\n---\nb: 2",
            "a: [",
        ] {
            assert!(read(text).is_err(), "{text}: {:?}", read(text));
        }
    }
}
