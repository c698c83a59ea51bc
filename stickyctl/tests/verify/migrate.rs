//! `stickyctl verify --from A --to B` at two stubs: each outcome, and its neighbours.

use crate::case::{self, Done};
use crate::reported::{hash, turns};
use crate::site::Served;
use crate::stub::{Asked, Reply, Stub};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::process::Stdio;
use tokio::process::Command;

/// What a door does with cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A value of its own dialect names a pod; any other is replaced.
    Persistent,
    /// Any value is hashed, with a salt.
    Ring(&'static str),
    /// A value that is not its own gets this status.
    Strict(u16),
    /// A value that is not its own is never replaced.
    NeverReplaces,
    /// No affinity.
    Nothing,
    /// Only sockets have none.
    NoSockets,
}

#[derive(Debug, Clone, Copy)]
struct Door {
    name: &'static str,
    path: &'static str,
    /// What its values begin with.
    dialect: &'static str,
    /// The number of its first pod.
    pods: u64,
    kind: Kind,
}

const NGINX: Door = Door { name: "route", path: "/", dialect: "n", pods: 0, kind: Kind::Persistent };
const TRAEFIK: Door = Door { dialect: "t", ..NGINX };

impl Door {
    fn stub(self) -> Stub {
        let (mut next, mut keys) = (turns(3), 0);
        Stub::new(move |asked: &Asked| {
            let pod = |n: u64| Reply::pod(self.pods + n % 3, asked);
            let set = |reply: Reply, value: String| reply.cookie(format!("{}={value}; Path={}", self.name, self.path));
            let own = |value: &[u8]| String::from_utf8(value.to_vec()).ok()?.strip_prefix(self.dialect)?.parse::<u64>().ok();
            let mut fresh = || {
                let n = next();
                set(pod(n), format!("{}{n}", self.dialect))
            };
            match (self.kind, asked.cookie(self.name)) {
                (Kind::Nothing, _) => pod(next()),
                (Kind::NoSockets, _) if asked.is_upgrade() => pod(next()),
                (Kind::Ring(salt), Some(value)) => pod(hash(&[&value, salt.as_bytes()].concat())),
                (Kind::Ring(salt), None) => {
                    keys += 1;
                    let key = format!("{}-{keys}", self.dialect);
                    set(pod(hash(&[key.as_bytes(), salt.as_bytes()].concat())), key)
                }
                (kind, Some(value)) => match (own(&value), kind) {
                    (Some(n), _) => pod(n),
                    (None, Kind::Strict(status)) => Reply::new(status),
                    (None, Kind::NeverReplaces) => pod(next()),
                    (None, _) => fresh(),
                },
                (_, None) => fresh(),
            }
        })
    }
}

/// A move between two doors, and what it ends with.
pub(crate) struct Move {
    pub(crate) name: &'static str,
    old: Door,
    new: Door,
    exit: i32,
    verdict: &'static str,
    pub(crate) reasons: &'static [&'static str],
    /// Similar codes that it must not have.
    pub(crate) beside: &'static [&'static str],
}

const NOT: (i32, &str) = (3, "not-seamless");

