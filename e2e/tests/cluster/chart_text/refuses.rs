//! Values that Helm rejects: invalid values and combinations by the schema, and by `fail` lines what the schema can't express and would
//! break a release.

use crate::chart_text::template;
use testkit::kube::helm::Helm;

/// Asserts that Helm rejects the values, with each of the words in its error.
#[track_caller]
fn refused(helm: &Helm, values: &str, words: &[&str]) {
    let said = template(helm, "demo", "demo", values);
    assert!(!said.well, "accepted: {values}");
    for word in words {
        assert!(said.stderr.contains(word), "{values}: {word:?} is not in\n{}", said.stderr);
    }
    assert!(!said.stderr.contains("hunter2"), "{}", said.stderr);
}

/// The `fail` lines that need no cluster.
#[test]
fn what_the_schema_can_not_express_and_would_break_a_release() {
    let Some(helm) = Helm::asked() else { return };
    for url in [
        "redis://:hunter2@r",
        "redis://u:hunter2@r:6379/0",
        "rediss://r?password=hunter2",
        "redis://",
        "redis://:6379",
        "redis://r:99999",
        "redis://r/$(X)",
        "redis://r/a b",
    ] {
        refused(&helm, &format!("redis: {{url: '{url}'}}"), &["invalid redis.url: write redis://[user@]host[:port][/db]"]);
    }
    refused(&helm, "drain: {grace: 30s}", &["invalid drain.grace `30s`", "take 35s"]);
    refused(&helm, "drain: {grace: 90m, window: 2h, delay: 3600s}", &["invalid drain.grace `90m`", "take 10810s"]);
    refused(&helm, "autoscaling: {min: 5, max: 4}", &["invalid autoscaling: min is 5", "max is 4"]);
    refused(&helm, "autoscaling: {max: 2}", &["invalid autoscaling: min is 3", "max is 2"]);
    refused(&helm, "mode: 12x1\nautoscaling: {}", &["invalid autoscaling: min is 12", "max is 10"]);
    refused(
        &helm,
        "ingress: {frontDoor: gateway, host: a.example}\ngateway: {hostnames: [b.example, a.example]}",
        &["invalid gateway.hostnames: `a.example` is ingress.host too"],
    );
    for (controller, name) in [("traefik.io/gateway-controller", "Traefik"), ("istio.io/gateway-controller", "Istio")] {
        let words = [&format!("invalid gateway.controller `{controller}`: {name} ignores session persistence")[..]];
        refused(&helm, &format!("ingress: {{frontDoor: gateway}}\ngateway: {{controller: {controller}}}"), &words);
    }
    let hosts: Vec<String> = (0..16).map(|number| format!("h{number}.example")).collect();
    let many = format!("gateway: {{hostnames: [{}]}}", hosts.join(", "));
    refused(&helm, &format!("ingress: {{frontDoor: gateway, host: a.example}}\n{many}"), &["a route has at most 16 host names"]);
    assert!(template(&helm, "demo", "here", &format!("ingress: {{frontDoor: gateway}}\n{many}")).well);
    for name in ["a".repeat(41).as_str(), "1st", "a.b"] {
        let said = template(&helm, name, "here", "");
        assert!(!said.well && said.stderr.contains(&format!("invalid release name `{name}`")), "{name}: {}", said.stderr);
    }
    assert!(template(&helm, &"a".repeat(40), "here", "").well);
}

