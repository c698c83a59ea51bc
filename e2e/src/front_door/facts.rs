//! Facts of the cookie: what annotations make of it on the wire. Measured behind ingress-nginx 1.15.1 and Traefik 3.6.12 side by
//! side; what was rejected is a line in ingress-nginx' log and nothing else.

use super::{CookieCase, Expect, Fact, Setting, sees};

/// A browser that takes `SameSite=None` for `Strict`, as Chrome did from 51 to 66.
const OLD_CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/60.0.3112.113 Safari/537.36";

type Annotations = &'static [(&'static str, &'static str)];

const PLAIN: &str = "`INGRESSCOOKIE; HttpOnly; Path=/` sticks";

const fn fact(id: &'static str, case: &'static str, annotations: Annotations, nginx: Expect, traefik: Expect) -> Fact {
    at("/", id, case, annotations, nginx, traefik)
}

const fn at(path: &'static str, id: &'static str, case: &'static str, annotations: Annotations, nginx: Expect, traefik: Expect) -> Fact {
    Fact { id, case, setting: Setting::Cookie(CookieCase { annotations, path, agent: None }), nginx, traefik }
}

const fn both(id: &'static str, case: &'static str, annotations: Annotations, seen: &'static str) -> Fact {
    fact(id, case, annotations, sees(seen), sees(seen))
}

const ON: (&str, &str) = ("affinity", "cookie");

