//! That stubs do as they say.

use crate::case::{Case, NOT_STICKY, STICKY, all};
use crate::stub::{Reply, Stub};

const SOCKET: &[&str] = &["--ws-url", "/ws"];

/// The pod is in the cookie.
fn by_cookie() -> Stub {
    let mut turn = 0;
    Stub::new(move |asked| match asked.number_in("pod") {
        Some(pod) => Reply::pod(pod, asked),
        None => {
            turn += 1;
            Reply::pod(turn % 3, asked).cookie(format!("pod={}; Path=/", turn % 3))
        }
    })
}

const CASES: &[Case] = &[
    Case::stub("a stub with affinity", by_cookie, STICKY, &[]).with(SOCKET),
    Case::stub("a stub without", || Stub::new(|asked| Reply::pod(asked.number % 3, asked)), NOT_STICKY, &["no-affinity-cookie"]).with(SOCKET),
];

#[tokio::test]
async fn stubs() {
    all(CASES).await;
}
