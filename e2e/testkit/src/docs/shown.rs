//! Example runs on a page: the text between markers is the command's real output.

use crate::tree;
use anyhow::{Context, Result, ensure};

/// Compares output with the text that `page` shows under `name`, ignoring numbers, which differ from run to run. With `STICKY_GENERATE`
/// set, writes the page instead.
///
/// # Errors
/// The page shows something else, or has no such name.
pub fn compare(page: &str, name: &str, said: &str) -> Result<()> {
    let path = tree::root().join(page);
    let text = std::fs::read_to_string(&path).with_context(|| format!("no {page}"))?;
    let (begin, end) = (format!("<!-- run: {name} -->\n```text\n"), "\n```\n<!-- /run -->");
    let (before, rest) = text.split_once(&begin).with_context(|| format!("{page} has no {begin}"))?;
    let (shown, after) = rest.split_once(end).with_context(|| format!("{page} has no {end}"))?;
    if std::env::var_os("STICKY_GENERATE").is_some() {
        return Ok(std::fs::write(path, format!("{before}{begin}{}{end}{after}", said.trim_end()))?);
    }
    let (shown, said) = (without_numbers(shown), without_numbers(said));
    ensure!(shown == said, "{page} shows\n{shown}\nand this was said:\n{said}\n`STICKY_GENERATE=1` with the same test writes it");
    Ok(())
}

/// Replaces each number, bar and gap between columns with one character.
fn without_numbers(text: &str) -> String {
    let mut plain = String::new();
    for c in text.trim_end().chars() {
        let c = if c.is_ascii_digit() { '0' } else { c };
        if !(matches!(c, '0' | '#' | ' ') && plain.ends_with(c)) {
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_bars_don_t_count() {
        assert_eq!(without_numbers("app-1    15  ####     9.5 %\n"), without_numbers("app-22  7  #  10.25 %"));
        assert_ne!(without_numbers("3 of 4 moved"), without_numbers("3 of 4 stayed"));
    }
}
