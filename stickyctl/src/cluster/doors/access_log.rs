//! Whether a front door writes an access log to stdout, as its arguments and objects say. No I/O.

use super::options::{Options, words};
use k8s_openapi::api::core::v1::{ConfigMap, Container, Pod};
use k8s_openapi::api::networking::v1::Ingress;
use serde_json::Value;
use std::fmt;

/// ingress-nginx's switch for one Ingress (kubernetes/ingress-nginx, `docs/user-guide/nginx-configuration/annotations.md`).
const ENABLE: &str = "nginx.ingress.kubernetes.io/enable-access-log";
/// Where ingress-nginx's image leads its default path, `/var/log/nginx/access.log`, to stdout.
const STDOUTS: [&str; 3] = ["/var/log/nginx/access.log", "/dev/stdout", "/proc/1/fd/1"];

/// Why there is no access log to read, and what changes that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Silence {
    why: String,
    fix: String,
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}", self.why, self.fix)
    }
}

fn silence(why: impl Into<String>, fix: impl Into<String>) -> Silence {
    Silence { why: why.into(), fix: fix.into() }
}

/// What the arguments of a pod's containers say.
pub(crate) fn of_pod(pod: &Pod) -> Option<Silence> {
    containers(pod).iter().find_map(of_traefik)
}

/// Traefik's options (traefik/traefik, `pkg/observability/types/logs.go`; traefik/traefik-helm-chart, `logs.access` in `values.yaml`).
fn of_traefik(container: &Container) -> Option<Silence> {
    let options = Options::of_traefik(container);
    if !["entrypoints", "providers"].iter().all(|part| options.has_part(part)) {
        return None;
    }
    if !options.has_part("accesslog") {
        return Some(silence(
            "Traefik's access log is off",
            "Add the argument --accesslog=true to its pods, or set logs.access.enabled=true in its Helm chart's values; it writes to stdout",
        ));
    }
    let path = options.get("accesslog.filepath").filter(|path| !STDOUTS.contains(path));
    if let Some(path) = path {
        return Some(silence(format!("Traefik's access log goes to the file {path}"), "Without --accesslog.filepath it goes to stdout"));
    }
    if options.get("accesslog.format").is_some_and(|format| format.eq_ignore_ascii_case("genericCLF")) {
        return Some(silence("Traefik's access log has the format genericCLF, which names no server", "Set --accesslog.format to common or json"));
    }
    let drops = |name: &str| options.get(&format!("accesslog.fields.names.{name}")).or(options.get("accesslog.fields.defaultmode")) == Some("drop");
    if drops("serviceaddr") && drops("serviceurl") {
        return Some(silence("Traefik's access log leaves out the server", "Add the argument --accesslog.fields.names.ServiceAddr=keep"));
    }
    let headers = |name: &str| options.get(&format!("accesslog.fields.headers.{name}"));
    let agent = headers("names.user-agent").or_else(|| headers("defaultmode"));
    if drops("requestpath") && agent != Some("keep") {
        return Some(silence(
            "Traefik's access log leaves out both the path and the User-Agent, so it has no marker",
            "Add the argument --accesslog.fields.names.RequestPath=keep",
        ));
    }
    ["statuscodes", "minduration", "retryattempts"].iter().find(|filter| options.get(&format!("accesslog.filters.{filter}")).is_some()).map(
        |filter| {
            silence(format!("Traefik's access log leaves requests out, by --accesslog.filters.{filter}"), "Without the filter it has all requests")
        },
    )
}

/// The ConfigMap of an ingress-nginx, as namespace and name (`--configmap`; kubernetes/ingress-nginx, `docs/user-guide/cli-arguments.md`).
pub(crate) fn config(pod: &Pod) -> Option<(String, String)> {
    let own = pod.metadata.namespace.clone().unwrap_or_default();
    let is_nginx = |container: &&Container| words(container).any(|word| word.rsplit('/').next() == Some("nginx-ingress-controller"));
    let options = Options::of_arguments(containers(pod).iter().find(is_nginx)?);
    let (namespace, name) = options.get("configmap")?.split_once('/')?;
    Some((namespace.replace("$(POD_NAMESPACE)", &own), name.to_owned()))
}

