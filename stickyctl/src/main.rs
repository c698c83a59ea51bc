//! `stickyctl`: see `stickyctl --help`.

fn main() -> std::process::ExitCode {
    stickyctl::cli::run()
}
