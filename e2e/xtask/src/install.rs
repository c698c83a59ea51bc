//! Installs the Debian packages of programs that the tests need.

use crate::run::phase;
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::process::Command;
use testkit::{tools, tree};

/// Installs the packages of missing programs, given as (program, package). It doesn't start or configure any service: the tests run
/// these programs with their own ports and folders.
///
/// # Errors
/// A program is missing, and we aren't root on Debian, or apt-get fails.
pub(crate) fn missing(needed: &[(&str, &str)]) -> Result<()> {
    let missing = || -> Vec<_> { needed.iter().filter(|(program, _)| tools::find(program).is_none()).collect() };
    if missing().is_empty() {
        return Ok(());
    }
    // Two commands may run in parallel, and apt-get fails while another apt-get runs.
    fs::create_dir_all(tree::root().join("target"))?;
    let lock = File::create(tree::root().join("target/install.lock")).context("making the lock of the installation")?;
    lock.lock().context("waiting for another installation")?;
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let programs = missing.iter().map(|(program, _)| *program).collect::<Vec<_>>().join(", ");
    let packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    if !rustix::process::geteuid().is_root() {
        bail!("missing programs: {programs}. Install them as root: apt-get install --no-install-recommends {}", packages.join(" "));
    }
    let apt = tools::find("apt-get").with_context(|| format!("missing programs: {programs}. This is not Debian: install them by hand"))?;
    println!("== missing programs: {programs}; installing the Debian packages {}", packages.join(", "));
    let apt = |arguments: &[&str]| {
        let mut command = Command::new(&apt);
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        // Asks Debian's scripts not to start services after installation; one that starts anyway does no harm.
        command.env("RUNLEVEL", "1");
        command
    };
    let install = [&["install", "-y", "--no-install-recommends"], packages.as_slice()].concat();
    for (name, mut command) in [("package lists", apt(&["update"])), ("packages", apt(&install))] {
        let code = phase(name, &mut command)?;
        if code != 0 {
            bail!("apt-get exited with {code}");
        }
    }
    Ok(())
}