/// The schema's error contains the key of an invalid value.
#[test]
fn what_a_value_can_not_be() {
    let Some(helm) = Helm::asked() else { return };
    for (values, words) in [
        ("ingres: {host: x}", &["ingres", "additional properties"][..]),
        ("ingress: {cookie: {samesite: Lax}}", &["/ingress/cookie", "samesite"]),
        ("name: other", &["name", "additional properties"]),
        ("ingress: {cookie: {sameSite: strict}}", &["/ingress/cookie/sameSite", "'Strict', 'Lax', 'None'"]),
        ("ingress: {cookie: {lifetime: 3600}}", &["/ingress/cookie/lifetime", "want string"]),
        ("ingress: {cookie: {lifetime: '3600'}}", &["/ingress/cookie/lifetime", "pattern"]),
        ("ingress: {cookie: {lifetime: 0h}}", &["/ingress/cookie/lifetime", "pattern"]),
        ("ingress: {cookie: {name: jsessionid}}", &["/ingress/cookie/name"]),
        ("ingress: {cookie: {name: StickyStr}}", &["/ingress/cookie/name"]),
        ("ingress: {cookie: {name: ASPSESSIONIDABC}}", &["/ingress/cookie/name"]),
        ("ingress: {websocketTimeout: 30s}", &["/ingress/websocketTimeout", "pattern"]),
        ("ingress: {trustedProxies: [192.0.2.1]}", &["/ingress/trustedProxies/0", "pattern"]),
        ("mode: 65x1", &["/mode", "pattern"]),
        ("autoscaling: {max: 65}", &["/autoscaling/max", "maximum"]),
        ("image: {name: 'sticky-app:latest'}", &["/image/name"]),
        ("image: {name: sticky-app}", &["/image/name", "pattern"]),
        ("image: {digest: 'sha256:12'}", &["/image/digest", "pattern"]),
        ("exposeIdentity: off", &["/exposeIdentity"]),
        ("drain: {delay: null}", &["/drain", "delay"]),
        ("drain: {preStop: 0s}", &["/drain/preStop", "pattern"]),
        ("drain: {window: 0m}", &["/drain/window", "pattern"]),
        ("resources: {requests: {memory: '64'}}", &["/resources/requests/memory"]),
        ("resources: {limits: {memory: 256}}", &["/resources/limits/memory", "minimum"]),
        ("redis: {storage: 1GB}", &["/redis/storage", "pattern"]),
        ("redis: {maxmemory: 96Mi}", &["/redis/maxmemory", "want integer"]),
        ("redis: {maxmemory: 96}", &["/redis/maxmemory", "minimum"]),
        ("redis: {password: {secret: a, key: ..b}}", &["/redis/password/key", "pattern"]),
        ("gateway: {controller: eg}", &["/gateway/controller", "pattern"]),
        ("gateway: {class: null}", &["/gateway", "class"]),
        ("gateway: {api: v1.7}", &["/gateway/api", "pattern"]),
        ("gateway: {hostnames: [A.example]}", &["/gateway/hostnames/0", "pattern"]),
    ] {
        refused(&helm, values, words);
    }
}

