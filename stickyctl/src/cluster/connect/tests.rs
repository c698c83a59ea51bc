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

#[test]
fn a_pod_connects_as_its_service_account_unless_asked_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    let (plain, named) = (Access::default(), Access { context: Some("prod".to_owned()), ..Access::default() });
    assert!(!is_pod(&plain, true, &token), "no token is mounted");
    std::fs::write(&token, "secret").unwrap();
    assert!(is_pod(&plain, true, &token));
    assert!(!is_pod(&plain, false, &token) && !is_pod(&named, true, &token));
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
            "kind create cluster     creates one on this machine",
            "stickyctl up --local    starts the demo on this machine; it needs no cluster"
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
    assert_eq!(old.tries, ["kind create cluster     creates a new one on this machine", HERE]);
}

async fn kubeconfig(text: Option<&str>, context: Option<&str>) -> Failure {
    let folder = tempfile::tempdir().unwrap();
    if let Some(text) = text {
        std::fs::write(folder.path().join("config"), text).unwrap();
    }
    used(&folder, context, PATIENCE).await
}

/// What is wrong with the kubeconfig in a folder.
async fn used(folder: &tempfile::TempDir, context: Option<&str>, most: Duration) -> Failure {
    let access = Access { kubeconfig: Some(folder.path().join("config")), context: context.map(str::to_owned) };
    let failure: Failure = connect_within(most, &access).await.map(|cluster| cluster.version).unwrap_err().into();
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
    assert_eq!((context.tries, context.exit), (vec!["kubectl config get-contexts".to_owned(), HERE.to_owned()], Exit::Prerequisite));
    let broken = kubeconfig(Some("users:\n- name: a\n  user:\n    token: hunter2\n    exec: hunter3\n"), None).await;
    let said = "the kubeconfig can't be used: it is malformed in line 5, column 11; that is not shown, because it may be a secret";
    assert_eq!(broken.what, said);
}

/// The kubeconfig of a user whose credentials a program has to tell.
fn with_plugin(command: &str, args: &[&str]) -> String {
    let exec = json!({"apiVersion": "client.authentication.k8s.io/v1", "command": command, "args": args, "interactiveMode": "Never",
        "installHint": "\nbrew install login\n"});
    let config = json!({"apiVersion": "v1", "kind": "Config", "current-context": "a",
        "clusters": [{"name": "a", "cluster": {"server": "https://127.0.0.1:1"}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "users": [{"name": "a", "user": {"exec": exec}}]});
    config.to_string()
}

#[tokio::test]
async fn a_program_for_credentials_that_fails() {
    let missing = kubeconfig(Some(&with_plugin("no-such-login", &["hunter2"])), None).await;
    let said = "running no-such-login, which the kubeconfig names for credentials: No such file or directory (os error 2)";
    assert_eq!((missing.what.as_str(), missing.exit), (said, Exit::Prerequisite));
    assert_eq!(missing.tries, ["install no-such-login, or put it into PATH", "brew install login"]);
    let script = "echo hunter2; echo 'not logged in' >&2; exit 3";
    let failed = kubeconfig(Some(&with_plugin("sh", &["-c", script])), None).await;
    assert_eq!(failed.what, "running sh, which the kubeconfig names for credentials: exit status: 3: not logged in");
    let odd = kubeconfig(Some(&with_plugin("echo", &["hunter2"])), None).await;
    assert_eq!(odd.what, "running echo, which the kubeconfig names for credentials: it wrote no credentials that can be used");
}

#[tokio::test]
async fn nothing_waits_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config"), with_plugin("sleep", &["5"])).unwrap();
    let late = used(&folder, None, Duration::from_millis(100)).await;
    let said = "running sleep, which the kubeconfig names for credentials: it did not end within 0.1 s";
    assert_eq!((late.what.as_str(), late.exit), (said, Exit::Prerequisite));

    let folder = tempfile::tempdir().unwrap();
    assert!(std::process::Command::new("mkfifo").arg(folder.path().join("config")).status().unwrap().success());
    let pipe = used(&folder, None, Duration::from_millis(100)).await;
    assert_eq!(pipe.what, "the kubeconfig can't be used: it, or a file that it names, could not be read within 0.1 s");
}

/// kube's reader has limits of its own. An alias square took gigabytes and a minute with another one.
#[test]
fn a_small_hostile_kubeconfig() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    let square = format!("a: &a [{}]\npreferences: [{}]\n", vec!["x"; 4_000].join(","), vec!["*a"; 10_000].join(","));
    for text in [square, format!("preferences: {}", "[".repeat(40_000)), format!("preferences:\n{}x", " - ".repeat(40_000))] {
        std::fs::write(&path, &text).unwrap();
        let began = std::time::Instant::now();
        let refused = super::kubeconfig(&Access { kubeconfig: Some(path.clone()), context: None });
        assert!(matches!(refused, Err(Error::Unusable(_))), "{}", &text[..20]);
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }
}
