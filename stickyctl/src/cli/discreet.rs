//! Flags whose value may be a secret.

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command, Error};
use std::ffi::OsStr;
use std::fmt::Display;
use std::marker::PhantomData;
use std::str::FromStr;

/// Parses a value that may be a secret. Unlike clap's own errors, its errors don't repeat the value; nor must those of `T`.
pub(super) fn discreet<T>() -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: Display> + Clone + Send + Sync + 'static,
{
    Discreet(PhantomData)
}

struct Discreet<T>(PhantomData<fn() -> T>);

impl<T> Clone for Discreet<T> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

impl<T> TypedValueParser for Discreet<T>
where
    T: FromStr<Err: Display> + Clone + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(&self, command: &Command, flag: Option<&Arg>, value: &OsStr) -> Result<T, Error> {
        let failed = |why: &dyn Display| {
            let flag = flag.map(ToString::to_string).unwrap_or_default();
            Error::raw(ErrorKind::ValueValidation, format!("invalid value for '{flag}': {why}\n")).with_cmd(command)
        };
        value.to_str().ok_or_else(|| failed(&"it is not UTF-8"))?.parse().map_err(|why: T::Err| failed(&why))
    }
}
