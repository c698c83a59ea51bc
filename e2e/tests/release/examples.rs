//! The examples in `stickyctl image --help`, as a reader would paste them.

use anyhow::{Context, Result};
use std::os::unix::fs::symlink;
use testkit::docs::shell::Shell;
use testkit::{docs, image};

#[tokio::test]
async fn of_the_command_image() -> Result<()> {
    let (shell, program) = (Shell::new()?, image::binary()?);
    // One has the path of cargo's build, the others find the binary beside stickyctl.
    symlink(program.ancestors().nth(3).context("no target")?, shell.work().join("target"))?;
    shell.program("sticky-app", &program)?;
    let lines: Vec<String> = docs::examples(&stickyctl::cli::command()).into_iter().filter(|line| docs::needs_the_image(line)).collect();
    assert!(lines.len() >= 3, "{lines:?}");
    for line in lines {
        shell.run(&line).await?;
    }
    Ok(())
}
