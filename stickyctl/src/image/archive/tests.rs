use super::*;
use serde_json::{Value, json};
use std::io::Read;

const NAME: &str = "docker.io/library/sticky-app:0.1.0";

fn made(program: &[u8], arch: Arch) -> Archive {
    archive(program, Content::App, NAME, arch).unwrap()
}

/// The files of a tar: content, mode, owner and time of each.
fn files(tar: &[u8]) -> BTreeMap<String, (Vec<u8>, u32, u64, u64)> {
    let mut archive = tar::Archive::new(tar);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let header = entry.header();
        let facts = (header.mode().unwrap(), header.uid().unwrap() + header.gid().unwrap(), header.mtime().unwrap());
        (entry.path().unwrap().display().to_string(), (content, facts.0, facts.1, facts.2))
    });
    entries.collect()
}

fn parse(files: &BTreeMap<String, (Vec<u8>, u32, u64, u64)>, name: &str) -> Value {
    serde_json::from_slice(&files[name].0).unwrap()
}

/// Follows a descriptor to its blob, whose size and digest must be what it says.
fn follow(files: &BTreeMap<String, (Vec<u8>, u32, u64, u64)>, descriptor: &Value) -> Vec<u8> {
    let name = descriptor["digest"].as_str().unwrap();
    let content = files[&format!("blobs/{}", name.replace(':', "/"))].0.clone();
    assert_eq!((descriptor["size"].as_u64().unwrap(), digest(&content).as_str()), (content.len() as u64, name));
    content
}

#[test]
fn equal_input_gives_equal_bytes() {
    let program = b"a program ".repeat(10_000);
    assert!(made(&program, Arch::Amd64).bytes == made(&program, Arch::Amd64).bytes);
    assert_ne!(made(&program, Arch::Amd64).digest, made(b"another", Arch::Amd64).digest);
    // The same on every machine and in every build; it changes with the format, or when the compressor is another one.
    assert_eq!(made(b"program", Arch::Amd64).digest, "sha256:896a32ce8a5f2bc9ffcc987d72ea2fce135507358a5e715b76543ec5fdf94d21");
}

#[test]
fn from_index_to_program() {
    let archive = made(b"program", Arch::Arm64);
    let files = files(&archive.bytes);
    assert_eq!(files.len(), 6, "{:?}", files.keys());
    assert!(files.values().all(|(_, mode, owner, time)| (*mode, *owner, *time) == (0o644, 0, 0)));
    assert_eq!(parse(&files, "oci-layout"), json!({"imageLayoutVersion": "1.0.0"}));

    let index = parse(&files, "index.json");
    let image = &index["manifests"][0];
    assert_eq!(image["annotations"], json!({"io.containerd.image.name": NAME, "org.opencontainers.image.ref.name": NAME}));
    assert_eq!((&image["platform"], &image["digest"]), (&json!({"architecture": "arm64", "os": "linux"}), &json!(archive.digest)));
    let manifest: Value = serde_json::from_slice(&follow(&files, image)).unwrap();
    let layer = follow(&files, &manifest["layers"][0]);
    assert_eq!(layer[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255], "gzip without name, time and system");
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(&layer[..]).read_to_end(&mut tar).unwrap();
    let inside = self::files(&tar);
    assert_eq!(inside.into_iter().collect::<Vec<_>>(), [("sticky-app".to_owned(), (b"program".to_vec(), 0o755, 0, 0))]);

    let config: Value = serde_json::from_slice(&follow(&files, &manifest["config"])).unwrap();
    let expected = json!({
        "created": "1970-01-01T00:00:00Z",
        "architecture": "arm64",
        "os": "linux",
        "config": {
            "User": "65532:65532",
            "ExposedPorts": {"8080/tcp": {}, "9090/tcp": {}},
            "Entrypoint": ["/sticky-app"],
            "WorkingDir": "/",
            "Labels": {"org.opencontainers.image.title": "sticky-app", "org.opencontainers.image.version": "0.1.0"},
        },
        "rootfs": {"type": "layers", "diff_ids": [digest(&tar)]},
    });
    assert_eq!(config, expected);
}

#[test]
fn docker_finds_the_same_blobs() {
    let files = files(&made(b"program", Arch::Amd64).bytes);
    let manifest: Value = serde_json::from_slice(&follow(&files, &parse(&files, "index.json")["manifests"][0])).unwrap();
    let path = |descriptor: &Value| format!("blobs/{}", descriptor["digest"].as_str().unwrap().replace(':', "/"));
    let expected = json!([{"Config": path(&manifest["config"]), "RepoTags": [NAME], "Layers": [path(&manifest["layers"][0])]}]);
    assert_eq!(parse(&files, "manifest.json"), expected);
}
