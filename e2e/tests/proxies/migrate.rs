//! A real move: from nginx with `sticky cookie` to Traefik, with one cookie name and with two; and between two nginx that agree.

use serde_json::Value;
use std::process::Stdio;
use std::time::Duration;
use testkit::proxies::bench::Pods;
use testkit::proxies::case::Case;
use testkit::proxies::cases::CASES;
use testkit::proxies::proxy::{Addresses, Programs, Proxy};
use testkit::proxies::traefik::Traefik;
use testkit::{bin, ports, skip, wait};
use tokio::process::Command;

const LIMIT: Duration = Duration::from_secs(120);

/// What a run ends with: exit code, and the codes of all findings.
type Ends = (Option<i32>, Vec<String>);

async fn verify(from: &str, to: &str, flags: &[&str]) -> (Ends, Value) {
    let mut command = Command::new(bin::stickyctl().unwrap());
    command.args(["verify", "--from", &format!("{from}/whoami"), "--to", &format!("{to}/whoami"), "-o", "json", "--rate", "1000"]).args(flags);
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = wait::within("a migration", LIMIT, command.output()).await.unwrap().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let codes = report["findings"].as_array().into_iter().flatten().filter_map(|one| one["code"].as_str()).map(str::to_owned).collect();
    assert!(report["schema"] == "stickyctl.migration/v1", "{}", String::from_utf8_lossy(&output.stderr));
    ((output.status.code(), codes), report)
}

fn ends(code: i32, codes: &[&str]) -> Ends {
    (Some(code), codes.iter().map(|code| (*code).to_owned()).collect())
}

/// What the document shows of a table: the checks, and what users will feel. The rest differs from run to run, by chance.
fn shown(table: &str) -> String {
    let parts: Vec<&str> = table.split("\n\n").collect();
    let some = parts.iter().filter(|part| ["CHECK", "What users will feel"].iter().any(|start| part.starts_with(start)));
    some.copied().collect::<Vec<_>>().join("\n\n")
}

/// Compares the table of a run with the one in the document.
async fn documented(name: &str, from: &str, to: &str) -> anyhow::Result<()> {
    let mut command = Command::new(bin::stickyctl()?);
    command.args(["verify", "--from", &format!("{from}/whoami"), "--to", &format!("{to}/whoami"), "--seed", "7", "--rate", "1000"]);
    let output = wait::within("a migration", LIMIT, command.stdin(Stdio::null()).kill_on_drop(true).output()).await??;
    testkit::docs::shown::compare("docs/migration.md", name, &shown(&String::from_utf8_lossy(&output.stdout)))
}

fn case() -> &'static Case {
    CASES.iter().find(|case| case.name == "nginx-sticky").expect("the table has it")
}

#[tokio::test]
async fn from_nginx_to_traefik() -> anyhow::Result<()> {
    let Some(programs) = Programs::pinned()? else { return Ok(()) };
    let pods = Pods::start(&[]).await?;
    let addresses = Addresses { apps: pods.addresses(), dead: format!("127.0.0.1:{}", ports::free()?) };
    let nginx = Proxy::start(case(), &programs, &addresses).await?;
    let (Some(same), Some(other)) = (Traefik::start(&addresses, "route").await?, Traefik::start(&addresses, "_traefik").await?) else {
        skip::because("there is no Go to build Traefik with");
        return Ok(());
    };

    let (seen, report) = verify(&nginx.origin, &same.origin, &[]).await;
    assert_eq!(seen, ends(3, &["flip-flop", "moved-at-cut-over"]), "{:#}\n{}", report["findings"], same.log());
    let (new, old) = (&report["to"]["foreign"], &report["from"]["foreign"]);
    assert_eq!((&new["replaced"], &new["requests"], &old["replaced"], &old["requests"]), (&30.into(), &30.into(), &15.into(), &15.into()));
    assert_eq!((report["from"]["verdict"].as_str(), report["to"]["verdict"].as_str()), (Some("sticky"), Some("sticky")));
    assert!(report["sent"]["sockets"] == 20, "{:#}", report["sent"]);
    documented("flip-flop", &nginx.origin, &same.origin).await?;

    let (seen, report) = verify(&nginx.origin, &other.origin, &[]).await;
    assert_eq!(seen, ends(3, &["two-names-two-pods"]), "{:#}\n{}", report["findings"], other.log());
    assert_eq!((report["from"]["cookies"][0].as_str(), report["to"]["cookies"][0].as_str()), (Some("route"), Some("_traefik")));
    documented("two-names", &nginx.origin, &other.origin).await?;

    // A second nginx has the same values for the same pods.
    let second = Proxy::start(case(), &programs, &addresses).await?;
    let (seen, report) = verify(&nginx.origin, &second.origin, &[]).await;
    assert_eq!(seen, ends(0, &[]), "{:#}", report["findings"]);
    Ok(())
}