#[allow(clippy::too_many_lines, reason = "a table")]
pub(super) fn all() -> Vec<Fact> {
    vec![
        both("only-affinity", "`affinity: cookie` alone", &[ON], PLAIN),
        fact(
            "affinity-ip",
            "`affinity: ip`, a value that does not exist",
            &[("affinity", "ip")],
            sees("no cookie, does not stick").so("rejected"),
            sees(PLAIN).so("any value turns it on"),
        ),
        both("name", "`session-cookie-name: route`", &[ON, ("session-cookie-name", "route")], "`route; HttpOnly; Path=/` sticks"),
        fact(
            "name-with-blanks",
            "`session-cookie-name: a b;c`",
            &[ON, ("session-cookie-name", "a b;c")],
            sees(PLAIN).so("rejected"),
            sees("`a_b_c; HttpOnly; Path=/` sticks").so("rewritten"),
        ),
        at(
            "/whoami",
            "no-path",
            "no `session-cookie-path`, the rule's path is `/whoami`",
            &[ON],
            sees("`INGRESSCOOKIE; HttpOnly; Path=/whoami` sticks").so("below that path only: other paths of the site get cookies of their own"),
            sees(PLAIN),
        ),
        at(
            "/who[a-m]+i",
            "no-path-regex",
            "the same where the rule's path is a regular expression",
            &[ON, ("use-regex", "true")],
            sees("`INGRESSCOOKIE; HttpOnly; Path=/who[a-m]+i` does not stick").so("no browser sends it back"),
            sees(PLAIN),
        ),
        both(
            "path-elsewhere",
            "`session-cookie-path: /foo`, asked for `/whoami`",
            &[ON, ("session-cookie-path", "/foo")],
            "`INGRESSCOOKIE; HttpOnly; Path=/foo` does not stick",
        ),
        both(
            "max-age",
            "`session-cookie-max-age: \"3600\"`",
            &[ON, ("session-cookie-max-age", "3600")],
            "`INGRESSCOOKIE; HttpOnly; Max-Age=3600; Path=/` sticks",
        ),
        fact(
            "max-age-0",
            "`session-cookie-max-age: \"0\"`",
            &[ON, ("session-cookie-max-age", "0")],
            sees("`INGRESSCOOKIE; HttpOnly; Max-Age=0; Path=/` does not stick").so("deleted as it is set"),
            sees(PLAIN),
        ),
        fact(
            "max-age-negative",
            "`session-cookie-max-age: \"-1\"`",
            &[ON, ("session-cookie-max-age", "-1")],
            sees("`INGRESSCOOKIE; HttpOnly; Max-Age=-1; Path=/` does not stick"),
            sees("`INGRESSCOOKIE; HttpOnly; Max-Age=0; Path=/` does not stick"),
        ),
        fact(
            "max-age-unit",
            "`session-cookie-max-age: 1h`",
            &[ON, ("session-cookie-max-age", "1h")],
            sees(PLAIN).so("rejected: seconds without a unit"),
            sees(PLAIN).so("dropped"),
        ),
        fact(
            "expires",
            "`session-cookie-expires: \"3600\"`",
            &[ON, ("session-cookie-expires", "3600")],
            sees("`INGRESSCOOKIE; Expires=in 3600 s; HttpOnly; Path=/` sticks").so("the year has two digits"),
            sees(PLAIN).so("not read"),
        ),
        fact(
            "expires-and-max-age",
            "both lifetimes",
            &[ON, ("session-cookie-expires", "3600"), ("session-cookie-max-age", "3600")],
            sees("`INGRESSCOOKIE; Expires=in 3600 s; HttpOnly; Max-Age=3600; Path=/` sticks"),
            sees("`INGRESSCOOKIE; HttpOnly; Max-Age=3600; Path=/` sticks"),
        ),
        both(
            "samesite-lax",
            "`session-cookie-samesite: Lax`",
            &[ON, ("session-cookie-samesite", "Lax")],
            "`INGRESSCOOKIE; HttpOnly; Path=/; SameSite=Lax` sticks",
        ),
        both(
            "samesite-none",
            "`session-cookie-samesite: None` without Secure, which a browser drops and a plain client keeps",
            &[ON, ("session-cookie-samesite", "None")],
            "`INGRESSCOOKIE; HttpOnly; Path=/; SameSite=None` sticks",
        ),
        fact(
            "samesite-lower-case",
            "`session-cookie-samesite: strict`",
            &[ON, ("session-cookie-samesite", "strict")],
            sees(PLAIN).so("the attribute is missing; a warning in the log"),
            sees("`INGRESSCOOKIE; HttpOnly; Path=/; SameSite=Strict` sticks"),
        ),
        fact(
            "samesite-unknown",
            "`session-cookie-samesite: foo`",
            &[ON, ("session-cookie-samesite", "foo")],
            sees(PLAIN).so("rejected"),
            sees(PLAIN).so("dropped"),
        ),
        Fact {
            id: "samesite-conditional",
            case: "`session-cookie-conditional-samesite-none: \"true\"`, asked by Chrome 60",
            setting: Setting::Cookie(CookieCase {
                annotations: &[ON, ("session-cookie-samesite", "None"), ("session-cookie-conditional-samesite-none", "true")],
                path: "/",
                agent: Some(OLD_CHROME),
            }),
            nginx: sees(PLAIN).so("left out for browsers that misread it"),
            traefik: sees("`INGRESSCOOKIE; HttpOnly; Path=/; SameSite=None` sticks").so("not read"),
        },
        both(
            "secure",
            "`session-cookie-secure: \"true\"`, asked over plain http",
            &[ON, ("session-cookie-secure", "true")],
            "`INGRESSCOOKIE; HttpOnly; Path=/; Secure` does not stick",
        ),
        fact(
            "secure-yes",
            "`session-cookie-secure: \"yes\"`",
            &[ON, ("session-cookie-secure", "yes")],
            sees(PLAIN).so("rejected"),
            sees(PLAIN).so("dropped"),
        ),
        Fact {
            id: "secure-by-itself",
            case: "no `session-cookie-secure`, asked over https",
            setting: Setting::Probe,
            nginx: sees("`INGRESSCOOKIE; HttpOnly; Path=/; Secure`").so("by itself; `false` does not take it away"),
            traefik: sees("`INGRESSCOOKIE; HttpOnly; Path=/`").so("say it yourself"),
        },
        both(
            "domain",
            "`session-cookie-domain: shop.example`, asked for another host",
            &[ON, ("session-cookie-domain", "shop.example")],
            "`INGRESSCOOKIE; Domain=shop.example; HttpOnly; Path=/` does not stick",
        ),
    ]
}
