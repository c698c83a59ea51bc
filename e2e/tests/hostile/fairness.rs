//! What one client can take from the others.
