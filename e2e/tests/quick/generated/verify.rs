//! The tables of `docs/verify.md`.

use super::between;
use anyhow::Result;
use sticky_affinity::code::Code;
use sticky_affinity::scenario::{ALL, Wants};
use testkit::proxies::cases::{CASES, codes_on_real_proxies};

pub(super) fn page(page: &str) -> Result<String> {
    let page = between(page, "scenarios", &scenarios())?;
    let page = between(&page, "reasons", &reasons())?;
    between(&page, "proxies", &proxies())
}

fn scenarios() -> String {
    let rows = ALL.iter().map(|one| {
        let needs = one.needs.iter().map(|name| format!("`{}`", name.word()));
        let wants = match one.wants {
            Wants::Nothing => None,
            Wants::Socket => Some("a WebSocket".to_owned()),
            Wants::App => Some("this app".to_owned()),
            Wants::Flag(flag) => Some(format!("`{flag}`")),
        };
        let needs: Vec<String> = needs.chain(wants).collect();
        format!("| `{}` | {} | {} |", one.word, one.asks, needs.join(", "))
    });
    format!("| scenario | asks | needs |\n|---|---|---|\n{}", rows.collect::<Vec<_>>().join("\n"))
}

fn reasons() -> String {
    let seen = codes_on_real_proxies();
    let rows = Code::ALL.iter().map(|code| {
        let on = seen.get(code.word()).map(|doors| doors.join(", ")).unwrap_or_default();
        format!("| `{}` | {} | {on} |", code.word(), code.title())
    });
    format!("| reason | means | seen on |\n|---|---|---|\n{}", rows.collect::<Vec<_>>().join("\n"))
}

fn proxies() -> String {
    let rows = CASES.iter().map(|case| {
        let (about, flags) = (case.about, case.flags.iter().map(|flag| flag.replace('|', "\\|")).collect::<Vec<_>>().join(" "));
        let flags = if flags.is_empty() { String::new() } else { format!("`{flags}`") };
        let codes: Vec<String> = case.wanted.codes.iter().map(|code| format!("`{code}`")).collect();
        format!("| {} | {about} | {flags} | {} | {} |", case.door.title(), case.wanted.verdict.replace('-', " "), codes.join(", "))
    });
    format!("| proxy | configured | flags | verdict | reasons |\n|---|---|---|---|---|\n{}", rows.collect::<Vec<_>>().join("\n"))
}
