//! Durations of the Gateway API.

use crate::spec::ingress::Seconds;

/// A duration as GEP-2257 writes it: at most four parts, each with at most five digits. Go's parser, which every implementation
/// uses, would read `2678399s` too, but the CRDs refuse it.
pub(super) fn duration(Seconds(all): Seconds) -> String {
    let parts = [(all / 3_600, 'h'), (all / 60 % 60, 'm'), (all % 60, 's')];
    let text: String = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    if text.is_empty() { OFF.to_owned() } else { text }
}

/// The duration that switches a limit off (GEP-1742).
pub(super) const OFF: &str = "0s";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_at_most_five_digits() {
        for (seconds, text) in
            [(0, "0s"), (59, "59s"), (90, "1m30s"), (3_600, "1h"), (172_800, "48h"), (2_678_399, "743h59m59s"), (2_678_400, "744h")]
        {
            assert_eq!(duration(Seconds(seconds)), text);
        }
    }
}
