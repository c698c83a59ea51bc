//! The admin port under slow and idle clients.
