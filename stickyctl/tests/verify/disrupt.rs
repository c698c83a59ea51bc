//! `--disrupt` without a cluster: it refuses before the first request.

use crate::case::verify;
use crate::site::Site;

#[tokio::test]
async fn it_takes_a_cluster_and_a_workload() {
    let site = Site::default().serve().await;
    for (flags, says) in [
        (&["--disrupt", "kill"][..], "--disrupt needs the workload behind the URL"),
        (&["--disrupt", "all", "--workload", "pod/x"], "invalid workload `pod/x`: write deployment/NAME or statefulset/NAME"),
        (&["--disrupt", "reboot"], "possible values: scale, rollout, kill, evict, all"),
        (&["--workload", "deployment/x"], "--disrupt <DISRUPTION>"),
    ] {
        let done = verify(&site, flags).await;
        assert_eq!(done.code, Some(2), "{flags:?}: {}", done.stderr);
        // In whatever width.
        let text = done.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(says), "{flags:?}: {text}");
    }
    let done = verify(&site, &["--disrupt", "kill", "--workload", "deployment/x", "--kubeconfig", "/nowhere"]).await;
    assert_eq!(done.code, Some(5), "{}", done.stderr);
    assert_eq!(site.state.counts(), (0, 0), "nothing was sent");
}
