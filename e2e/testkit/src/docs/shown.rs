//! Runs that a page shows: a text between markers is what the command before it really said.

use crate::tree;
use anyhow::{Context, Result, ensure};

/// Compares what was said with what `page` shows under `name`, but for numbers, which differ from run to run. With `STICKY_GENERATE` set
/// the page is written instead.
///
/// # Errors
/// The page shows something else, or nothing of that name.
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

/// A number, a bar and the space between columns are one sign each.
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
