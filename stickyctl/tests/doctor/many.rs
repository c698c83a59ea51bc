//! Time and size.

use std::fmt::Write as _;
use std::time::{Duration, Instant};
use stickyctl::doctor::objects::Origin;
use stickyctl::doctor::of_text;

fn manifests(count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        write!(
            text,
            "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web-{n}\n  namespace: ns-{}\n  annotations:\n    \
             nginx.ingress.kubernetes.io/affinity: cookie\n    nginx.ingress.kubernetes.io/session-cookie-name: web\nspec:\n  rules:\n    \
             - host: h{n}.example\n      http:\n        paths:\n          - path: /\n            pathType: Prefix\n            \
             backend: {{service: {{name: web-{n}, port: {{number: 80}}}}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: web-{n}, namespace: ns-{}}}\n\
             spec:\n  selector: {{app: web-{n}, part: web}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web-{n}, namespace: ns-{}}}\nspec:\n  \
             replicas: 1\n  selector: {{matchLabels: {{app: web-{n}}}}}\n  template:\n    metadata: {{labels: {{app: web-{n}, part: web}}}}\n    spec:\n      \
             containers: [{{name: web, image: x}}]\n",
            n % 20,
            n % 20,
            n % 20
        )
        .unwrap();
    }
    text
}

/// How long this thread has been running, which other work on the machine doesn't change. Where the system doesn't tell, the time of day.
fn ran(since: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| since.elapsed(), Duration::from_nanos)
}

fn time(count: usize) -> Duration {
    let text = manifests(count);
    let now = Instant::now();
    let began = ran(now);
    let report = of_text("many.yaml", &text, Origin::Files, None).unwrap();
    let took = ran(now) - began;
    assert!(report.findings.len() >= count * 4, "{}", report.findings.len());
    took
}

/// Four times as many objects take four times as long; a check that compares all with all would take sixteen times.
#[test]
fn the_time_grows_with_the_objects() {
    let few = time(100).min(time(100));
    let many = time(400);
    eprintln!("400 Ingresses with a Service and a Deployment each: {many:?}");
    // Half way between the two, since a busy machine is not exact.
    assert!(many < few * 9, "{few:?} {many:?}");
    assert!(many < Duration::from_secs(20), "{many:?}");
}

/// A few bytes can stand for gigabytes, and a reader can be made to recurse.
#[test]
fn small_files_with_large_meanings() {
    let items = vec!["x"; 2_000].join(",");
    for text in [
        format!("a: &a [{items}]\nb: [{}]\n", vec!["*a"; 8_000].join(",")),
        format!("a: {}{}", "[".repeat(40_000), "]".repeat(40_000)),
        "{\"a\":".repeat(40_000),
        (1..20).fold("a0: &a0 x\n".to_owned(), |text, n| format!("{text}a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(","))),
        "---\nkind: Ingress\n".repeat(60_000),
    ] {
        let began = Instant::now();
        let why = of_text("x.yaml", &text, Origin::Files, None).unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(10) && why.len() < 300 && why.starts_with("x.yaml:"), "{:?} {why}", began.elapsed());
    }
}
