//! `stickyctl image` as a user calls it: where the binary comes from, streams, exit codes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const DEFAULT_OUT: &str = concat!("sticky-app-", env!("CARGO_PKG_VERSION"), ".tar");

/// A place to run it in: a stickyctl with no other program next to it, and an empty PATH.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        // In the build folder, so that the program can be hard-linked.
        let place = Self(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap());
        for folder in ["bin", "path", "work"] {
            std::fs::create_dir(place.at(folder)).unwrap();
        }
        std::fs::hard_link(env!("CARGO_BIN_EXE_stickyctl"), place.at("bin/stickyctl")).unwrap();
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.at(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// A program in PATH, written by another process: children of other tests could inherit a file that is open for writing here,
    /// and then it can't be executed.
    fn script(&self, name: &str, text: &str) {
        let words = ["-c", "printf %s \"$1\" > \"$0\" && chmod 755 \"$0\""];
        assert!(Command::new("/bin/sh").args(words).arg(self.at("path").join(name)).arg(text).status().unwrap().success());
    }

    fn image(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(self.at("bin/stickyctl"));
        command.arg("image").args(arguments).current_dir(self.at("work")).stdin(Stdio::null());
        command.env_clear().env("PATH", self.at("path")).env("TMPDIR", self.0.path()).output().unwrap()
    }
}

/// A static program with one segment. It would crash at once, but it is never run.
fn program(machine: u16, note: &str) -> Vec<u8> {
    let mut file = vec![0; 120];
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"\x7fELF\x02\x01\x01");
    put(16, &2_u16.to_le_bytes());
    put(18, &machine.to_le_bytes());
    put(24, &0x40_0078_u64.to_le_bytes());
    put(32, &64_u64.to_le_bytes());
    put(54, &56_u16.to_le_bytes());
    put(56, &1_u16.to_le_bytes());
    put(64, &1_u32.to_le_bytes());
    put(96, &120_u64.to_le_bytes());
    file.extend_from_slice(note.as_bytes());
    file
}

fn amd64(note: &str) -> Vec<u8> {
    program(62, note)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The names of a tar's files.
fn names(archive: &[u8]) -> Vec<String> {
    let mut tar = tar::Archive::new(archive);
    tar.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string()).collect()
}

#[track_caller]
fn has(stream: &[u8], parts: &[&str]) {
    let stream = text(stream);
    for part in parts {
        assert!(stream.contains(part), "{part:?} is not in\n{stream}");
    }
}

#[test]
fn the_path_is_the_answer_and_the_file_is_whole() {
    let place = Place::new();
    let binary = place.put("app", &amd64("one"));
    let run = || place.image(&["--app-binary", binary.to_str().unwrap(), "--arch", "amd64"]);
    let output = run();
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), format!("{DEFAULT_OUT}\n")), "{}", text(&output.stderr));
    let version = env!("CARGO_PKG_VERSION");
    has(
        &output.stderr,
        &["ok program     ", "amd64, static, 0.1 MB", &format!("ok image       sticky-app:{version}, 0.1 MB"), "ok digest      sha256:"],
    );
    let file = place.at("work").join(DEFAULT_OUT);
    let first = std::fs::read(&file).unwrap();
    assert_eq!(names(&first)[..2], ["oci-layout", "index.json"]);
    has(&first, &[&format!("\"io.containerd.image.name\":\"docker.io/library/sticky-app:{version}\"")]);
    // The umask decides who may read it, as with any new file.
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&file), mode(&place.put("any", b"")));
    assert_eq!(run().status.code(), Some(0), "over the first");
    assert!(std::fs::read(&file).unwrap() == first, "the same again");
    assert_eq!(std::fs::read_dir(place.at("work")).unwrap().count(), 1, "and nothing beside it");
}

#[test]
fn quiet_leaves_the_answer() {
    let place = Place::new();
    let binary = place.put("app", &amd64(""));
    let output = place.image(&["-q", "--app-binary", binary.to_str().unwrap(), "--arch", "amd64", "--out", "x.tar"]);
    assert_eq!((text(&output.stdout).as_str(), text(&output.stderr).as_str()), ("x.tar\n", ""));
}

#[test]
fn stdout_gets_the_same_bytes_and_nothing_else() {
    let place = Place::new();
    let binary = place.put("app", &program(183, "two"));
    let arguments = ["--app-binary", binary.to_str().unwrap(), "--arch", "arm64", "--image", "localhost:5000/team/app:v2", "--out"];
    let streamed = place.image(&[&arguments[..], &["-"]].concat());
    assert_eq!(streamed.status.code(), Some(0), "{}", text(&streamed.stderr));
    assert_eq!(place.image(&[&arguments[..], &["a.tar"]].concat()).status.code(), Some(0));
    assert!(streamed.stdout == std::fs::read(place.at("work/a.tar")).unwrap());
    has(&streamed.stdout, &["\"localhost:5000/team/app:v2\"", "\"architecture\":\"arm64\"", "image.version\":\"v2\""]);
    assert!(!place.at("work").join("-").exists());
}

