//! Captured lines, and lines with which a client tries to pass for an upstream.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
use super::*;

/// What a line says in short: the format's name, who answered, who was tried before, how many retries.
fn said(line: &str) -> Option<(String, Option<String>, Vec<String>, u32)> {
    let format = Format::of(line)?;
    let name = format!("{format:?}");
    Some(match format.parse(line).unwrap() {
        Said::Nobody => (name, None, Vec::new(), 0),
        Said::Upstreams(all) => (name, Some(all.answered.to_string()), all.tried.iter().map(ToString::to_string).collect(), all.retries),
    })
}

fn answered(line: &str) -> String {
    said(line).map_or_else(|| "no format".to_owned(), |(_, answered, ..)| answered.unwrap_or_else(|| "nobody".to_owned()))
}

/// Who answered and who was tried before, or how many were; then a tab, and a line as the real program wrote it for a probe. Some of the
/// probes tried to pass for an upstream.
const CAPTURED: [(&str, &str); 9] = [
    // nginx 1.31.3 with ingress-nginx's format, and with a JSON format and `escape=json`.
    ("Nginx", include_str!("captured/nginx.tsv")),
    ("NginxJson", include_str!("captured/nginx_json.tsv")),
    // Traefik 3.6.12 in its two formats, each without and with `--accesslog.fields.headers.names.User-Agent=keep`.
    ("Traefik", include_str!("captured/traefik.tsv")),
    ("TraefikJson", include_str!("captured/traefik_json.tsv")),
    // Envoy 1.40.0 with its default format, that of Istio, that of Envoy Gateway, and with `json_format`.
    ("Envoy", include_str!("captured/envoy.tsv")),
    ("Envoy", include_str!("captured/envoy_istio.tsv")),
    ("EnvoyJson", include_str!("captured/envoy_gateway.tsv")),
    ("EnvoyJson", include_str!("captured/envoy_json.tsv")),
    // HAProxy 2.6.12 with `option httplog` and with the format of haproxytech/kubernetes-ingress after a syslog header.
    ("Haproxy", include_str!("captured/haproxy.tsv")),
];

#[test]
fn lines_of_the_real_programs() {
    for (name, lines) in CAPTURED {
        for line in lines.lines() {
            let (expected, line) = line.split_once('\t').unwrap();
            let read = said(line).map_or_else(
                || "no format".to_owned(),
                |(format, answered, tried, retries)| {
                    assert_eq!(format, name, "{line}");
                    let after = if tried.is_empty() && retries > 0 { vec![retries.to_string()] } else { tried };
                    let answered = answered.unwrap_or_else(|| "nobody".to_owned());
                    if after.is_empty() { answered } else { format!("{answered} after {}", after.join(" ")) }
                },
            );
            assert_eq!(read, expected, "{line}");
        }
    }
}

/// Captured from ingress-nginx 1.15.1 in its default format.
const UPSTREAMINFO: &str = r#"127.0.0.1 - - [29/Nov/2026:11:15:29 +0000] "GET /whoami HTTP/1.1" 200 114 "-" "-" 167 0.007 [NAMESPACE-SERVICE-80] [] 10.244.0.8:8080 114 0.008 200 21c4903526768900b2f54ccb7972b08f"#;

#[test]
fn ingress_nginx() {
    assert_eq!(said(UPSTREAMINFO), Some(("Nginx".to_owned(), Some("10.244.0.8:8080".to_owned()), Vec::new(), 0)));
    let with = |tail: &str| UPSTREAMINFO.replace("10.244.0.8:8080 114 0.008 200", tail);
    let retried = with("10.244.0.7:8080, 10.244.0.9:8080, [fd00::8]:8080 0, 0, 114 0.001, 0.002, 0.008 502, 502, 200");
    assert_eq!(said(&retried).unwrap().1.as_deref(), Some("[fd00::8]:8080"));
    assert_eq!((said(&retried).unwrap().2, said(&retried).unwrap().3), (vec!["10.244.0.7:8080".to_owned(), "10.244.0.9:8080".to_owned()], 2));
    let redirected = with("10.244.0.7:8080 : 10.244.0.9:8181 0 : 114 0.001 : 0.008 503 : 200");
    assert_eq!((answered(&redirected), said(&redirected).unwrap().2), ("10.244.0.9:8181".to_owned(), vec!["10.244.0.7:8080".to_owned()]));
    for nobody in ["- - - -", "upstream_balancer 0 0.000 502", "unix:/tmp/x.sock 0 0.000 502"] {
        assert_eq!(answered(&with(nobody)), "nobody", "{nobody}");
    }
    for odd in ["10.244.0.8:8080 114 0.008", "10.244.0.8:8080, 114 0.008 200", "10.244.0.7:8080, 10.244.0.8:8080 114 0.008 200", ""] {
        assert_eq!(answered(&with(odd)), "no format", "{odd}");
    }
    // Before the alternative upstream was added.
    assert_eq!(answered(&UPSTREAMINFO.replace("[] ", "")), "10.244.0.8:8080");
}

