//! Builds what the server embeds: the page's files, each also compressed, and the name of the commit.
//!
//! The page is about forty modules, and a browser that loaded them one by one would wait for each level of imports. So the modules
//! become one file here, and the stylesheets another. The joiner is our own because the page needs so little of a bundler: no renaming,
//! no removal of code, nothing from npm. A bundler would be the largest dependency of the build, for every platform that it supports.

#![allow(clippy::print_stdout, reason = "cargo reads it")]

mod commit;
mod join;
mod tokens;

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    commit::main();
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).unwrap_or_default();
    let page = folder("CARGO_MANIFEST_DIR").join("src/page");
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed={}", page.display());
    match assets(&page, &folder("OUT_DIR")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("cargo::error=the page can't be built: {why}");
            ExitCode::FAILURE
        }
    }
}

fn assets(page: &Path, out: &Path) -> Result<(), String> {
    let read = |name: &str| std::fs::read_to_string(page.join(name)).map_err(|error| format!("{name}: {error}"));
    let made = [
        ("page.js", join::modules("page.js", &read)?),
        ("style.css", join::stylesheets("style.css", &read)?),
        ("favicon.svg", read("favicon.svg")?),
        ("readme.html", readme(&read("readme.html")?, &read("readme.md")?)),
    ];
    for (name, text) in made {
        let write = |name: &str, bytes: &[u8]| std::fs::write(out.join(name), bytes).map_err(|error| format!("{name}: {error}"));
        write(name, text.as_bytes())?;
        write(&format!("{name}.gz"), &compressed(&text).map_err(|error| format!("{name}: {error}"))?)?;
    }
    Ok(())
}

/// Equal text gives equal bytes: the header has no name and no time.
fn compressed(text: &str) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()
}

/// The readme as a page, with a table that the keyboard can scroll if it is wider than the screen.
fn readme(frame: &str, text: &str) -> String {
    let mut body = String::new();
    let options = pulldown_cmark::Options::ENABLE_TABLES | pulldown_cmark::Options::ENABLE_HEADING_ATTRIBUTES;
    pulldown_cmark::html::push_html(&mut body, pulldown_cmark::Parser::new_ext(text, options));
    let body = body
        .replace("<table>", r#"<div class="scroll" role="region" aria-labelledby="six" tabindex="0"><table>"#)
        .replace("</table>", "</table></div>");
    frame.replace("{{body}}", &body)
}
