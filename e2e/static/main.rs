//! stickyctl as one file that runs in an empty image, for tests of runs inside a cluster. `testkit::image::tool` links it.

fn main() -> std::process::ExitCode {
    stickyctl::cli::run()
}
