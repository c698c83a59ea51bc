//! Facts of sessions: who moves when, and what else a client sees. Each has a probe under its id, but those that are marked as
//! read: they are from measurements of both front doors side by side.

use super::{Expect, Fact, Setting, sees};

const fn probed(id: &'static str, case: &'static str, nginx: Expect, traefik: Expect) -> Fact {
    Fact { id, case, setting: Setting::Probe, nginx, traefik }
}

const fn both(id: &'static str, case: &'static str, seen: &'static str) -> Fact {
    probed(id, case, sees(seen), sees(seen))
}

const fn read(id: &'static str, case: &'static str, nginx: &'static str, traefik: &'static str) -> Fact {
    Fact { id, case, setting: Setting::Read, nginx: sees(nginx), traefik: sees(traefik) }
}

#[allow(clippy::too_many_lines, reason = "a table")]
pub(super) fn all() -> Vec<Fact> {
    vec![
        probed(
            "value-balanced",
            "the value in 30 first answers, `affinity-mode: balanced`",
            sees("30 values").so("a key on a hash ring, made up for each session"),
            sees("one value for each pod"),
        ),
        probed(
            "value-persistent",
            "the same, `affinity-mode: persistent`",
            sees("one value for each pod").so("a hash of the pod's address: equal cookies are one pod, not one session"),
            sees("one value for each pod"),
        ),
        probed(
            "unknown-balanced",
            "a value that nobody issued, `balanced`",
            sees("one pod, no new cookie").so("any text is a key, so a fixed cookie seems to work"),
            sees("a new cookie"),
        ),
        both("unknown-persistent", "the same, `persistent`", "a new cookie"),
        probed(
            "percent-encoded",
            "a client that sends the value percent-encoded, `persistent`",
            sees("a new cookie").so("the bar in the value is lost; `balanced` goes to another pod without a word"),
            sees("same pod, no new cookie").so("the value has nothing to encode"),
        ),
        both("other-answers", "answers to HEAD and POST, 400 and 404 from the app", "all set it"),
        both("websocket", "the answer 101 to a WebSocket", "sets it; with it: same pod, no new cookie"),
        both("keep-alive", "12 requests on one connection, without the cookie", "several pods"),
        probed(
            "parallel-first",
            "10 first requests at once",
            sees("10 values").so("the last to come wins in the browser: ask once, then fan out"),
            sees("one value for each pod"),
        ),
        both("no-endpoint", "a Service without pods", "503, no cookie"),
        probed(
            "two-ingresses",
            "two Ingresses on one Service, each with a cookie name of its own",
            sees("one name for both").so("affinity belongs to the Service: whichever Ingress comes last names the cookie"),
            sees("each its own name"),
        ),
        probed(
            "plain-neighbour",
            "an Ingress without affinity on the same Service, asked with the other's cookie",
            sees("obeys it, sets none"),
            sees("ignores it, sets none"),
        ),
        probed(
            "shared-name",
            "two Services on one host with one cookie name, asked in turn, `persistent`",
            sees("a new cookie each time").so("give each Service a name of its own"),
            sees("same pod, no new cookie").so("the value names the pod, whatever the Service"),
        ),
        probed(
            "two-paths",
            "two paths of one Service on one host, no `session-cookie-path`",
            sees("2 cookies of one name").so("two pods for one session, and with both sent nobody knows which counts"),
            sees("1 cookie"),
        ),
        both("service-upstream", "`service-upstream: \"true\"`, requests with the cookie, 8 to 64 at a time", "a cookie, several pods"),
        probed(
            "canary",
            "`canary: \"true\"`, `canary-weight: \"50\"`, 40 sessions",
            sees("both, and every session stays"),
            sees("all to one of the two").so("not read: which one is chance"),
        ),
        probed(
            "refused-first",
            "a first request when one of three pods refuses connections",
            sees("200 with 2 cookies of one name").so("the first is the dead pod's: the last one counts"),
            sees("502 with a cookie").so("which pins the client to the pod that fails"),
        ),
        both("refused-session", "a session on that pod, without `session-cookie-change-on-failure`", "502"),
        probed(
            "refused-change",
            "the same, with `session-cookie-change-on-failure: \"true\"`",
            sees("200 with a new cookie"),
            sees("502").so("not read"),
        ),
        probed(
            "up-default",
            "3 to 6 pods, no `affinity-mode`",
            sees("35 to 70 % of 40 sessions move, no new cookie").so("`balanced` is the default"),
            sees("0 of 40 sessions move"),
        ),
        probed(
            "up-balanced",
            "3 to 6 pods, `balanced`",
            sees("35 to 70 % of 40 sessions move, no new cookie"),
            sees("0 of 40 sessions move").so("`affinity-mode` is not read"),
        ),
        both("up-persistent", "3 to 6 pods, `persistent`", "0 of 40 sessions move"),
        probed(
            "gone-balanced",
            "1 of 6 pods is deleted and replaced, `balanced`: sessions of the other pods",
            sees("some move").so("twice, even: the ring shrinks at once and grows seconds later"),
            sees("none moves"),
        ),
        both("gone-persistent", "the same, `persistent`: sessions of the other pods", "none moves"),
        probed("down-balanced", "6 to 3 pods, `balanced`: sessions of pods that stay", sees("some move"), sees("none moves")),
        both("down-persistent", "6 to 3 pods, `persistent`: sessions of pods that stay", "none moves"),
        both("socket-and-edit", "an open WebSocket while an Ingress is edited", "stays open"),
        both("restart", "the front door's pod is replaced", "0 of 40 sessions move"),
        read(
            "terminating",
            "the app serves for 15 s after SIGTERM and stays ready",
            "sessions move within 0.3 s, with a new cookie",
            "sessions stay until the pod is gone, and new ones go there too",
        ),
        read(
            "exits-at-once",
            "the app exits at SIGTERM: requests of its sessions",
            "502 for 0.2 to 1.0 s; with `session-cookie-change-on-failure` none",
            "502 until the address leaves the slice; a retry after a second succeeds",
        ),
        read(
            "drains",
            "a rollout of an app that turns readiness off first and accepts for 15 s more",
            "0 of 10,743 requests fail",
            "0 of 10,729 requests fail",
        ),
        read(
            "recovers",
            "a pod is not ready for a while",
            "sessions leave after 2.4 to 3.1 s; `balanced` ones come back when it is ready",
            "sessions leave after 1.9 to 2.2 s and don't come back",
        ),
        read("reload-age", "a WebSocket after an edit of any Ingress", "the old worker is cut after 240 s (`worker-shutdown-timeout`)", "goes on"),
    ]
}
