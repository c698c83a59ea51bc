//! A program's options, from the arguments and the environment of its container.

use k8s_openapi::api::core::v1::Container;
use std::collections::BTreeMap;

/// Options by their lower-case names, without leading dashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Options(BTreeMap<String, String>);

impl Options {
    /// Reads `--key=value`, `--key value` and a bare `--key`, which is `true`. The last one wins.
    pub(super) fn of_arguments(container: &Container) -> Self {
        Self::after("--", container)
    }

    /// The same for options that begin with one dash or with two, as Go's `flag` package reads them.
    pub(super) fn of_flags(container: &Container) -> Self {
        Self::after("-", container)
    }

    fn after(dashes: &str, container: &Container) -> Self {
        let mut all = BTreeMap::new();
        let mut words = words(container).peekable();
        while let Some(word) = words.next() {
            let Some(option) = word.strip_prefix(dashes).map(|option| option.trim_start_matches('-')) else { continue };
            let (key, value) = match option.split_once('=') {
                Some((key, value)) => (key, value.to_owned()),
                None => (option, words.next_if(|next| !next.starts_with('-')).map_or_else(|| "true".to_owned(), str::to_owned)),
            };
            all.insert(key.to_ascii_lowercase(), value);
        }
        Self(all)
    }

    /// Traefik's: arguments if there are any, else variables; it never mixes the two (`cmd/traefik/traefik.go`, its loaders).
    pub(super) fn of_traefik(container: &Container) -> Self {
        let arguments = Self::of_arguments(container);
        if !arguments.0.is_empty() {
            return arguments;
        }
        let variables = container.env.iter().flatten().filter_map(|variable| {
            let name = variable.name.to_ascii_lowercase();
            Some((name.strip_prefix("traefik_")?.replace('_', "."), variable.value.clone()?))
        });
        Self(variables.collect())
    }

    /// An option's value, unless it is empty.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether a switch is on.
    pub(super) fn is_on(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }

    /// Whether a part of a program is on: by its own switch, or if that isn't given, by any option below it.
    pub(super) fn has_part(&self, part: &str) -> bool {
        match self.get(part) {
            Some(_) => self.is_on(part),
            None => self.0.keys().any(|key| key.strip_prefix(part).is_some_and(|rest| rest.starts_with('.'))),
        }
    }
}

/// Command and arguments.
pub(super) fn words(container: &Container) -> impl Iterator<Item = &str> {
    container.command.iter().chain(&container.args).flatten().map(String::as_str)
}

/// The version in an image's tag: `v1.15.1` of `registry.k8s.io/ingress-nginx/controller:v1.15.1@sha256:…` is `1.15.1`.
pub(super) fn version(image: &str) -> Option<String> {
    let name = image.split('@').next()?.rsplit('/').next()?;
    let (_, tag) = name.split_once(':')?;
    let version = tag.trim_start_matches('v');
    version.starts_with(|first: char| first.is_ascii_digit()).then(|| version.to_owned())
}

/// The port of `:8000`, `0.0.0.0:80`, `[::]:8000/tcp`.
pub(super) fn port(address: &str) -> Option<u16> {
    address.split('/').next()?.rsplit(':').next()?.parse().ok()
}
