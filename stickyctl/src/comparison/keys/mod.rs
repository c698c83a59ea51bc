//! Which annotations each controller knows, and on which objects it reads them.
//!
//! A controller ignores an annotation that it doesn't know, or that is on the wrong object, and says nothing. [`of`] finds the
//! controller that an annotation is for, [`Dialect::reads`] says whether it reads it there, and [`Dialect::nearest`] which one was
//! probably meant.

mod dialect;
mod haproxy;
mod ingress_nginx;
mod others;

pub use dialect::{Dialect, On, Reading};

/// All dialects.
pub const ALL: [&Dialect; 5] = [&ingress_nginx::DIALECT, &others::TRAEFIK, &haproxy::HAPROXY_INGRESS, &haproxy::HAPROXYTECH, &others::F5_NGINX];

/// The dialect of an annotation with its prefix, and the annotation without it.
#[must_use]
pub fn of(annotation: &str) -> Option<(&'static Dialect, &str)> {
    ALL.into_iter().find_map(|dialect| {
        let name = dialect.prefixes.iter().find_map(|prefix| annotation.strip_prefix(prefix))?;
        Some((dialect, name))
    })
}

#[cfg(test)]
mod tests;
