//! What helm refuses: what one value can't be by the schema, what several say together by the templates, in stickyctl's words.

use crate::chart_text::template;
use stickyctl::generate::front_door;
use stickyctl::spec::load::{Sources, load};
use testkit::kube::helm::Helm;

/// What the spec's own checks say, each as `KEY: WHAT`.
fn problems(values: &str) -> Vec<String> {
    let mut loaded = load(Sources { file: Some(values), ..Sources::default() });
    loaded.findings.add(front_door::check(&loaded.spec));
    loaded.findings.problems.iter().map(ToString::to_string).collect()
}

/// One case for each of the checks. Helm says every problem that stickyctl says, to the word, and no other.
#[test]
fn what_contradicts_itself_is_refused_in_the_words_of_stickyctl() {
    let Some(helm) = Helm::asked() else { return };
    for (values, count) in [
        ("resources: {requests: {cpu: 3}}", 1),
        ("resources: {requests: {memory: 1Gi}}", 1),
        ("resources: {requests: {memory: '64'}, limits: {memory: 256}}", 2),
        ("redis: {resources: {requests: {cpu: 1001m}}}", 1),
        ("redis: {resources: {limits: {memory: 2000k}}, maxmemory: 1Mi}", 3),
        ("limits: {maxText: 20000}", 2),
        ("limits: {maxBody: 100}", 1),
        ("limits: {maxFrame: 4095}", 1),
        ("drain: {grace: 30s}", 1),
        ("drain: {grace: 90m, window: 2h, delay: 3600s}", 1),
        ("drain: {preStop: 0s, window: 0m}", 2),
        ("autoscaling: {min: 5, max: 4}", 1),
        ("autoscaling: {min: 4, max: 8}", 1),
        ("autoscaling: {max: 2}", 1),
        ("mode: 12x1\nautoscaling: {}", 1),
        ("redis: {url: 'redis://:hunter2@r'}", 1),
        ("redis: {url: 'redis://u:hunter2@r:6379/0'}", 1),
        ("redis: {url: 'rediss://r?password=hunter2'}", 1),
        ("redis: {url: 'redis://'}", 1),
        ("redis: {url: 'redis://:6379'}", 1),
        ("redis: {url: 'redis://r:99999'}", 1),
        ("redis: {url: 'redis://r/$(X)'}", 1),
        ("redis: {url: 'redis://r/a b'}", 1),
        ("redis: {password: {secret: a, key: ..b}}", 1),
        ("redis: {maxmemory: 200Mi}", 1),
        ("redis: {maxmemory: '96'}", 1),
        ("redis: {storage: 100Mi}", 1),
        ("ingress: {tlsSecret: cert}", 1),
        ("ingress: {websocketTimeout: 30s}", 1),
        ("ingress: {cookie: {name: jsessionid}}", 1),
        ("ingress: {cookie: {name: StickyStr}}", 1),
        ("ingress: {cookie: {name: ASPSESSIONIDABC}}", 1),
        ("ingress: {cookie: {name: __Host-sticky}}", 1),
        ("ingress: {cookie: {lifetime: 0h}}", 1),
        ("ingress: {cookie: {sameSite: None}}", 1),
        ("ingress: {cookie: {sameSite: None, secure: false}, host: demo.example, tlsSecret: cert}", 2),
        ("ingress: {cookie: {secure: false}, host: demo.example, tlsSecret: cert}", 1),
        ("ingress: {frontDoorVersion: 1.15.1}", 1),
        ("ingress: {frontDoor: traefik, cookie: {changeOnFailure: true}, websocketTimeout: 10m}", 2),
        ("ingress: {frontDoor: traefik, frontDoorVersion: 3.7.13, cookie: {changeOnFailure: true}, websocketTimeout: 10m}", 1),
        ("limits: {newSessionsPerMinute: 30}", 1),
        ("ingress: {frontDoor: traefik, cookie: {persistence: balanced}}", 1),
        ("ingress: {frontDoor: traefik, frontDoorVersion: v3.7.13, cookie: {persistence: balanced}}", 1),
        ("ingress: {frontDoor: traefik, frontDoorVersion: 3.6.11}", 1),
    ] {
        let problems = problems(values);
        assert_eq!(problems.len(), count, "{values}: {problems:?}");
        let said = template(&helm, "sticky-sessions", "sticky-sessions", values);
        assert!(!said.well, "taken: {values}");
        let heading = if count == 1 { "the values have a problem:".to_owned() } else { format!("the values have {count} problems:") };
        for words in problems.iter().chain([&heading]) {
            assert!(said.stderr.contains(words), "{values}: {words:?} is not in\n{}", said.stderr);
        }
        assert!(!said.stderr.contains("hunter2"), "{}", said.stderr);
    }
}

