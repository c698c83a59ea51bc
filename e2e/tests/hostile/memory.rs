//! A worker inside its memory limit.
