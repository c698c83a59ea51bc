//! The flags of `verify`.