/// The schema's error contains the key that conflicts with another one.
#[test]
fn what_values_can_not_be_together() {
    let Some(helm) = Helm::asked() else { return };
    let digest = format!("sha256:{}", "0a".repeat(32));
    let with_digest = format!("image: {{name: 'sticky-app:1@{digest}', digest: '{digest}'}}");
    for (values, words) in [
        ("ingress: {tlsSecret: cert}", &["/ingress'", "host"][..]),
        ("ingress: {cookie: {name: __Host-sticky}}", &["/ingress/cookie'", "secure", "tlsSecret"]),
        ("ingress: {cookie: {sameSite: None}}", &["/ingress/cookie'", "secure", "tlsSecret"]),
        ("ingress: {cookie: {sameSite: None, secure: false}, host: demo.example, tlsSecret: cert}", &["/ingress/cookie/secure"]),
        ("ingress: {cookie: {secure: false}, host: demo.example, tlsSecret: cert}", &["/ingress/cookie/secure", "true"]),
        ("ingress: {frontDoorVersion: 1.15.1}", &["/ingress/frontDoorVersion"]),
        ("ingress: {frontDoor: traefik, cookie: {changeOnFailure: true}}", &["/ingress/cookie/changeOnFailure"]),
        ("ingress: {frontDoor: traefik, cookie: {persistence: balanced}}", &["/ingress/cookie/persistence"]),
        ("ingress: {frontDoor: traefik, frontDoorVersion: v3.7.13, cookie: {persistence: balanced}}", &["/ingress/cookie/persistence"]),
        ("ingress: {frontDoor: traefik, websocketTimeout: 10m}", &["/ingress'", "frontDoorVersion"]),
        ("ingress: {frontDoor: traefik, frontDoorVersion: 3.7.12, websocketTimeout: 10m}", &["/ingress/frontDoorVersion"]),
        ("networkPolicy: {enabled: false, restrictEgress: true}", &["/networkPolicy/enabled"]),
        (&with_digest, &["/image/name"]),
        ("limits: {newSessionsPerMinute: 30}", &["/ingress/trustedProxies"]),
        ("limits: {connectionsPerAddress: 30}", &["/ingress/trustedProxies"]),
        ("autoscaling: {}\nresources: {requests: {cpu: null}}", &["/resources/requests", "cpu"]),
    ] {
        refused(&helm, values, words);
    }
    let other = "gateway: {controller: example.com/gateways}";
    for (ingress, gateway, words) in [
        ("cookie: {sameSite: Strict}", "", &["/ingress/cookie/sameSite", "Lax"][..]),
        ("cookie: {secure: true}", "", &["/ingress/cookie/secure"]),
        ("cookie: {name: __Secure-a}, host: demo.example, tlsSecret: cert", "", &["/ingress/cookie/name"]),
        ("cookie: {persistence: balanced}", other, &["/ingress/cookie/persistence"]),
        ("cookie: {changeOnFailure: true}", other, &["/ingress/cookie/changeOnFailure"]),
        ("websocketTimeout: 10m", other, &["/ingress/websocketTimeout"]),
        ("", "gateway: {api: v1.0.0}", &["/gateway/api"]),
        ("", "gateway: {namespace: infra}", &["/gateway'", "name"]),
        ("", "gateway: {section: web}", &["/gateway/section", "'http', 'https'"]),
        ("", "gateway: {section: https}", &["/ingress'", "tlsSecret"]),
        ("", "gateway: {hostnames: [a.example, a.example]}", &["/gateway/hostnames"]),
    ] {
        refused(&helm, &format!("ingress: {{frontDoor: gateway, {ingress}}}\n{gateway}"), words);
    }
    for values in [
        "ingress: {frontDoor: gateway, cookie: {persistence: balanced, sameSite: None, name: __Host-sticky}, host: demo.example, tlsSecret: cert}",
        "ingress: {frontDoor: gateway, cookie: {secure: false, changeOnFailure: true}, websocketTimeout: 10m}\ngateway: {api: v1.10.0}",
        "ingress: {frontDoor: gateway, host: demo.example, tlsSecret: cert}\ngateway: {section: https}",
        "ingress: {frontDoor: gateway, cookie: {changeOnFailure: false}}\ngateway: {controller: example.com/gateways, name: a, namespace: b, section: web}",
        "ingress: {cookie: {sameSite: None, name: __Host-sticky}, host: demo.example, tlsSecret: cert}",
        "ingress: {cookie: {sameSite: None, secure: true}}",
        "ingress: {frontDoor: traefik, frontDoorVersion: 3.7.13, websocketTimeout: 10m, cookie: {changeOnFailure: false}}",
        "ingress: {trustedProxies: [192.0.2.0/24]}\nlimits: {newSessionsPerMinute: 30}",
    ] {
        template(&helm, "demo", "demo", values).ok().unwrap_or_else(|error| panic!("{values}: {error:#}"));
    }
}

#[test]
fn what_helm_itself_adds_and_takes_away() {
    let Some(helm) = Helm::asked() else { return };
    // A parent chart passes `global`; null removes the default of an optional key.
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
