//! The images that a cluster needs, as reproducible OCI archives.

use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use testkit::cluster::Place;
use testkit::cluster::images::{METRICS, REDIS, archive};
use testkit::cluster::modules::{binary, version};
use testkit::cluster::stamp::Stamp;
use testkit::phase::phase;
use testkit::sh;

/// Enough to download and unpack a minimal Debian.
const DEBIAN: Duration = Duration::from_secs(15 * 60);
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
        let (program, oci) = (binary(place, image.program), binary(place, "oci"));
        let stamp = Stamp::of(place, &format!("image-{}", image.program), &[&image.name, &config], &[&program, &oci])?;
        let out = archive(place, image.program);
        if !(stamp.fits() && out.is_file()) {
            phase(&format!("image {}", image.name), write(place, &out, &image.name, &config, &program)).await?;
            stamp.write()?;
        }
    }
    redis(place).await
}

async fn write(place: &Place, out: &Path, name: &str, config: &str, root: &Path) -> Result<()> {
    // Written under another name first, so that an incomplete file is never taken for an image.
    let fresh = out.with_extension("fresh");
    let mut command = sh::command(binary(place, "oci"), [&fresh]);
    command.args([name, config]).arg(root);
    sh::output(IMPORT, command).await?;
    fs::rename(&fresh, out).with_context(|| format!("no {}", fresh.display()))
}

/// Builds Redis on a minimal Debian with a shell. Packages come from the machine's own apt sources.
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
        let mut debian = sh::command("nice", ["-n", "10", "mmdebstrap"]);
        // Caps the time of every file, so that the same packages give the same bytes.
        debian.args(recipe).arg(&root).env("SOURCE_DATE_EPOCH", "1700000000");
        sh::output(DEBIAN, debian).await?;
        write(place, &out, REDIS, config, &root).await?;
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
