//! The command line for a run elsewhere, made again from the one that was given.

use crate::exit::{Exit, Failure};
use crate::verify::in_cluster::Word;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches};
use std::ffi::OsString;
use std::path::PathBuf;

/// Flags that mean something only where the user is.
const HERE: &[&str] = &[
    "in_cluster",
    "print_cronjob",
    "schedule",
    "keep",
    "job_namespace",
    "image",
    "image_loader",
    "stickyctl_binary",
    "service_account",
    "kubeconfig",
    "context",
    "output",
    "report",
    "junit_file",
    "force",
    "baseline",
    "yes",
    "print_rbac",
    "help",
    "version",
    "quiet",
    "verbose",
    "color",
];
/// Flags whose value is `@FILE`.
const AT_FILES: &[&str] = &["first_body", "body", "header", "cookie"];
/// Flags whose value is a file.
const FILES: &[&str] = &["ca"];
/// A file that a run writes: on a schedule it is one of the node's, else it is written here.
const METRICS: &str = "metrics_file";

/// The words after the name of the program; `all` is the whole command line as clap has it. `hidden` are values that may be secrets.
///
/// # Errors
/// A line that isn't one of `verify`, which its caller has ruled out.
pub(super) fn words(
    mut all: clap::Command,
    given: impl IntoIterator<Item = OsString>,
    scheduled: bool,
    hidden: &[String],
) -> Result<Vec<Word>, Failure> {
    all.build();
    let other = |why: String| Failure::new(Exit::Failed, format!("reading the command line again: {why}"));
    let matches = all.clone().try_get_matches_from(given).map_err(|why| other(why.to_string()))?;
    let (name, matches) = matches.subcommand().ok_or_else(|| other("it has no command".to_owned()))?;
    let verify = all.find_subcommand(name).ok_or_else(|| other(format!("there is no command {name}")))?;
    let mut words = vec![Word::Plain(name.to_owned())];
    for argument in verify.get_arguments() {
        let id = argument.get_id().as_str();
        let is_here = HERE.contains(&id) || (id == METRICS && !scheduled);
        if !is_here && is_given(matches, id) {
            words.extend(of(argument, matches, hidden));
        }
    }
    // Nobody there can be asked.
    words.push(Word::Plain("--yes".to_owned()));
    if scheduled {
        words.push(Word::Plain("--output=json".to_owned()));
    }
    Ok(words)
}

/// Whether a value is not the default. The namespace and the name of the release depend on this machine's variables.
fn is_given(matches: &ArgMatches, id: &str) -> bool {
    let source = matches.try_contains_id(id).ok().filter(|there| *there).and_then(|_| matches.value_source(id));
    matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable))
}

fn of(argument: &Arg, matches: &ArgMatches, hidden: &[String]) -> Vec<Word> {
    let id = argument.get_id().as_str();
    let flag = argument.get_long().map(|long| format!("--{long}"));
    if matches!(argument.get_action(), ArgAction::SetTrue) {
        return flag.map(Word::Plain).into_iter().collect();
    }
    let mut words = Vec::new();
    for value in matches.get_raw(id).into_iter().flatten() {
        words.extend(flag.clone().map(Word::Plain));
        let text = value.to_string_lossy().into_owned();
        words.push(match id {
            _ if AT_FILES.contains(&id) => Word::File { before: "@", path: PathBuf::from(text.trim_start_matches('@')) },
            _ if FILES.contains(&id) => Word::File { before: "", path: text.into() },
            _ if hidden.contains(&text) => Word::Hidden(text),
            _ => Word::Plain(text),
        });
    }
    words
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::cli::command;

    fn shown(line: &str, scheduled: bool, hidden: &[String]) -> String {
        let words = words(command(), line.split(' ').map(OsString::from), scheduled, hidden).unwrap();
        let shown = words.into_iter().map(|word| match word {
            Word::Plain(text) => text,
            Word::Hidden(_) => "HIDDEN".to_owned(),
            Word::File { before, path } => format!("{before}[{}]", path.display()),
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_same_run_elsewhere() {
        let line = "stickyctl -v verify https://shop.example/?t=secret --in-cluster --keep --kubeconfig=k --only stick-http,relay --header @h --header=@i \
                    --ca c.pem --sessions=12 --insecure -n shop -o json --report r.html --metrics-file m --pushgateway http://push:9091";
        let hidden = ["https://shop.example/?t=secret".to_owned()];
        let line = line.replace("--insecure ", "");
        assert_eq!(
            shown(&line, false, &hidden),
            "verify HIDDEN --only stick-http --only relay --header @[h] --header @[i] --ca [c.pem] --sessions 12 --pushgateway http://push:9091 \
             --namespace shop --yes"
        );
        let line = "stickyctl verify http://shop/ --print-cronjob --metrics-file /var/lib/m.prom --reuse";
        assert_eq!(shown(line, true, &[]), "verify http://shop/ --reuse --metrics-file /var/lib/m.prom --yes --output=json");
    }

    /// A new flag that names a file has to be in one of the lists: inside there is no such file.
    #[test]
    fn every_file_is_known() {
        let all = command();
        for argument in all.find_subcommand("verify").unwrap().get_arguments() {
            let id = argument.get_id().as_str();
            let names_file = argument.get_value_names().into_iter().flatten().any(|name| name.contains("FILE"));
            let is_known = HERE.contains(&id) || AT_FILES.contains(&id) || FILES.contains(&id) || id == METRICS;
            assert!(!names_file || is_known, "--{}", argument.get_long().unwrap_or_default());
        }
    }
}
