//! The affinity cookie: what browsers refuse, and names that belong to somebody else.

use crate::spec::ingress::SameSite;
use crate::spec::{Findings, StickyApp};

/// Session cookies of applications and default affinity cookies of other proxies. Two writers of one name on one host
/// overwrite each other: logins break or sessions wander (kubernetes/ingress-nginx#2735, traefik/traefik#1574).
pub const TAKEN: &[(&str, &str)] = &[
    ("JSESSIONID", "Java servlet containers"),
    ("PHPSESSID", "PHP"),
    ("connect.sid", "Express"),
    ("express.sid", "Express"),
    ("ASP.NET_SessionId", "ASP.NET"),
    (".AspNetCore.Session", "ASP.NET Core"),
    ("ARRAffinity", "Azure App Service"),
    ("sessionid", "Django"),
    ("csrftoken", "Django"),
    ("XSRF-TOKEN", "Angular and Laravel"),
    ("laravel_session", "Laravel"),
    ("_session_id", "Rails"),
    ("ci_session", "CodeIgniter"),
    ("CFID", "ColdFusion"),
    ("CFTOKEN", "ColdFusion"),
    ("SESSION", "Spring Session"),
    ("session", "Flask"),
    ("AUTH_SESSION_ID", "Keycloak"),
    ("KEYCLOAK_SESSION", "Keycloak"),
    ("KEYCLOAK_IDENTITY", "Keycloak"),
    ("grafana_session", "Grafana"),
    ("_oauth2_proxy", "oauth2-proxy"),
    ("StickyStr", "this app itself, where it issues the cookie"),
    ("sticky_local", "stickyctl up --local"),
    ("INGRESSCOOKIE", "every Ingress that names none"),
    ("AWSALB", "Amazon's load balancer"),
    ("AWSALBAPP", "Amazon's load balancer"),
    ("GCLB", "Google's load balancer"),
    ("SERVERID", "HAProxy's examples"),
    ("ROUTEID", "Apache's examples"),
];

pub(super) fn check(spec: &StickyApp, findings: &mut Findings) {
    let cookie = &spec.ingress.cookie;
    let secure = spec.ingress.secure();
    if let Some(name) = &cookie.name {
        check_name(name, secure, findings);
    }
    if cookie.lifetime.0 == 0 {
        // ingress-nginx 1.15.1 sends Max-Age=0, which deletes the cookie; Traefik 3.6.12 sends none. Measured.
        findings.refuse("ingress.cookie.lifetime", "0s deletes the cookie as it is set, and nothing sticks; write 48h");
    }
    if cookie.same_site == SameSite::None && !secure {
        findings.refuse("ingress.cookie.sameSite", "browsers drop SameSite=None without Secure; write ingress.cookie.secure: true, or Lax");
    }
    if cookie.secure == Some(true) && spec.ingress.tls_secret.is_none() {
        findings.warn("ingress.cookie.secure", "over plain http browsers don't send the cookie back; this fits where TLS ends before the front door");
    }
}

fn check_name(name: &str, secure: bool, findings: &mut Findings) {
    let path = "ingress.cookie.name";
    let aspsession = name.to_ascii_uppercase().starts_with("ASPSESSIONID").then_some("classic ASP");
    let owner = TAKEN.iter().find(|(taken, _)| taken.eq_ignore_ascii_case(name)).map(|(_, owner)| *owner).or(aspsession);
    if let Some(owner) = owner {
        findings.refuse(
            path,
            format!("`{name}` is the cookie of {owner}; two writers of one name overwrite each other. Leave it out for a name of its own"),
        );
        return;
    }
    // RFC 6265 has more, but ingress-nginx 1.15.1 drops an annotation with odd characters, and Traefik 3.6.12 rewrites it.
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
    if !(1..=64).contains(&name.len()) || !name.bytes().all(plain) {
        findings.refuse(path, format!("`{name}` is no name that every front door takes: 1 to 64 letters, digits, - and _"));
    }
    let lower = name.to_ascii_lowercase();
    if (lower.starts_with("__secure-") || lower.starts_with("__host-")) && !secure {
        findings.refuse(path, format!("browsers drop `{name}` without Secure; write ingress.cookie.secure: true, or another name"));
    }
}
