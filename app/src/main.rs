//! `sticky-app`: see `sticky-app --help`.

fn main() -> std::process::ExitCode {
    sticky_app::cli::run()
}
