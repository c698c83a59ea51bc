//! `stickyctl up --local --open`: opens the page in the user's browser.

use crate::output::Output;
use std::ffi::OsStr;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// How long an opener may take to fail. One that runs longer is the browser itself.
const PATIENCE: Duration = Duration::from_secs(3);

/// Opens `url`; warns if no browser could be started.
pub(super) async fn open(url: &str, output: Output) {
    let mut reasons = Vec::new();
    for command in openers(std::env::var_os("BROWSER").as_deref(), url) {
        match start(&command).await {
            Ok(()) => return,
            Err(why) => reasons.push(why),
        }
    }
    output.warning(&format!("--open: no browser could be started ({}); open {url} yourself", reasons.join("; ")));
}

/// The commands to try, in order: what `BROWSER` lists, separated by colons, and the system's own opener. `%s` in `BROWSER` stands for
/// the URL, which is the last argument otherwise.
fn openers(browser: Option<&OsStr>, url: &str) -> Vec<Vec<String>> {
    let named = browser.map(OsStr::to_string_lossy).unwrap_or_default();
    let mut all: Vec<Vec<String>> = named.split(':').filter_map(shlex::split).filter(|words| !words.is_empty()).collect();
    for words in &mut all {
        if words.iter().any(|word| word.contains("%s")) {
            words.iter_mut().for_each(|word| *word = word.replace("%s", url));
        } else {
            words.push(url.to_owned());
        }
    }
    let own = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    all.push(vec![own.to_owned(), url.to_owned()]);
    all
}

/// Starts a command without a terminal, in a process group of its own, so that Ctrl-C doesn't end the browser with the demo.
async fn start(command: &[String]) -> Result<(), String> {
    let [program, arguments @ ..] = command else { return Err("no command".to_owned()) };
    let mut asked = Command::new(program);
    asked.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let mut child = asked.spawn().map_err(|why| format!("{program}: {why}"))?;
    match tokio::time::timeout(PATIENCE, child.wait()).await {
        Ok(Ok(ended)) if !ended.success() => Err(format!("{program}: {ended}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::openers;
    use std::ffi::OsStr;

    #[test]
    fn the_variable_comes_first() {
        let url = "http://127.0.0.1:8080/";
        let own = openers(None, url);
        assert_eq!(own.len(), 1);
        assert_eq!(openers(Some(OsStr::new("")), url), own);
        let named = openers(Some(OsStr::new("firefox:'my browser' --new '%s?x'::lynx -x")), url);
        let words: Vec<Vec<&str>> = named.iter().map(|words| words.iter().map(String::as_str).collect()).collect();
        assert_eq!(words[..3], [vec!["firefox", url], vec!["my browser", "--new", "http://127.0.0.1:8080/?x"], vec!["lynx", "-x", url]]);
        assert_eq!(named[3], own[0]);
        assert_eq!(openers(Some(OsStr::new("'unclosed")), url), own, "a text that no shell reads names no browser");
    }
}
