//! The fuzz targets on their corpus: what they check, without a fuzzer.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::process::Command;
use testkit::tree::root;

#[path = "../../../fuzz/src/lib.rs"]
mod sticky_fuzz;

/// The packages that only the fuzz targets need.
const FUZZER: [&str; 4] = ["arbitrary", "jobserver", "libfuzzer-sys", "sticky-fuzz"];

/// The names of the files, or of the folders, in a folder of `fuzz/`.
fn names(folder: &str) -> Result<Vec<String>> {
    let entries = fs::read_dir(root().join("fuzz").join(folder)).with_context(|| format!("fuzz/{folder}"))?;
    let mut names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect::<Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

/// The corpora were written by hand; what a fuzzer finds that matters becomes a file with a name.
#[test]
fn every_target_accepts_its_corpus() -> Result<()> {
    for (target, check) in sticky_fuzz::ALL {
        let corpus = names(&format!("corpus/{target}"))?;
        ensure!(corpus.len() >= 5, "fuzz/corpus/{target} has {} files", corpus.len());
        for name in corpus {
            eprintln!("{target}/{name}");
            check(&fs::read(root().join("fuzz/corpus").join(target).join(name))?);
        }
    }
    Ok(())
}

#[test]
fn every_target_is_in_the_manifest_and_in_the_workflow() -> Result<()> {
    let mut known: Vec<&str> = sticky_fuzz::ALL.iter().map(|(target, _)| *target).collect();
    known.sort_unstable();
    let programs: Vec<String> = names("fuzz_targets")?.iter().filter_map(|name| Some(name.strip_suffix(".rs")?.to_owned())).collect();
    assert_eq!((&programs, &names("corpus")?), (&known.iter().map(ToString::to_string).collect(), &programs));
    let manifest: toml_edit::DocumentMut = fs::read_to_string(root().join("fuzz/Cargo.toml"))?.parse()?;
    let mut bins: Vec<&str> =
        manifest["bin"].as_array_of_tables().context("no [[bin]]")?.iter().filter_map(|bin| bin.get("name")?.as_str()).collect();
    bins.sort_unstable();
    assert_eq!(bins, known);
    let workflow: serde_json::Value = serde_yaml::from_str(&fs::read_to_string(root().join(".github/workflows/ci.yml"))?)?;
    let mut run: Vec<&str> = workflow["jobs"]["fuzz"]["strategy"]["matrix"]["target"]
        .as_array()
        .context("the job `fuzz` has no matrix")?
        .iter()
        .filter_map(serde_json::Value::as_str)
        .collect();
    run.sort_unstable();
    assert_eq!(run, known);
    Ok(())
}

/// Its lock file follows the workspace's dependencies, so that what is fuzzed is what is built.
#[test]
fn its_lock_file_is_up_to_date() -> Result<()> {
    let manifest = root().join("fuzz/Cargo.toml");
    let mut metadata = Command::new(env!("CARGO"));
    metadata.args(["metadata", "--locked", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu", "--manifest-path"]);
    let done = metadata.arg(&manifest).output()?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "`cargo metadata --manifest-path fuzz/Cargo.toml` updates it:\n{said}");
    let locked = |path: &str| -> Result<toml_edit::DocumentMut> { Ok(fs::read_to_string(root().join(path))?.parse()?) };
    let versions = |lock: &toml_edit::DocumentMut| -> Option<Vec<String>> {
        let packages = lock["package"].as_array_of_tables()?.iter();
        packages.map(|one| Some(format!("{} {}", one.get("name")?.as_str()?, one.get("version")?.as_str()?))).collect()
    };
    let own = versions(&locked("Cargo.lock")?).context("no packages")?;
    let fuzzed = versions(&locked("fuzz/Cargo.lock")?).context("no packages")?;
    let others: Vec<&String> =
        fuzzed.iter().filter(|one| !own.contains(one)).filter(|one| !FUZZER.contains(&one.split(' ').next().unwrap_or_default())).collect();
    ensure!(others.is_empty(), "other versions than in Cargo.lock: {others:?}");
    Ok(())
}
