//! Markers: words that requests carry, so that a line of a log tells which request it is about.

use fastrand::Rng;

/// What every marker begins with.
const PREFIX: &str = "stickyctl-";
/// Letters and digits of a run's token.
const LENGTH: usize = 12;

/// What the markers of one run have in common, as in `stickyctl-k3v9x2m4q7ab`. Another run has another token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token that follows from a seed.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let letters = std::iter::repeat_with(|| if rng.bool() { rng.lowercase() } else { rng.digit(10) });
        Self(PREFIX.chars().chain(letters.take(LENGTH)).collect())
    }

    /// The text that all markers of the run begin with.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The marker of a request, as in `stickyctl-k3v9x2m4q7ab-17`: only letters, digits and hyphens.
    #[must_use]
    pub fn marker(&self, number: u32) -> String {
        format!("{}-{number}", self.0)
    }

    /// The number in the first marker of this run in a text; `None` without one, or if its number is too large.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<u32> {
        let (_, rest) = text.split_once(&self.0)?;
        let digits = rest.strip_prefix('-')?;
        let end = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
        digits[..end].parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_found_in_a_line() {
        let token = Token::from_seed(7);
        assert_eq!(token.as_str().len(), PREFIX.len() + LENGTH);
        let marker = token.marker(17);
        for line in
            [format!("GET /?stickyctl={marker} HTTP/1.1"), format!("\"{marker}\""), marker.clone(), format!("x{marker}&a=1 {}", token.marker(4))]
        {
            assert_eq!(token.find(&line), Some(17), "{line}");
        }
        let other = Token::from_seed(8);
        assert_ne!(other, token);
        for line in
            ["", "stickyctl-", token.as_str(), &other.marker(17), &format!("{token_}-", token_ = token.as_str()), &format!("{marker}9999999999")]
        {
            assert_eq!(token.find(line), None, "{line}");
        }
    }
}