#[test]
fn names_that_the_objects_could_not_have() {
    let Some(helm) = Helm::asked() else { return };
    for (name, namespace, words) in [
        ("a".repeat(41).as_str(), "here", "it has 41 characters; 40 are the most"),
        ("1st", "here", "must begin with a letter"),
        ("a.b", "here", "have no dot"),
        ("demo", "kube-system", "belongs to the cluster itself"),
    ] {
        let said = template(&helm, name, namespace, "");
        assert!(!said.well && said.stderr.contains(words), "{name} in {namespace}: {}", said.stderr);
    }
    assert!(template(&helm, &"a".repeat(40), "here", "").well);
}

/// The real helm names the key.
#[test]
fn what_a_value_can_not_be_is_refused_by_the_schema() {
    let Some(helm) = Helm::asked() else { return };
    for (values, words) in [
        ("ingres: {host: x}", &["ingres", "additional properties"][..]),
        ("ingress: {cookie: {samesite: Lax}}", &["/ingress/cookie", "samesite"]),
        ("name: other", &["name", "additional properties"]),
        ("ingress: {cookie: {sameSite: strict}}", &["/ingress/cookie/sameSite", "'Strict', 'Lax', 'None'"]),
        ("ingress: {cookie: {lifetime: 3600}}", &["/ingress/cookie/lifetime", "want string"]),
        ("ingress: {cookie: {lifetime: '3600'}}", &["/ingress/cookie/lifetime", "pattern"]),
        ("mode: 65x1", &["/mode", "pattern"]),
        ("autoscaling: {max: 65}", &["/autoscaling/max", "maximum"]),
        ("image: {name: 'sticky-app:latest'}", &["/image/name"]),
        ("image: {name: sticky-app}", &["/image/name", "pattern"]),
        ("exposeIdentity: off", &["/exposeIdentity"]),
        ("drain: {delay: null}", &["/drain", "delay"]),
        ("redis: {storage: 1GB}", &["/redis/storage", "pattern"]),
    ] {
        let said = template(&helm, "demo", "demo", values);
        assert!(!said.well, "taken: {values}");
        assert!(words.iter().all(|word| said.stderr.contains(word)), "{values}: {words:?} are not in\n{}", said.stderr);
    }
}

#[test]
fn what_helm_itself_adds_and_takes_away() {
    let Some(helm) = Helm::asked() else { return };
    // A chart around this one has globals; null takes a default away where a key may be left out.
    let said =
        template(&helm, "demo", "demo", "global: {imageRegistry: x}\nresources: {limits: {cpu: null}}\nlimits: null\nplacement: null\nmetrics: null");
    let text = said.ok().unwrap();
    assert!(!text.contains("imageRegistry"), "{text}");
    let container = text.split("kind: Deployment").nth(1).unwrap();
    assert!(container.contains("limits:\n              memory: 256Mi\n"), "{container}");
    let flags = ["template", "demo", &testkit::kube::helm::chart(), "--set", "ingress.host=demo.example,autoscaling.max=5,exposeIdentity=off"];
    let text = helm.run(&flags, "").unwrap().ok().unwrap();
    assert!(text.contains("host: \"demo.example\"") && text.contains("maxReplicas: 5") && text.contains("value: \"off\""), "{text}");
}
