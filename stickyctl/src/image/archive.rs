//! An OCI archive of one program (OCI image-spec 1.0, "image layout" in a tar). Equal input gives equal bytes.

use super::arch::Arch;
use super::content::Content;
use super::layer::{add, digest, layer};
use super::name::tag;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;

/// A user without an account on any system, and the group with the same number. It is a number, because Kubernetes's
/// `runAsNonRoot` can't check a name.
const USER: &str = "65532:65532";
/// Some readers require a time; it is fixed, so that equal input gives equal bytes.
const CREATED: &str = "1970-01-01T00:00:00Z";

pub(super) struct Archive {
    pub(super) bytes: Vec<u8>,
    /// The digest of the manifest, which identifies the image in registries and nodes.
    pub(super) digest: String,
    /// The digest of the configuration, which is the image's id in the status of pods.
    pub(super) id: String,
}

/// Whether a file begins as such an archive does: with the headers of its first two files.
pub(super) fn begins(head: &[u8]) -> bool {
    head.starts_with(b"oci-layout\0") && head.get(1_024..).is_some_and(|second| second.starts_with(b"index.json\0"))
}

#[derive(Serialize)]
struct Descriptor {
    #[serde(rename = "mediaType")]
    media_type: &'static str,
    digest: String,
    size: usize,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Platform>,
}

#[derive(Serialize)]
struct Platform {
    architecture: &'static str,
    os: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u8,
    media_type: &'static str,
    config: Descriptor,
    layers: [Descriptor; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    schema_version: u8,
    media_type: &'static str,
    manifests: [Descriptor; 1],
}

#[derive(Serialize)]
struct Config {
    created: &'static str,
    architecture: &'static str,
    os: &'static str,
    config: Run,
    rootfs: RootFs,
}

/// What a container of the image runs by default.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Run {
    user: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    exposed_ports: BTreeMap<&'static str, Nothing>,
    entrypoint: [String; 1],
    working_dir: &'static str,
    labels: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct RootFs {
    #[serde(rename = "type")]
    kind: &'static str,
    diff_ids: [String; 1],
}

/// If Docker's engine has its own image store, `docker load` reads only this file and what it names. containerd, kind and an
/// engine with containerd's store read `index.json`, and this file only if there is no `oci-layout`
/// (moby image/tarexport/load.go, containerd core/images/archive/importer.go).
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DockerManifest<'a> {
    config: String,
    repo_tags: [&'a str; 1],
    layers: [String; 1],
}

/// The archive of `program` with a full name.
pub(super) fn archive(program: &[u8], content: Content, name: &str, arch: Arch) -> io::Result<Archive> {
    let layer = layer(program, content)?;
    let config = serde_json::to_vec(&config(&layer.diff_id, content, name, arch))?;
    let manifest = serde_json::to_vec(&Manifest {
        schema_version: 2,
        media_type: "application/vnd.oci.image.manifest.v1+json",
        config: descriptor("application/vnd.oci.image.config.v1+json", &config),
        layers: [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", &layer.gzip)],
    })?;
    let mut image = descriptor("application/vnd.oci.image.manifest.v1+json", &manifest);
    // containerd reads the name from the first, Podman and skopeo from the second.
    let names = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];
    image.annotations = names.into_iter().map(|key| (key, name.to_owned())).collect();
    image.platform = Some(Platform { architecture: arch.word(), os: "linux" });
    let found = image.digest.clone();
    let index = serde_json::to_vec(&Index { schema_version: 2, media_type: "application/vnd.oci.image.index.v1+json", manifests: [image] })?;
    let docker = serde_json::to_vec(&[DockerManifest { config: blob(&config), repo_tags: [name], layers: [blob(&layer.gzip)] }])?;

    let mut tar = tar::Builder::new(Vec::new());
    add(&mut tar, "oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#, 0o644)?;
    add(&mut tar, "index.json", &index, 0o644)?;
    add(&mut tar, "manifest.json", &docker, 0o644)?;
    for content in [&config, &manifest, &layer.gzip] {
        add(&mut tar, &blob(content), content, 0o644)?;
    }
    Ok(Archive { bytes: tar.into_inner()?, digest: found, id: digest(&config) })
}

fn config(diff_id: &str, content: Content, name: &str, arch: Arch) -> Config {
    let labels = [("org.opencontainers.image.title", content.name()), ("org.opencontainers.image.version", tag(name))];
    Config {
        created: CREATED,
        architecture: arch.word(),
        os: "linux",
        config: Run {
            user: USER,
            exposed_ports: content.ports().iter().copied().map(|port| (port, Nothing {})).collect(),
            entrypoint: [format!("/{}", content.name())],
            working_dir: "/",
            labels: labels.into_iter().map(|(key, value)| (key, value.to_owned())).collect(),
        },
        rootfs: RootFs { kind: "layers", diff_ids: [diff_id.to_owned()] },
    }
}

fn descriptor(media_type: &'static str, content: &[u8]) -> Descriptor {
    Descriptor { media_type, digest: digest(content), size: content.len(), annotations: BTreeMap::new(), platform: None }
}

fn blob(content: &[u8]) -> String {
    format!("blobs/{}", digest(content).replace(':', "/"))
}

#[cfg(test)]
mod tests;
