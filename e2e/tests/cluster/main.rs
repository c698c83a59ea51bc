//! Tests that need a real cluster: the one that `STICKY_E2E_KUBECONFIG` selects.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking, and prints what it measured")]

mod autoscale;
mod canary;
mod chart;
mod chart_gateway;
mod chart_text;
mod disrupt;
mod doctor;
mod envoy_gateway;
mod errors;
mod faults;
mod forward;
mod front_door;
mod front_doors;
mod gateway_api;
mod gateways;
mod ignored;
mod image;
mod in_cluster;
mod logs;
mod manifests;
mod migrate;
mod moves;
mod objects;
mod placement;
mod release;
mod replicas;
mod rollout;
mod scale;
mod schema;
mod smoke;
mod status;
mod up;
mod verify;
mod workloads;
