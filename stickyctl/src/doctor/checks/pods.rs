//! How many pods there are, and how many processes in each.

use super::codes::{SEVERAL_WORKERS, SINGLE_REPLICA};
use crate::doctor::finding::Finding;
use crate::doctor::objects::Workload;
use crate::doctor::view::View;
use k8s_openapi::api::core::v1::Container;
use sticky_core::names::env;

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let workloads = view.sticky_workloads();
    workloads.into_iter().flat_map(|(workload, title)| [single(view, workload, &title), several(workload, &title)].into_iter().flatten()).collect()
}

fn single(view: &View<'_>, workload: &Workload, title: &str) -> Option<Finding> {
    let scales = view.backends.autoscaler(workload).and_then(|scaler| scaler.spec.as_ref()).is_some_and(|spec| spec.max_replicas > 1);
    (workload.replicas == Some(1) && !scales).then(|| {
        SINGLE_REPLICA.found(
            workload.about(),
            "spec.replicas",
            format!("There is one pod behind {title}, so affinity has nothing to choose from, and a restart ends every session"),
            "Run two or more, if the application can",
        )
    })
}

fn several(workload: &Workload, title: &str) -> Option<Finding> {
    let spec = workload.template.spec.as_ref()?;
    let (place, what) = spec.containers.iter().enumerate().find_map(|(place, container)| Some((place, workers(container)?)))?;
    Some(SEVERAL_WORKERS.found(
        workload.about(),
        format!("spec.template.spec.containers[{place}].{}", what.field),
        format!("{} starts several workers in each pod, and the cookie of {title} chooses only the pod", what.said),
        "Run one worker in each pod and more pods, or keep sessions outside of the workers' memory",
    ))
}

/// What says that there are several workers.
struct Workers {
    field: &'static str,
    said: String,
}

/// Variables that servers read the number of their workers from: gunicorn and uvicorn (`WEB_CONCURRENCY`, `UVICORN_WORKERS`), Puma
/// (`WEB_CONCURRENCY`, `PUMA_WORKERS`), uWSGI (`UWSGI_PROCESSES`, `UWSGI_WORKERS`), and this project's app.
const VARIABLES: &[&str] =
    &["WEB_CONCURRENCY", "UVICORN_WORKERS", "GUNICORN_WORKERS", "PUMA_WORKERS", "UWSGI_PROCESSES", "UWSGI_WORKERS", env::WORKERS];

/// Programs and the options for the number of their workers.
const PROGRAMS: &[(&str, &[&str])] = &[
    ("gunicorn", &["-w", "--workers"]),
    ("uvicorn", &["--workers"]),
    ("hypercorn", &["-w", "--workers"]),
    ("granian", &["--workers"]),
    ("puma", &["-w", "--workers"]),
    ("uwsgi", &["-p", "--processes", "--workers"]),
    ("pm2", &["-i", "--instances"]),
    ("pm2-runtime", &["-i", "--instances"]),
    ("sticky-app", &["--workers"]),
];

fn workers(container: &Container) -> Option<Workers> {
    let variables = container.env.iter().flatten().filter_map(|variable| Some((variable.name.as_str(), variable.value.as_deref()?)));
    for (name, value) in variables {
        if VARIABLES.contains(&name) && is_several(value) {
            return Some(Workers { field: "env", said: format!("{name}={value}") });
        }
        // Options of gunicorn.
        if name == "GUNICORN_CMD_ARGS" {
            let words: Vec<&str> = value.split_ascii_whitespace().collect();
            if let Some(said) = option(&words, &["-w", "--workers"]) {
                return Some(Workers { field: "env", said: format!("{name} with {said}") });
            }
        }
    }
    // A shell's script is one argument of many words.
    let words: Vec<&str> = container.command.iter().chain(&container.args).flatten().flat_map(|word| word.split_ascii_whitespace()).collect();
    let named = |program: &str| words.iter().position(|word| word.rsplit('/').next() == Some(program));
    PROGRAMS.iter().find_map(|(program, options)| {
        let after = &words[named(program)?..];
        Some(Workers { field: "command", said: format!("{program} {}", option(after, options)?) })
    })
}

/// An option with more than one as its value: `-w 4`, `-w4`, `--workers=4`.
fn option(words: &[&str], options: &[&str]) -> Option<String> {
    words.iter().enumerate().find_map(|(place, word)| {
        let name = options.iter().find(|option| word.starts_with(*option))?;
        let rest = &word[name.len()..];
        let value =
            if rest.is_empty() { words.get(place + 1).copied()? } else { rest.strip_prefix('=').or_else(|| (name.len() == 2).then_some(rest))? };
        let value = value.trim_matches(['"', '\'']);
        is_several(value).then(|| format!("{name} {value}"))
    })
}

/// `pm2` takes `max`, and 0 and negative numbers for it too; uWSGI and Puma take `auto`.
fn is_several(value: &str) -> bool {
    matches!(value, "max" | "auto") || value.parse::<u32>().is_ok_and(|count| count > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(command: &[&str], env: &[(&str, &str)]) -> Option<String> {
        let env: Vec<_> = env.iter().map(|(name, value)| serde_json::json!({"name": name, "value": value})).collect();
        let container = serde_json::from_value(serde_json::json!({"name": "a", "command": command, "env": env}));
        workers(&container.unwrap_or_default()).map(|workers| workers.said)
    }

    #[test]
    fn servers_with_several_workers() {
        for (command, expected) in [
            (&["gunicorn", "-w", "4", "app"][..], Some("gunicorn -w 4")),
            (&["gunicorn", "-w4", "app"], Some("gunicorn -w 4")),
            (&["sh", "-c", "exec /usr/bin/gunicorn --workers=3 app:app"], Some("gunicorn --workers 3")),
            (&["uvicorn", "app:app", "--workers", "2"], Some("uvicorn --workers 2")),
            (&["pm2-runtime", "start", "app.js", "-i", "max"], Some("pm2-runtime -i max")),
            (&["gunicorn", "-w", "1"], None),
            (&["gunicorn", "--worker-class", "gevent"], None),
            (&["node", "-w", "4"], None),
        ] {
            assert_eq!(said(command, &[]).as_deref(), expected, "{command:?}");
        }
        assert_eq!(said(&[], &[("WEB_CONCURRENCY", "4")]).as_deref(), Some("WEB_CONCURRENCY=4"));
        assert_eq!(said(&[], &[("GUNICORN_CMD_ARGS", "--bind :80 -w 2")]).as_deref(), Some("GUNICORN_CMD_ARGS with -w 2"));
        assert_eq!(said(&[], &[("WEB_CONCURRENCY", "1"), ("OTHER", "4")]), None);
    }
}
