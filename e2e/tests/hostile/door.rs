//! The local door under hostile clients.
