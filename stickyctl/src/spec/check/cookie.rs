//! The affinity cookie: what browsers refuse, and names that belong to somebody else.

use crate::spec::ingress::{SameSite, needs_secure};
use crate::spec::taken::TAKEN;
use crate::spec::{Findings, StickyApp};

pub(super) fn check(spec: &StickyApp, findings: &mut Findings) {
    let cookie = &spec.ingress.cookie;
    let secure = spec.ingress.secure();
    if let Some(name) = &cookie.name {
        check_name(name, secure, findings);
    }
    if cookie.lifetime.0 == 0 {
        // ingress-nginx 1.15.1 sends Max-Age=0, which deletes the cookie; Traefik 3.6.12 sends none. Measured.
        findings.refuse("ingress.cookie.lifetime", "0s makes browsers delete the cookie at once, so nothing sticks; write 48h");
    }
    if cookie.same_site == SameSite::None && !secure {
        findings.refuse(
            "ingress.cookie.sameSite",
            "browsers drop a cookie with SameSite=None and without Secure; set ingress.cookie.secure to true, or write Lax",
        );
    }
    if cookie.secure == Some(true) && spec.ingress.tls_secret.is_none() {
        findings.warn(
            "ingress.cookie.secure",
            "browsers don't send a Secure cookie over plain HTTP; this works only if TLS ends in front of the front door",
        );
    }
}

fn check_name(name: &str, secure: bool, findings: &mut Findings) {
    let path = "ingress.cookie.name";
    let aspsession = name.to_ascii_uppercase().starts_with("ASPSESSIONID").then_some("classic ASP");
    let owner = TAKEN.iter().find(|(taken, _)| taken.eq_ignore_ascii_case(name)).map(|(_, owner)| *owner).or(aspsession);
    if let Some(owner) = owner {
        findings.refuse(
            path,
            format!(
                "`{name}` is the cookie of {owner}, and two writers of one cookie overwrite each other; leave the key out to get a name of its own"
            ),
        );
        return;
    }
    // RFC 6265 allows more, but ingress-nginx 1.15.1 drops an annotation with other characters, and Traefik 3.6.12 rewrites it.
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
    if !(1..=64).contains(&name.len()) || !name.bytes().all(plain) {
        findings.refuse(path, format!("invalid cookie name `{name}`: every front door accepts 1 to 64 letters, digits, hyphens and underscores"));
    }
    if needs_secure(name) && !secure {
        findings
            .refuse(path, format!("browsers drop a cookie named `{name}` without Secure; set ingress.cookie.secure to true, or choose another name"));
    }
}