/// What an ingress-nginx's ConfigMap says (kubernetes/ingress-nginx, `docs/user-guide/nginx-configuration/configmap.md`).
pub(crate) fn of_config(map: &ConfigMap) -> Option<Silence> {
    let name = map.metadata.name.as_deref().unwrap_or_default();
    let get = |key: &str| map.data.as_ref().and_then(|data| data.get(key)).map(String::as_str);
    if let Some(key) = ["disable-access-log", "disable-http-access-log"].into_iter().find(|key| get(key) == Some("true")) {
        return Some(silence(format!("ingress-nginx's access log is off, by {key} in ConfigMap {name}"), "Remove the key"));
    }
    let path = ["http-access-log-path", "access-log-path"].into_iter().find_map(|key| Some((key, get(key)?)));
    let (key, path) = path.filter(|(_, path)| !path.is_empty() && !STDOUTS.contains(path))?;
    Some(silence(format!("ingress-nginx's access log goes to the file {path}, by {key} in ConfigMap {name}"), "Without the key it goes to stdout"))
}

/// What an Ingress of a Service says.
pub(crate) fn of_ingress(ingress: &Ingress, service: &str) -> Option<Silence> {
    let is_off = ingress.metadata.annotations.as_ref()?.get(ENABLE)? == "false";
    let spec = ingress.spec.as_ref()?;
    let paths = spec.rules.iter().flatten().filter_map(|rule| rule.http.as_ref()).flat_map(|http| &http.paths).map(|path| &path.backend);
    let is_its = paths.chain(&spec.default_backend).any(|backend| backend.service.as_ref().is_some_and(|one| one.name == service));
    let name = ingress.metadata.name.as_deref().unwrap_or_default();
    (is_off && is_its).then(|| silence(format!("Ingress {name} has no access log, by its annotation {ENABLE}: \"false\""), "Remove the annotation"))
}

/// What an EnvoyProxy says (envoyproxy/gateway, `api/v1alpha1/accesslogging_types.go`). `data` is the object without its metadata.
pub(crate) fn of_envoy_proxy(name: &str, namespace: &str, data: &Value) -> Option<Silence> {
    let log = data.pointer("/spec/telemetry/accessLog")?;
    let about = format!("EnvoyProxy {name} in namespace {namespace}");
    if log["disable"] == true {
        return Some(silence(
            format!("{about} switches the access log off, by spec.telemetry.accessLog.disable"),
            "If the Gateway uses it, remove the field: by default Envoy Gateway writes the log to stdout",
        ));
    }
    let sinks: Vec<&Value> = log["settings"].as_array()?.iter().flat_map(|one| one["sinks"].as_array().into_iter().flatten()).collect();
    let is_read =
        |sink: &&Value| sink["type"] == "File" && sink.pointer("/file/path").and_then(Value::as_str).is_some_and(|path| STDOUTS.contains(&path));
    (!sinks.is_empty() && !sinks.iter().any(is_read)).then(|| {
        silence(
            format!("{about} sends the access log elsewhere than to stdout, by spec.telemetry.accessLog.settings"),
            "If the Gateway uses it, add a sink of type File with the path /dev/stdout",
        )
    })
}

