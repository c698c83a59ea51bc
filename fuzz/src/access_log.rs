//! Lines of access logs: whatever a client sends, a line names the server that answered, or none.

use std::fmt::Write;
use sticky_affinity::log::{Format, Upstream};

/// The server that answered every request here.
const OURS: &str = "10.0.0.7:8080";

/// The input is a line, and also what a client sends in its User-Agent and elsewhere.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for line in text.lines() {
        if let Some(all) = Format::of(line).and_then(|format| format.read(line)) {
            for upstream in all.tried.iter().chain([&all.answered]) {
                assert_eq!(Upstream::read(&upstream.to_string()).as_ref(), Some(upstream), "{line}");
            }
        }
    }
    // No proxy here takes control characters in a header.
    let sent: String = text.chars().filter(|letter| !letter.is_control()).collect();
    let escaped = escaped(&sent);
    let json = serde_json::Value::from(sent.as_str());
    // The quotes around a server name are nothing that TLS allows.
    let lines = [
        format!(
            r#"10.0.0.1 - {escaped} [30/Nov/2026:09:10:11 +0000] "GET /{escaped} HTTP/1.1" 200 6 "{escaped}" "{escaped}" 141 0.001 [a-b-80] [] {OURS} 6 0.001 200 {escaped}"#
        ),
        format!(r#"{{"upstream_addr": "{OURS}", "agent": {json}, "path": {json}}}"#),
        format!(r#"10.0.0.1 - - [30/Nov/2026:09:10:11 +0000] "GET /{sent} HTTP/1.1" 200 6 "{sent}" "{sent}" 17 "a@b" "http://{OURS}" 5ms"#),
        format!(r#"{{"DownstreamStatus":200,"RequestPath":{json},"ServiceAddr":"{OURS}","request_User-Agent":{json}}}"#),
        format!(r#"[2026-11-30T09:10:11.123Z] "GET /{sent} HTTP/1.1" 200 - 0 6 5 4 "{sent}" "{sent}" "{sent}" "{sent}" "{OURS}""#),
        format!(r#"{{"response_code":"200","user-agent":"{sent}",":authority":"{sent}","upstream_host":"{OURS}","route_name":"a"}}"#),
    ];
    for line in lines {
        if let Some(all) = Format::of(&line).and_then(|format| format.read(&line)) {
            assert_eq!(all.answered.to_string(), OURS, "{line}");
        }
    }
}

/// As nginx escapes variables by default: quotes, backslashes and whatever is not ASCII.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        match byte {
            b'"' | b'\\' | 0..32 | 127.. => drop(write!(escaped, "\\x{byte:02X}")),
            _ => escaped.push(char::from(byte)),
        }
        escaped
    })
}
