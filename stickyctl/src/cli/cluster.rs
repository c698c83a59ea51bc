//! The flags of commands that ask a cluster.
