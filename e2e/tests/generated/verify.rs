//! The tables of `docs/verify.md`.

use super::between;
use anyhow::Result;
use stickyctl::verify::code::Code;
use stickyctl::verify::scenario::{ALL, Wants};

pub fn page(page: &str) -> Result<String> {
    between(&between(page, "scenarios", &scenarios())?, "reasons", &reasons())
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
    let rows = Code::ALL.iter().map(|code| format!("| `{}` | {} |", code.word(), code.title()));
    format!("| reason | means |\n|---|---|\n{}", rows.collect::<Vec<_>>().join("\n"))
}
