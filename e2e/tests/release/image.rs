//! The app's image as users get it: small, reproducible from the same binary, and readable by other tools.

use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use testkit::{image, tools};

/// The maximum size of the archive, in bytes.
const MOST: u64 = 12_000_000;
/// The image's name in every release of this version.
const NAME: &str = concat!("docker.io/library/sticky-app:", env!("CARGO_PKG_VERSION"));

fn here() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" }
}

#[test]
fn small_and_the_same_twice() {
    let binary = image::binary().unwrap();
    let archive = image::archive().unwrap();
    let size = fs::metadata(&archive).unwrap().len();
    eprintln!("{}: {size} bytes, the binary {}", archive.display(), fs::metadata(&binary).unwrap().len());
    assert!(size < MOST, "{size} bytes");
    // From another folder, under another name, at another time.
    let folder = tempfile::tempdir().unwrap();
    let (copy, second) = (folder.path().join("copy"), folder.path().join("second.tar"));
    fs::copy(&binary, &copy).unwrap();
    let said = image::write(&copy, &second).unwrap();
    assert!(fs::read(&second).unwrap() == fs::read(&archive).unwrap(), "{said}");
}

/// The output of skopeo, as JSON.
fn skopeo(arguments: &[&str], what: &str) -> Value {
    let done = Command::new(tools::find("skopeo").unwrap()).arg("inspect").args(arguments).arg(what).output().unwrap();
    assert!(done.status.success(), "skopeo inspect {what}: {}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

#[test]
fn other_tools_read_it() {
    if !tools::present(&["skopeo"]) {
        return;
    }
    let archive = image::archive().unwrap();
    let oci = format!("oci-archive:{}", archive.display());
    // By its name, and as the archive's only image; then as an engine with its own store would load it.
    for place in [oci.clone(), format!("{oci}:{NAME}"), format!("docker-archive:{}", archive.display())] {
        let facts = skopeo(&[], &place);
        assert_eq!((&facts["Architecture"], &facts["Os"]), (&json!(here()), &json!("linux")), "{place}");
        assert_eq!(facts["Layers"].as_array().map(Vec::len), Some(1), "{place}");
        assert_eq!(facts["Labels"]["org.opencontainers.image.version"], env!("CARGO_PKG_VERSION"), "{place}");
        let config = &skopeo(&["--config"], &place)["config"];
        assert_eq!((&config["User"], &config["Entrypoint"]), (&json!("65532:65532"), &json!(["/sticky-app"])), "{place}");
        assert_eq!(config["ExposedPorts"], json!({"8080/tcp": {}, "9090/tcp": {}}), "{place}");
    }
    let digest = skopeo(&[], &oci)["Digest"].as_str().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let said = image::write(&image::binary().unwrap(), &folder.path().join("x.tar")).unwrap();
    assert!(said.contains(&format!("digest      {digest}")), "skopeo finds {digest}, and:\n{said}");
    copied(&oci, folder.path());
}

/// Copying reads every blob and checks its digest.
fn copied(oci: &str, folder: &Path) {
    let to = format!("dir:{}", folder.join("copy").display());
    let done = Command::new(tools::find("skopeo").unwrap()).args(["--insecure-policy", "copy", oci, &to]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