#[test]
fn the_neighbour_is_taken_where_it_fits() {
    let place = Place::new();
    place.put("bin/sticky-app", &amd64("beside"));
    let output = place.image(&["--arch", "amd64"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    has(&output.stderr, &["bin/sticky-app, amd64, static"]);
    // Also through a symbolic link somewhere else.
    std::os::unix::fs::symlink(place.at("bin/stickyctl"), place.at("link")).unwrap();
    let linked = Command::new(place.at("link")).args(["image", "--arch", "amd64", "--out", "-"]).env_clear().output().unwrap();
    assert!(linked.stdout == std::fs::read(place.at("work").join(DEFAULT_OUT)).unwrap());
}

#[test]
fn without_any_of_three_the_error_names_all_three() {
    let place = Place::new();
    // This test is linked dynamically, as builds are by default.
    std::fs::hard_link(std::env::current_exe().unwrap(), place.at("bin/sticky-app")).unwrap();
    let here = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let output = place.image(&["--arch", here]);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(5), ""));
    let skipped = format!("Skipped {}: it is linked dynamically; the image needs a static program\n", place.at("bin/sticky-app").display());
    has(
        &output.stderr,
        &[
            &skipped,
            &format!("error: no static sticky-app for linux/{here} found:\n"),
            "there is no docker in PATH",
            r#"RUSTFLAGS='-C target-feature=+crt-static --cfg getrandom_backend="linux_getrandom"' cargo build --profile dist --target "#,
            "-unknown-linux-gnu -p sticky-app",
            "--app-binary target/",
            "put it next to stickyctl",
            "start Docker",
        ],
    );
    assert_eq!(std::fs::read_dir(place.at("work")).unwrap().count(), 0);
}

#[test]
fn an_unfit_file_that_was_named_is_wrong_usage() {
    let place = Place::new();
    let arm = place.put("arm", &program(183, ""));
    let script = place.put("script", b"#!/bin/sh\n");
    // Opening a pipe waits for a writer.
    let pipe = place.at("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (path, part) in [
        (pipe.to_str().unwrap(), "it is not a regular file"),
        (arm.to_str().unwrap(), "it is built for arm64, not for amd64"),
        (script.to_str().unwrap(), "it is not an ELF file"),
        ("/nonexistent", "it can't be read: No such file"),
        ("/", "it is not a regular file"),
    ] {
        let output = place.image(&["--app-binary", path, "--arch", "amd64"]);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
        has(&output.stderr, &[part, "cargo build --profile dist"]);
    }
}

#[test]
fn names_that_are_none() {
    let place = Place::new();
    let binary = place.put("app", &amd64(""));
    let digest = format!("x@sha256:{}", "0".repeat(64));
    for (name, part) in [
        ("Sticky:1", "invalid image reference"),
        ("sticky-app", "neither a tag nor a digest"),
        ("sticky-app:latest", "latest"),
        (&digest, "has a digest"),
    ] {
        let output = place.image(&["--app-binary", binary.to_str().unwrap(), "--arch", "amd64", "--image", name]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        has(&output.stderr, &[part]);
    }
}

#[test]
fn where_nothing_can_be_written() {
    let place = Place::new();
    let binary = place.put("app", &amd64(""));
    let output = place.image(&["--app-binary", binary.to_str().unwrap(), "--arch", "amd64", "--out", "no/such/folder.tar"]);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""));
    has(&output.stderr, &["error: writing no/such/folder.tar: cannot create a file in its folder: "]);
    let full = Command::new("/bin/sh")
        .args(["-c", "\"$0\" image --app-binary \"$1\" --arch amd64 --out - > /dev/full"])
        .args([place.at("bin/stickyctl"), binary])
        .output()
        .unwrap();
    assert_eq!(full.status.code(), Some(1));
    has(&full.stderr, &[" to stdout: No space left"]);
}