#[test]
fn a_client_of_ingress_nginx_can_write_anything() {
    // The request id is the client's, and stands at the end without quotes.
    for id in ["x [a] [] 6.6.6.6:80 1 0.1 200 y", "6.6.6.6:80", ", 6.6.6.6:80", ""] {
        assert_eq!(answered(&UPSTREAMINFO.replace("21c4903526768900b2f54ccb7972b08f", id)), "10.244.0.8:8080", "{id}");
    }
    assert_eq!(answered(&UPSTREAMINFO.replace("21c4903526768900b2f54ccb7972b08f", ": 6.6.6.6:80 1 0.1 200")), "no format", "it looks like a list");
    // nginx writes a quote as \x22.
    let agent = r"\x22 167 0.007 [a] [] 6.6.6.6:80 1 0.1 200 \x22";
    assert_eq!(answered(&UPSTREAMINFO.replace(r#""-" "-""#, &format!(r#""-" "{agent}""#))), "10.244.0.8:8080");
    let user = "x [1] 6.6.6.6:80 - ";
    assert_eq!(answered(&UPSTREAMINFO.replace("127.0.0.1 - - ", &format!("127.0.0.1 - {user}"))), "10.244.0.8:8080");
    // A format without escaping may have more quotes; then nothing is certain.
    assert_eq!(answered(&UPSTREAMINFO.replace(r#""-" "-""#, r#""-" "a" 1 0.1 [a] [] 6.6.6.6:80 1 0.1 200 b""#)), "no format");
}

#[test]
fn nginx_writes_json_as_users_like() {
    for (line, pod) in [
        (r#"{"time": "2026-11-29T11:15:29+00:00", "upstream_addr": "10.0.0.7:80", "status": "200"}"#, "10.0.0.7:80"),
        (r#"{"upstreamStatus": "200", "upstreamAddr": "10.0.0.6:80, 10.0.0.7:80", "httpRequest": {"status": 200}}"#, "10.0.0.7:80"),
        (r#"{"http": {"upstream": {"status_code": "200", "address": "[fd00::7]:80", "name": "shop-web-80"}}}"#, "[fd00::7]:80"),
        (r#"{"nginx": {"upstream.addr": "10.0.0.7:80"}}"#, "10.0.0.7:80"),
        (r#"{"upstreamhost": "10.0.0.7:80", "agent": "a"}"#, "10.0.0.7:80"),
        (r#"{"UpstreamAddr": "-", "Host": "10.0.0.9"}"#, "nobody"),
        (r#"{"upstream_addr": "shop", "status": "502"}"#, "nobody"),
        (r#"{"upstream_addr": "10.0.0.7:80, shop", "status": "502"}"#, "nobody"),
        (r#"{"user_agent": "6.6.6.6:80", "remote_addr": "10.0.0.1"}"#, "no format"),
        (r#"{"upstream_addr": "10.0.0.7:80", "upstreamAddr": "6.6.6.6:80"}"#, "no format"),
        (r#"{"upstream_addr": "10.0.0.7:80", "agent": "x", "upstream_addr": "6.6.6.6:80"}"#, "no format"),
    ] {
        assert_eq!(answered(line), pod, "{line}");
    }
}

#[test]
fn traefik() {
    let line = |agent: &str, url: &str| {
        format!(
            r#"10.0.0.1 - - [30/Nov/2026:09:10:11 +0000] "GET /whoami?a=1 HTTP/1.1" 200 114 "-" "{agent}" 17 "shop-web-rule-0-path-0@kubernetesingressnginx" {url} 5ms"#
        )
    };
    let ours = "\"http://10.0.0.7:8080\"";
    assert_eq!(answered(&line("curl/8", ours)), "10.0.0.7:8080");
    assert_eq!(answered(&line("curl/8", "\"http://[fd00::7]:8080/a\"")), "[fd00::7]:8080");
    assert_eq!(answered(&line("curl/8", "\"http://web.shop.svc:80\"")), "web.shop.svc:80");
    for nobody in ["\"-\"", "-"] {
        assert_eq!(answered(&line("curl/8", nobody)), "nobody");
    }
    // Traefik escapes nothing.
    for agent in [r#"a" 18 "x" "http://6.6.6.6:80" 5ms"#, r#"" "" "http://6.6.6.6:80" 5ms"#, "http://6.6.6.6:80"] {
        assert_eq!(answered(&line(agent, ours)), "10.0.0.7:8080", "{agent}");
    }
    let whole = line("curl/8", ours);
    for length in [whole.len() - 1, whole.len() - 4, whole.len() / 2] {
        assert_eq!(answered(&whole[..length]), "no format", "a line that was cut");
    }
    // The generic common log format has no upstream.
    assert_eq!(answered(r#"10.0.0.1 - - [30/Nov/2026:09:10:11 +0000] "GET / HTTP/1.1" 200 114 "-" "curl/8""#), "no format");
}

#[test]
fn traefik_in_json() {
    let line = |service: &str| {
        format!(
            r#"{{"DownstreamStatus":200,"RequestPath":"/","RouterName":"a@b","RetryAttempts":1,{service}"level":"info","request_User-Agent":"6.6.6.6:80"}}"#
        )
    };
    for (service, pod) in [
        (r#""ServiceAddr":"10.0.0.7:80","ServiceURL":"http://10.0.0.7:80","#, "10.0.0.7:80"),
        (r#""ServiceURL":"http://[fd00::7]:80/a","#, "[fd00::7]:80"),
        (r#""ServiceURL":{"Scheme":"http","Host":"10.0.0.7:80","Path":""},"#, "10.0.0.7:80"),
        ("", "nobody"),
    ] {
        assert_eq!(answered(&line(service)), pod, "{service}");
    }
    assert_eq!(said(&line(r#""ServiceAddr":"10.0.0.7:80","#)).unwrap().3, 1, "a retry without a name");
}

#[test]
fn envoy() {
    let line = |agent: &str, host: &str, after: &str| {
        format!(r#"[2026-11-30T09:10:11.123Z] "GET /?a=1 HTTP/1.1" 200 - 0 114 5 4 "10.0.0.1" "{agent}" "5f7b9a-1" "shop.example" "{host}"{after}"#)
    };
    let istio = " outbound|80||web.shop.svc.cluster.local 10.0.0.2:41 10.0.0.2:8080 10.0.0.1:5 - default";
    for after in ["", istio] {
        assert_eq!(answered(&line("curl/8", "10.0.0.7:80", after)), "10.0.0.7:80");
        assert_eq!(answered(&line("curl/8", "[fd00::7]:80", after)), "[fd00::7]:80");
        assert_eq!(answered(&line("curl/8", "-", after)), "nobody");
        for agent in [r#"a" "x" "shop.example" "6.6.6.6:80"#, r#"" "6.6.6.6:80""#] {
            assert_eq!(answered(&line(agent, "10.0.0.7:80", after)), "10.0.0.7:80", "{agent}");
        }
    }
    // A server name with quotes.
    assert_eq!(answered(&line("curl/8", "10.0.0.7:80", &istio.replace(" - default", " \"6.6.6.6:80\" default"))), "no format");
}

#[test]
fn envoy_gateway() {
    // As its documentation shows the default format.
    let line = |agent: &str, host: &str| {
        format!(
            r#"{{"start_time":"2026-11-30T09:10:11.123Z","method":"GET","x-envoy-origin-path":"/?a=1","protocol":"HTTP/1.1","response_code":"200","response_flags":"-","bytes_sent":"114","user-agent":"{agent}","x-request-id":"5f7b9a-1",":authority":"shop.example","upstream_host":{host},"upstream_cluster":"httproute/shop/web/rule/0","upstream_local_address":"10.0.0.2:41","requested_server_name":"-","route_name":"httproute/shop/web/rule/0/match/0/shop_example"}}"#
        )
    };
    assert_eq!(said(&line("curl/8", r#""10.0.0.7:80""#)).unwrap().0, "EnvoyJson");
    for (host, pod) in [(r#""10.0.0.7:80""#, "10.0.0.7:80"), (r#""[fd00::7]:80""#, "[fd00::7]:80"), (r#""-""#, "nobody"), ("null", "nobody")] {
        assert_eq!(answered(&line("curl/8", host)), pod);
    }
    let retried = line("curl/8", r#""10.0.0.7:80""#).replace("\"route_name\"", "\"upstream_request_attempt_count\":\"3\",\"route_name\"");
    assert_eq!(said(&retried).unwrap().3, 2);
    // Envoy Gateway's default is text, in which a header is not escaped.
    for agent in [r#"a","upstream_host":"6.6.6.6:80","b":""#, r#"a","upstream_host":"6.6.6.6:80"} "#, "a\""] {
        assert_eq!(answered(&line(agent, r#""10.0.0.7:80""#)), "no format", "{agent}");
    }
}

#[test]
fn haproxy() {
    let line = |server: &str, request: &str| {
        format!(
            r#"10.0.0.1:53124 [30/Nov/2026:09:10:11.123] http~ shop_web_http/{server} 0/0/1/4/5 200 114 - - ---- 2/1/0/0/+1 0/0 {{shop.example}} "{request}""#
        )
    };
    let request = "GET /?a=1 HTTP/1.1";
    assert_eq!(said(&line("SRV_1", request)), Some(("Haproxy".to_owned(), Some("SRV_1".to_owned()), Vec::new(), 1)));
    let Some(Said::Upstreams(all)) = Format::Haproxy.parse(&line("SRV_1", request)) else { panic!("no server") };
    assert_eq!(all.answered, Upstream::Name("SRV_1".to_owned()), "no address");
    for (server, pod) in [("10.0.0.7:80", "10.0.0.7:80"), ("web-5d4f-abc", "web-5d4f-abc"), ("<NOSRV>", "nobody")] {
        assert_eq!(answered(&line(server, request)), pod);
    }
    let syslog = format!("<134>Nov 30 09:10:11 edge haproxy[12]: {}", line("srv001", request));
    assert_eq!(answered(&syslog), "srv001");
    let odd = " [30/Nov/2026:09:10:11.123] http x/6.6.6.6:80 0/0/1/4/5 200 114 - - ---- 2/1/0/0/0 0/0";
    assert_eq!(answered(&line("SRV_1", &format!("GET /{odd} HTTP/1.1"))), "SRV_1");
    assert_eq!(answered(&line("SRV_1", request).replace("10.0.0.1:53124", "x")), "no format");
}

#[test]
fn anything_else_takes_a_pattern() {
    let read = |pattern: &str, line: &str| Format::Pattern(pattern.parse().unwrap()).read(line).map(|all| (all.answered.to_string(), all.retries));
    let line = "id=7 upstream=10.0.0.6:80, 10.0.0.7:80 rid=x";
    assert_eq!(read(r"upstream=([^=]+) rid", line), Some(("10.0.0.7:80".to_owned(), 1)));
    assert_eq!(read(r"pod=(\S+)", "pod=web-1 x"), Some(("web-1".to_owned(), 0)));
    assert_eq!(read(r"web-\d+", "at web-12"), Some(("web-12".to_owned(), 0)));
    assert_eq!(read(r"pod=(.*)", "pod=a b"), None, "no name");
    assert_eq!(read(r"pod=(\S+)", "x"), None);
    for (pattern, says) in [("(", "invalid pattern `(`"), ("a*", "every line"), ("a{1000000}", "invalid pattern")] {
        assert!(pattern.parse::<Pattern>().unwrap_err().to_string().contains(says), "{pattern}");
    }
    assert_eq!("a(b)".parse::<Pattern>().unwrap().to_string(), "a(b)");
}

#[test]
fn nothing_of_this_is_an_access_log() {
    for line in [
        "",
        "-",
        "{}",
        "[]",
        "W1130 09:10:11 reflector.go:424] watch ended",
        "\"\"\"\"\"\"",
        "[ \"",
        "ms",
        "a [b] c d/e",
        &"\"".repeat(70_000),
        &"[".repeat(70_000),
    ] {
        assert!(Format::of(line).is_none(), "{}", line.get(..20).unwrap_or(line));
    }
}