fn containers(pod: &Pod) -> &[Container] {
    pod.spec.as_ref().map_or(&[], |spec| &spec.containers)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::json;

    fn pod(args: &[&str]) -> Pod {
        serde_json::from_value(json!({"metadata": {"name": "a", "namespace": "edge"}, "spec": {"containers": [{"name": "c", "args": args}]}}))
            .unwrap()
    }

    fn traefik(more: &[&str]) -> Option<String> {
        let args = [&["--entrypoints.web.address=:80", "--providers.kubernetesingressnginx=true"], more].concat();
        of_pod(&pod(&args)).map(|one| one.to_string())
    }

    #[test]
    fn traefiks_arguments() {
        for (args, says) in [
            (&[][..], "--accesslog=true"),
            (&["--accesslog=false"], "logs.access.enabled"),
            (&["--accessLog.filePath=/var/log/a.log"], "goes to the file /var/log/a.log"),
            (&["--accesslog", "--accesslog.format=genericCLF"], "common or json"),
            (&["--accesslog", "--accesslog.fields.defaultmode=drop"], "ServiceAddr=keep"),
            (&["--accesslog", "--accesslog.fields.defaultmode=drop", "--accesslog.fields.names.ServiceURL=keep"], "RequestPath=keep"),
            (&["--accesslog", "--accesslog.filters.statuscodes=500-599"], "filters.statuscodes"),
        ] {
            assert!(traefik(args).unwrap().contains(says), "{args:?}");
        }
        for args in [
            &["--accesslog=true"][..],
            &["--accesslog"],
            &["--accesslog.format=json"],
            &["--accesslog.filepath=/dev/stdout"],
            &["--accesslog.fields.defaultmode=drop", "--accesslog.fields.names.ServiceURL=keep", "--accesslog.fields.headers.names.User-Agent=keep"],
        ] {
            assert_eq!(traefik(args), None, "{args:?}");
        }
        assert_eq!(of_pod(&pod(&["sleep"])), None);
    }

    #[test]
    fn ingress_nginxs_objects() {
        let controller = pod(&["/nginx-ingress-controller", "--configmap=$(POD_NAMESPACE)/ingress-nginx-controller"]);
        assert_eq!(config(&controller), Some(("edge".to_owned(), "ingress-nginx-controller".to_owned())));
        assert_eq!((config(&pod(&["/nginx-ingress-controller"])), config(&pod(&["--configmap=a/b"]))), (None, None));
        let map =
            |data: Value| of_config(&serde_json::from_value(json!({"metadata": {"name": "m"}, "data": data})).unwrap()).map(|one| one.to_string());
        assert!(map(json!({"disable-access-log": "true"})).unwrap().contains("disable-access-log in ConfigMap m"));
        assert!(map(json!({"access-log-path": "/tmp/a.log"})).unwrap().contains("/tmp/a.log"));
        assert_eq!((map(json!({"access-log-path": "/dev/stdout"})), map(json!({"disable-access-log": "false"}))), (None, None));
        let ingress = |value: &str, service: &str| {
            let http = json!({"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": service, "port": {"number": 80}}}}]});
            let object = json!({"metadata": {"name": "i", "annotations": {ENABLE: value}}, "spec": {"rules": [{"http": http}]}});
            of_ingress(&serde_json::from_value(object).unwrap(), "web").is_some()
        };
        assert_eq!((ingress("false", "web"), ingress("true", "web"), ingress("false", "other")), (true, false, false));
    }

    #[test]
    fn envoy_gateways_objects() {
        let proxy = |log: Value| of_envoy_proxy("p", "edge", &json!({"spec": {"telemetry": {"accessLog": log}}})).map(|one| one.to_string());
        let sink = |sink: Value| proxy(json!({"settings": [{"sinks": [sink]}]}));
        assert!(proxy(json!({"disable": true})).unwrap().contains("EnvoyProxy p in namespace edge"));
        assert!(sink(json!({"type": "OpenTelemetry"})).unwrap().contains("/dev/stdout"));
        assert_eq!((sink(json!({"type": "File", "file": {"path": "/dev/stdout"}})), proxy(json!({}))), (None, None));
        assert_eq!(of_envoy_proxy("p", "edge", &json!({"spec": {}})), None);
    }
}