/// Before the archive is made: a named pipe and a socket would be replaced, a link followed, and a file lost.
#[test]
fn what_is_no_archive_stays() {
    let place = Place::new();
    let binary = place.put("app", &amd64(""));
    let image =
        |out: &str, more: &[&str]| place.image(&[&["--app-binary", binary.to_str().unwrap(), "--arch", "amd64", "--out", out], more].concat());
    assert!(Command::new("mkfifo").arg(place.at("work/pipe")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(place.at("work/socket")).unwrap();
    place.put("target", b"oci-layout");
    std::os::unix::fs::symlink(place.at("target"), place.at("work/link")).unwrap();
    for (name, what) in [("pipe", "a named pipe"), ("socket", "a socket"), ("link", "a symbolic link")] {
        let was = std::fs::symlink_metadata(place.at("work").join(name)).unwrap().file_type();
        for more in [&[][..], &["--force"]] {
            let refused = image(name, more);
            assert_eq!(refused.status.code(), Some(2), "{name}");
            has(&refused.stderr, &[what]);
        }
        assert_eq!(std::fs::symlink_metadata(place.at("work").join(name)).unwrap().file_type(), was);
    }
    assert_eq!(std::fs::read(place.at("target")).unwrap(), b"oci-layout");
    place.put("work/mine.tar", b"mine");
    has(&image("mine.tar", &[]).stderr, &["did not write it", "--force"]);
    assert_eq!(std::fs::read(place.at("work/mine.tar")).unwrap(), b"mine");
    assert_eq!(image("mine.tar", &["--force"]).status.code(), Some(0));
    assert_eq!(image("mine.tar", &["--image", "a/b:2"]).status.code(), Some(0), "an archive is replaced by an archive");
}

/// A docker whose engine answers and whose builds write `binary` to their destination.
fn docker(place: &Place, binary: &Path) {
    let text = format!(
        r#"#!/bin/sh
PATH=/usr/bin:/bin
[ "$1" = version ] && exit 0
printf '%s\n' "$DOCKER_BUILDKIT" "$@" > ../words
for word; do case "$word" in type=local,dest=*) exec cp "{}" "${{word#*dest=}}/sticky-app";; esac; done
"#,
        binary.display()
    );
    place.script("docker", &text);
}

#[test]
fn docker_builds_the_binary_in_the_project_and_only_there() {
    let place = Place::new();
    let binary = place.put("built", &amd64("by docker"));
    docker(&place, &binary);
    let output = place.image(&["--arch", "amd64"]);
    assert_eq!(output.status.code(), Some(5));
    has(&output.stderr, &["Docker: there is no app/Dockerfile in this folder to build from"]);
    assert!(!place.at("words").exists(), "nothing was built");

    place.put("work/app/Dockerfile", b"FROM scratch\n");
    let output = place.image(&["--arch", "amd64"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    has(&output.stderr, &[".. build       docker build --file app/Dockerfile", "ok program     app/Dockerfile, amd64, static"]);
    let words = std::fs::read_to_string(place.at("words")).unwrap();
    let expected = "1\nbuild\n--file\napp/Dockerfile\n--target\nprogram\n--platform\nlinux/amd64\n--output\ntype=local,dest=";
    assert!(words.starts_with(expected) && words.ends_with("\n.\n"), "{words}");
    let direct = place.image(&["--arch", "amd64", "--app-binary", binary.to_str().unwrap(), "--out", "-"]);
    assert!(direct.stdout == std::fs::read(place.at("work").join(DEFAULT_OUT)).unwrap(), "one way to make the archive");
}

#[test]
fn a_docker_that_fails_is_quoted() {
    let place = Place::new();
    place.put("work/app/Dockerfile", b"FROM scratch\n");
    place.script("docker", "#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n");
    let output = place.image(&["--arch", "amd64"]);
    assert_eq!(output.status.code(), Some(5));
    has(&output.stderr, &["Docker: Cannot connect to the Docker daemon\n"]);
    place.script("docker", "#!/bin/sh\n[ \"$1\" = version ] && exit 0\necho 'ERROR: no space left' >&2\nexit 17\n");
    let output = place.image(&["--arch", "amd64"]);
    assert_eq!(output.status.code(), Some(1));
    has(&output.stderr, &["building sticky-app for linux/amd64: docker build failed (exit 17):\n  ERROR: no space left", "without Docker"]);
}

/// The app's Dockerfile has the stage that the command builds, and the program in the expected place.
#[test]
fn the_dockerfile_fits_the_command() {
    let dockerfile = include_str!("../../app/Dockerfile");
    for line in [
        "FROM scratch AS program\nCOPY --from=builder /sticky-app /sticky-app\n",
        "USER 65532:65532\n",
        "ENTRYPOINT [\"/sticky-app\"]\n",
        r#"RUSTFLAGS='-C target-feature=+crt-static --cfg getrandom_backend="linux_getrandom"'"#,
    ] {
        assert!(dockerfile.contains(line), "{line}");
    }
    let toolchain = concat!("FROM rust:", env!("CARGO_PKG_RUST_VERSION"), "-");
    assert!(dockerfile.contains(toolchain), "{toolchain}");
}