const fn moved(name: &'static str, (old, new): (Door, Door), reasons: &'static [&'static str], beside: &'static [&'static str]) -> Move {
    Move { name, old, new, exit: NOT.0, verdict: NOT.1, reasons, beside }
}

pub(crate) const CASES: &[Move] = &[
    Move {
        name: "both read one cookie alike",
        old: NGINX,
        new: NGINX,
        exit: 0,
        verdict: "seamless",
        reasons: &[],
        beside: &["flip-flop", "moved-at-cut-over", "two-cookies-one-name", "two-names-two-pods", "foreign-cookie-errors", "other-pods"],
    },
    moved("one name, two dialects", (NGINX, TRAEFIK), &["flip-flop", "moved-at-cut-over"], &["two-names-two-pods"]),
    moved("two names", (NGINX, Door { name: "_traefik", ..TRAEFIK }), &["two-names-two-pods"], &["flip-flop", "moved-at-cut-over"]),
    moved(
        "each hashes one cookie in its own way",
        (Door { kind: Kind::Ring("a"), ..NGINX }, Door { kind: Kind::Ring("b"), ..NGINX }),
        &["proxy-disagreement"],
        &["flip-flop", "two-names-two-pods"],
    ),
    moved("the new door is strict", (NGINX, Door { kind: Kind::Strict(400), ..TRAEFIK }), &["foreign-cookie-errors"], &["flip-flop", "error-rate"]),
    moved("two paths", (Door { path: "/shop", ..NGINX }, TRAEFIK), &["two-cookies-one-name"], &["dead-cookie-unsettled", "flip-flop"]),
    moved("the new door never replaces a value", (NGINX, Door { kind: Kind::NeverReplaces, ..TRAEFIK }), &["dead-cookie-unsettled"], &["flip-flop"]),
    moved(
        "the new door has no affinity",
        (NGINX, Door { kind: Kind::Nothing, ..TRAEFIK }),
        &["no-affinity-cookie"],
        &["flip-flop", "dead-cookie-unsettled"],
    ),
    moved(
        "the new door has no affinity for sockets",
        (NGINX, Door { kind: Kind::NoSockets, ..NGINX }),
        &["socket-elsewhere"],
        &["moved-at-cut-over"],
    ),
    moved("other pods", (NGINX, Door { pods: 10, ..TRAEFIK }), &["other-pods"], &["flip-flop", "moved-at-cut-over"]),
];

fn command(old: &Served, new: &Served, flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stickyctl"));
    let path = "shop/cart";
    command.arg("verify").arg("--from").arg(format!("{}{path}", old.url)).arg("--to").arg(format!("{}{path}", new.url));
    command.args(["--pod-identity", "header:x-pod", "--ws-url", "/shop/ws", "--seed", "7"]).args(flags);
    if !flags.contains(&"--rate") {
        command.args(["--rate", "2000"]);
    }
    if !flags.contains(&"-o") {
        command.args(["-o", "json"]);
    }
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn run(old: Door, new: Door, flags: &[&str]) -> Done {
    let (old, new) = (old.stub().serve().await, new.stub().serve().await);
    case::done(command(&old, &new, flags).output().await.unwrap())
}

fn codes(report: &Value) -> Vec<&str> {
    report["findings"].as_array().into_iter().flatten().filter_map(|finding| finding["code"].as_str()).collect()
}

#[tokio::test]
async fn every_outcome_of_a_migration() {
    let mut wrong = Vec::new();
    for one in CASES {
        let done = run(one.old, one.new, &[]).await;
        let seen = (done.code, done.report["verdict"].as_str().unwrap_or_default(), codes(&done.report));
        if seen != (Some(one.exit), one.verdict, one.reasons.to_vec()) {
            wrong.push(format!("{}: {seen:?}: {:#} {}", one.name, done.report["findings"], done.stderr));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}

/// What is counted and said, in all forms.
#[tokio::test]
async fn what_users_will_feel() {
    let folder = tempfile::tempdir().unwrap();
    let [page, junit] = ["page.html", "junit.xml"].map(|name| folder.path().join(name));
    let files = ["--report", page.to_str().unwrap(), "--junit-file", junit.to_str().unwrap()];
    let done = run(NGINX, TRAEFIK, &files).await;
    let report = &done.report;
    let foreign = &report["to"]["foreign"];
    assert_eq!((foreign["requests"].as_u64(), foreign["replaced"].as_u64(), report["sent"]["sockets"].as_u64()), (Some(30), Some(30), Some(20)));
    let (moved, of) = (report["cut_over"]["seen"].as_u64().unwrap(), report["cut_over"]["of"].as_u64().unwrap());
    assert!((10..=28).contains(&moved) && of == 30, "{moved} of {of}");
    let lead = report["summary"]["lead"].as_str().unwrap();
    assert!(lead.contains("lose it again") && lead.contains(&format!("({moved} of 30)")), "{lead}");
    for says in [
        "plan: from http://127.0.0.1:",
        "users see 127.0.0.1:",
        "at most 875 requests and 20 sockets",
        "30 sessions of 13 requests begin at the old front door",
    ] {
        assert!(done.stderr.contains(says), "{says}: {}", done.stderr);
    }
    assert!(std::fs::read_to_string(&page).unwrap().contains("stickyctl.migration/v1"));
    let junit = std::fs::read_to_string(&junit).unwrap();
    assert!(junit.contains("type=\"flip-flop\"") && junit.contains("name=\"old-door\""), "{junit}");
    let table = run(NGINX, TRAEFIK, &["-o", "table"]).await;
    for says in
        ["NOT SEAMLESS    old front door: sticky      new front door: sticky", "What users will feel", "What to do", "stickyctl explain flip-flop"]
    {
        assert!(table.stdout.contains(says), "{says}: {}", table.stdout);
    }
}

/// The new front door is reached by another name, and hears the one that users know.
#[tokio::test]
async fn the_site_keeps_its_name() {
    let heard = std::sync::Arc::new(std::sync::Mutex::new(std::collections::BTreeSet::new()));
    let hears = |door: Door| {
        let (heard, mut stub) = (heard.clone(), door.stub().into_answers());
        Stub::new(move |asked| {
            heard.lock().unwrap().insert(asked.header("host").unwrap_or_default().to_owned());
            stub(asked)
        })
    };
    let (old, new) = (hears(NGINX).serve().await, hears(NGINX).serve().await);
    let port = |served: &Served| served.url.trim_end_matches('/').rsplit(':').next().unwrap().to_owned();
    let urls = [format!("http://localhost:{}/", port(&old)), format!("http://127.0.0.1:{}/", port(&new))];
    let mut command = Command::new(env!("CARGO_BIN_EXE_stickyctl"));
    command.args(["verify", "--from", &urls[0], "--to", &urls[1], "--pod-identity", "header:x-pod", "--rate", "2000", "-o", "json"]);
    let done = case::done(command.env_clear().output().await.unwrap());
    assert_eq!(done.code, Some(0), "{} {}", done.report["findings"], done.stderr);
    assert_eq!(heard.lock().unwrap().iter().cloned().collect::<Vec<_>>(), [format!("localhost:{}", port(&old))]);
    assert!(
        done.stderr.contains("assumed: the site keeps its name when it moves, so requests to the new front door name localhost too"),
        "{}",
        done.stderr
    );
    assert_eq!(done.report["host"], format!("localhost:{}", port(&old)));
    // A name that is given is not assumed.
    heard.lock().unwrap().clear();
    let mut command = Command::new(env!("CARGO_BIN_EXE_stickyctl"));
    command.args([
        "verify",
        "--from",
        &urls[0],
        "--to",
        &urls[1],
        "--host",
        "shop.example:80",
        "--pod-identity",
        "header:x-pod",
        "--rate",
        "2000",
        "-o",
        "json",
    ]);
    let done = case::done(command.env_clear().output().await.unwrap());
    assert_eq!((done.code, heard.lock().unwrap().iter().cloned().collect::<Vec<_>>()), (Some(0), vec!["shop.example".to_owned()]));
    assert!(!done.stderr.contains("assumed"), "{}", done.stderr);
}

/// Ctrl-C ends it with a report of what was seen, and a door that is silent ends it early.
#[tokio::test]
async fn cut_short() {
    let (old, new) = (NGINX.stub().serve().await, TRAEFIK.stub().serve().await);
    let child = command(&old, &new, &["--rate", "100"]).spawn().unwrap();
    let pid = Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
    new.state.has(60).await;
    kill_process(pid, Signal::INT).unwrap();
    let done = case::done(child.wait_with_output().await.unwrap());
    assert_eq!((done.code, done.report["partial"].as_bool()), (Some(130), Some(true)), "{}", done.stderr);
    let silent = Stub::new(|_| Reply::never()).serve().await;
    let done = case::done(command(&old, &silent, &["--timeout", "500ms"]).output().await.unwrap());
    assert_eq!((done.code, codes(&done.report)), (Some(6), vec!["transport"]), "{}", done.stderr);
    assert!(done.stderr.contains("the new front door: nobody answered in the first round"), "{}", done.stderr);
}

/// What cannot be a migration is told before the first request.
#[tokio::test]
async fn wrong_command_lines() {
    let (a, b) = ("http://127.0.0.1:1/", "http://127.0.0.1:2/");
    for (flags, says) in [
        (&["--from", a][..], "--to"),
        (&["--to", a], "--from"),
        (&["--from", a, "--to", a], "lead to the same address, 127.0.0.1:1"),
        (&["--from", "http://127.0.0.1:1/a", "--to", "http://127.0.0.1:2/b"], "both must be the same"),
        (&["--from", a, "--to", b, "--ws-url", "ws://127.0.0.1:3/ws"], "each front door has its own"),
        (&["--from", a, "--to", "shop"], "write ingress/NAME, httproute/NAME or service/NAME, or a URL"),
        (&["--from", a, "--to", b, "--lost-when", "status:404"], "--lost-when"),
        (&["--from", a, "--to", b, "--baseline", "x.json"], "--baseline"),
        (&["--from", a, "--to", b, "--in-cluster"], "'--to <NEW>' cannot be used with '--in-cluster'"),
        (&["--from", a, "--to", b, "--print-cronjob"], "'--to <NEW>' cannot be used with '--print-cronjob'"),
        (&["--from", a, "--to", b, "http://127.0.0.1:3/"], "TARGET"),
        (&["--to-connect", "127.0.0.1:2"], "--to"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stickyctl"));
        let done = case::done(command.arg("verify").args(flags).env_clear().output().await.unwrap());
        assert_eq!(done.code, Some(2), "{flags:?}: {}", done.stderr);
        assert!(done.stderr.contains(says), "{flags:?}: {}", done.stderr);
    }
}

/// Reports are as their schema says.
#[tokio::test]
async fn a_report_by_its_schema() {
    let schema = jsonschema::draft202012::new(&stickyctl::verify::migrate::report::Report::schema()).unwrap();
    let done = run(NGINX, TRAEFIK, &[]).await;
    let wrong: Vec<String> = schema.iter_errors(&done.report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
