//! What a site can make the command hold in memory.

use crate::case::{Done, command, done};
use crate::site::{Ends, Site};
use std::time::Duration;

/// Runs the command against a site. Returns its result and the most memory that it had, in KiB.
async fn measured(site: Site, flags: &[&str]) -> (Done, u64) {
    let site = site.serve().await;
    let child = command(&site, flags).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id().unwrap());
    let mut output = Box::pin(child.wait_with_output());
    let mut most = 0;
    let ended = loop {
        tokio::select! {
            ended = &mut output => break ended.unwrap(),
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
        }
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB")?.trim().parse().ok());
        most = most.max(peak.unwrap_or_default());
    };
    (done(ended), most)
}

/// Every ping is to be answered (RFC 6455 section 5.5.2), but this site takes no answer.
#[tokio::test]
async fn a_site_that_pings_and_never_reads() {
    let site = Site { ends: Ends::Flood, ..Site::default() };
    let (done, most) = measured(site, &["--ws-url", "/ws", "--idle", "4s", "--only", "spread"]).await;
    assert!(done.code == Some(0) && (1..64 << 10).contains(&most), "{most} KiB, {:?}: {} {}", done.code, done.details(), done.stderr);
}
