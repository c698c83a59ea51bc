use super::*;
use crate::cluster::fake::{Fake, Then};
use crate::exit::Failure;
use serde_json::json;

#[test]
fn versions() {
    assert!(too_old("1", "29") && too_old("1", "9+") && too_old("0", "40"));
    assert!(!too_old("1", "30") && !too_old("1", "30+") && !too_old("1", "35") && !too_old("2", "0"));
    assert!(!too_old("", ""), "what can't be read is given a try");
}

async fn failed(fake: &Fake) -> Failure {
    greet(fake.client(), "kind-two".to_owned(), "https://127.0.0.1:6443").await.map(|cluster| cluster.version).unwrap_err().into()
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_answers() {
    let cluster = greet(Fake::new().client(), "kind-two".to_owned(), "https://x").await.ok().unwrap();
    assert_eq!((cluster.version.as_str(), cluster.kind()), ("1.35.4", Some("two")));
    assert_eq!(Cluster { context: "prod".to_owned(), ..cluster }.kind(), None);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_does_not() {
    let answered = async |then: Then| {
        let fake = Fake::new();
        fake.rule(None, "/version", None, then);
        failed(&fake).await
    };
    let refused = answered(Then::Refuse("Connection refused (os error 111)")).await;
    assert_eq!(refused.what, "asking https://127.0.0.1:6443 for its version: can't reach the cluster: Connection refused (os error 111)");
    assert_eq!(
        refused.tries,
        [
            "kubectl cluster-info    shows whether the cluster runs, and where the kubeconfig expects it",
            "kind create cluster     creates one on this machine"
        ]
    );
    let wrong = answered(Then::Refuse("invalid peer certificate: UnknownIssuer")).await;
    assert_eq!(
        wrong.what,
        "asking https://127.0.0.1:6443 for its version: the cluster's certificate is not signed by the certificate authority in the kubeconfig \
         (invalid peer certificate: UnknownIssuer)"
    );
    assert_eq!(
        wrong.tries,
        [
            "kubectl config view --minify    certificate-authority-data must be this cluster's; it changes when a cluster is recreated",
            "kind export kubeconfig          writes it again for a kind cluster"
        ]
    );
    let unauthorized = json!({"kind": "Status", "status": "Failure", "code": 401, "reason": "Unauthorized", "message": "Unauthorized"});
    let unauthorized = answered(Then::Status(unauthorized)).await;
    assert_eq!(unauthorized.what, "asking https://127.0.0.1:6443 for its version: the cluster rejected the credentials (Unauthorized)");
    assert_eq!(unauthorized.tries, ["kubectl auth whoami    shows who you are to the cluster"]);
    let late = answered(Then::Silence).await;
    assert_eq!(late.what, "asking https://127.0.0.1:6443 for its version: the API server did not answer within 20 s");
    let exits = [refused.exit, wrong.exit, unauthorized.exit, late.exit];
    assert_eq!(exits, [Exit::Prerequisite, Exit::Prerequisite, Exit::Prerequisite, Exit::TimedOut]);

    let old = json!({"major": "1", "minor": "29", "gitVersion": "v1.29.14+k3s1", "gitCommit": "", "gitTreeState": "", "buildDate": "", "goVersion": "",
        "compiler": "", "platform": "", "code": 200});
    let old = answered(Then::Status(old)).await;
    assert_eq!((old.what.as_str(), old.exit), ("Kubernetes 1.29.14 is too old: stickyctl needs 1.30 or later", Exit::Prerequisite));
    assert_eq!(old.tries, ["kind create cluster    creates a new one on this machine"]);
}

async fn kubeconfig(text: Option<&str>, context: Option<&str>) -> Failure {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    if let Some(text) = text {
        std::fs::write(&path, text).unwrap();
    }
    let access = Access { kubeconfig: Some(path), context: context.map(str::to_owned) };
    let failure: Failure = connect(&access).await.map(|cluster| cluster.version).unwrap_err().into();
    Failure { what: failure.what.replace(&folder.path().display().to_string(), "FOLDER"), ..failure }
}

#[tokio::test]
async fn kubeconfigs_that_are_of_no_use() {
    let none = kubeconfig(None, None).await;
    assert_eq!((none.what.as_str(), none.exit), ("no kubeconfig: FOLDER/config: No such file or directory (os error 2)", Exit::Prerequisite));
    assert_eq!(
        none.tries,
        [
            "kind create cluster              creates a cluster on this machine, and a kubeconfig for it",
            "stickyctl up --kubeconfig FILE   uses a kubeconfig from elsewhere",
            "stickyctl up --local             needs no cluster",
        ]
    );
    // As `kind delete cluster` leaves it.
    let config = "apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n";
    for deleted in [config.to_owned(), format!("{config}current-context: \"\"\n"), config.replace("[]", "null")] {
        let deleted = kubeconfig(Some(&deleted), None).await;
        assert_eq!((deleted.what.as_str(), deleted.exit), ("the kubeconfig has no current context", Exit::Prerequisite));
        assert_eq!(deleted.tries, none.tries, "there is no cluster either way");
    }
    let another = "contexts: [{name: prod, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: 'https://x'}}]\n";
    let another = kubeconfig(Some(another), None).await;
    assert_eq!(another.what, "the kubeconfig has no current context");
    assert_eq!(another.tries[1], "stickyctl up --context NAME      uses one of them");
    let context = kubeconfig(Some(config), Some("nobody")).await;
    assert!(context.what.starts_with("the kubeconfig can't be used: ") && context.what.contains("nobody"), "{}", context.what);
    assert_eq!((context.tries, context.exit), (vec!["kubectl config get-contexts".to_owned()], Exit::Prerequisite));
    let broken = kubeconfig(Some("clusters: 5"), None).await;
    assert!(broken.what.starts_with("the kubeconfig can't be used: "), "{}", broken.what);
}
