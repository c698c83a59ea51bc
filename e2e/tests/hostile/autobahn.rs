//! Autobahn's cases in strict mode.
