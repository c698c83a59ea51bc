//! YAML as every command writes it.
//!
//! serde-saphyr writes it, because it quotes what YAML 1.1, which Kubernetes reads, takes for booleans and numbers (`on`, `y`,
//! `0X1F`, `1_000`). yaml_serde 0.10 leaves sixteen such words unquoted, and the API server refuses or changes them.

use serde::Serialize;
use sticky_core::harmless::{harmless_json, harmless_lines};

/// A value as one YAML document. Long texts stay on one line, so that a diff shows the words that changed.
///
/// # Errors
/// Why it has no form as text.
pub(crate) fn yaml(object: &impl Serialize) -> Result<String, String> {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    let text = serde_saphyr::to_string_with_options(object, options).map_err(|e| e.to_string())?;
    if harmless_lines(&text) == text {
        return Ok(text);
    }
    // YAML has some characters as they are that a terminal would act on. JSON, which is YAML too, has escapes for all.
    let json = serde_json::to_string_pretty(object).map_err(|e| e.to_string())?;
    Ok(format!("{}\n", harmless_json(&json)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_terminal_would_act_on_is_escaped() {
        for text in ["\u{1b}]0;title\u{7}", "\u{9b}2J", "a\u{202e}b", "\r", "a\tb", "two\nlines", "\u{85}", "\u{feff}", "plain"] {
            let object = json!({ "key": text, text: ["x"] });
            let written = yaml(&object).unwrap();
            assert_eq!(harmless_lines(&written), written);
            assert_eq!(serde_yaml::from_str::<serde_json::Value>(&written).unwrap(), object, "{written}");
        }
    }
}
