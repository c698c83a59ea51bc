//! Runs against a scripted API server.
