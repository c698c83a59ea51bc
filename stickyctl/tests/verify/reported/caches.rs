//! Caches and CDNs in front of the balancer.

use super::{Report, check, turns};
use crate::case::{Case, NOT_STICKY, STICKY, UNCLEAR};
use crate::stub::{Reply, Stub};

/// A balancer that sets its cookie only on answers that no cache may store.
fn not_on_cacheable(control: &'static str) -> Stub {
    let mut next = turns(3);
    Stub::new(move |asked| match asked.number_in("ASLBSA") {
        Some(pod) => Reply::pod(pod, asked).header("cache-control", control),
        None => {
            let pod = next();
            let answer = Reply::pod(pod, asked).header("cache-control", control);
            if control == "no-store" { answer.cookie(format!("ASLBSA={pod}; Path=/; HttpOnly")) } else { answer }
        }
    })
}

/// The app sits behind a CDN under another name than its own, and sets its cookie for its own.
fn own_name(domain: &'static str) -> Stub {
    let mut next = turns(3);
    Stub::new(move |asked| match asked.number_in("ARRAffinity") {
        Some(pod) => Reply::pod(pod, asked),
        None => {
            let pod = next();
            Reply::pod(pod, asked).cookie(format!("ARRAffinity={pod}; Path=/; HttpOnly; Domain={domain}"))
        }
    })
}

/// A cache stores the first page together with its cookie, and gives both to everyone.
fn one_cookie_for_all(stores: bool) -> Stub {
    let mut next = turns(3);
    Stub::new(move |asked| match asked.number_in("route") {
        Some(pod) => Reply::pod(pod, asked),
        None => {
            let pod = if stores && asked.path == "/" { 1 } else { next() };
            Reply::pod(pod, asked).cookie(format!("route={pod}; Path=/"))
        }
    })
}

pub(super) const REPORTS: &[Report] = &[
    Report {
        source: "MicrosoftDocs/azure-docs#60794",
        does: "Azure Front Door sets no cookie on answers that caches may store",
        case: Case::stub("no cookie on what caches may store", || not_on_cacheable("public, max-age=60"), NOT_STICKY, &["no-affinity-cookie"])
            .beside(&["cached"]),
        beside: Case::stub("a cookie on what no cache may store", || not_on_cacheable("no-store"), STICKY, &[]).beside(&["no-affinity-cookie"]),
    },
    Report {
        source: "MicrosoftDocs/azure-docs#65708",
        does: "Azure App Service sets its cookie for its own name, and users know the site by another",
        case: Case::stub("a cookie for the name behind", || own_name("shop-prod.azurewebsites.net"), NOT_STICKY, &["cookie-domain-mismatch"])
            .with(&["--host", "www.shop.example"]),
        beside: Case::stub("a cookie for the name in front", || own_name("shop-prod.azurewebsites.net"), STICKY, &[])
            .with(&["--host", "shop-prod.azurewebsites.net"])
            .beside(&["cookie-domain-mismatch"]),
    },
    Report {
        source: "openshift/openshift-docs#111549",
        does: "A cache stores the first page with its cookie, so everyone gets one user's cookie",
        // With 15 sessions the answer would depend on whether the controls happened to spread evenly.
        case: Case::stub("one cookie for everyone", || one_cookie_for_all(true), UNCLEAR, &["sessions-together"]).with(&[
            "/app",
            "--first",
            "/",
            "--sessions",
            "30",
        ]),
        beside: Case::stub("a cookie for each", || one_cookie_for_all(false), STICKY, &[])
            .with(&["/app", "--first", "/"])
            .beside(&["sessions-together"]),
    },
];

#[tokio::test]
async fn reported_caches() {
    check(REPORTS).await;
}
