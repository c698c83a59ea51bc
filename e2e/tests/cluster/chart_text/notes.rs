//! The chart's notes, with commands that fit the installation, and the pod of `helm test`.

use testkit::kube::helm::{Helm, chart};

/// The notes of a dry-run installation.
fn notes(helm: &Helm, settings: &str) -> String {
    let words = ["install", "demo", &chart(), "--namespace", "shop", "--dry-run=client", "--set", settings];
    let text = helm.run(&words, "").unwrap().ok().unwrap();
    text.split_once("\nNOTES:\n").unwrap().1.to_owned()
}

#[test]
fn notes_end_with_commands_that_fit() {
    let Some(helm) = Helm::asked() else { return };
    for (settings, there, not_there) in [
        (
            "mode=3x1",
            &[
                "--namespace ingress-nginx service/ingress-nginx-controller 8080:80",
                "open http://127.0.0.1:8080/",
                "data-demo-redis-0",
                "kubectl create secret generic demo-redis --namespace shop --from-file=password=/dev/stdin",
                "--set mode=1x4",
            ][..],
            &["curl", "https"][..],
        ),
        (
            "mode=1x4,ingress.frontDoor=traefik,ingress.host=*.demo.example",
            &[
                "--namespace traefik service/traefik 8080:80",
                "http://any.demo.example/",
                "--header 'Host: any.demo.example'",
                "--set mode=3x1",
                "1 pod with 4 workers,",
            ],
            &["https", "8443", "mode=1x4\n"],
        ),
        (
            "ingress.host=demo.example,ingress.tlsSecret=cert,ingress.frontDoorNamespace=edge,redis.url=redis://r.example",
            &["--namespace edge service/ingress-nginx-controller 8443:443", "https://demo.example/", "--resolve demo.example:8443:127.0.0.1"],
            &["PersistentVolumeClaim", "8080"],
        ),
        (
            "ingress.frontDoor=gateway,gateway.class=edge,ingress.host=*.demo.example,ingress.tlsSecret=cert",
            &[
                "behind a Gateway of its own (GatewayClass edge)",
                "kubectl get gateway demo --namespace shop\n",
                "--selector gateway.envoyproxy.io/owning-gateway-namespace=shop,gateway.envoyproxy.io/owning-gateway-name=demo --output name)\" 8443:443",
                "--resolve any.demo.example:8443:127.0.0.1",
            ],
            &["IngressClass", "8080"],
        ),
        (
            "ingress.frontDoor=gateway,gateway.name=shared,gateway.namespace=infra,gateway.hostnames={demo.example}",
            &[
                "behind the Gateway shared in namespace infra.",
                "http://demo.example/",
                "address=$(kubectl get gateway shared --namespace infra --output 'jsonpath={.status.addresses[0].value}')",
                "curl --header 'Host: demo.example' \"http://$address/whoami\"",
            ],
            &["port-forward", "https"],
        ),
        (
            "ingress.frontDoor=gateway,gateway.controller=example.com/gateways,ingress.host=demo.example,ingress.tlsSecret=cert",
            &[
                "stickyctl verify --name demo --namespace shop",
                "curl --insecure --connect-to \"demo.example:443:$address:443\" https://demo.example/whoami",
            ],
            &["port-forward", "http://"],
        ),
    ] {
        let text = notes(&helm, settings);
        for words in there.iter().chain(&["kubectl rollout status deployment/demo --namespace shop", "helm test demo --namespace shop"]) {
            assert!(text.contains(words), "{settings}: {words:?} is not in\n{text}");
        }
        for words in not_there {
            assert!(!text.contains(words), "{settings}: {words:?} is in\n{text}");
        }
        let last = text.trim_end().lines().last().unwrap();
        assert!(last.trim_start().starts_with("helm upgrade demo ./helm --namespace shop --reuse-values --set mode="), "{last}");
    }
}

/// The NetworkPolicy admits only the test's pod, only while the test runs, and doesn't exist if policies are off.
#[test]
fn the_test_comes_in_by_a_policy_of_its_own() {
    let Some(helm) = Helm::asked() else { return };
    let hooks = |settings: &str| {
        let text =
            helm.run(&["template", "demo", &chart(), "--show-only", "templates/tests/probe.yaml", "--set", settings], "").unwrap().ok().unwrap();
        assert_eq!(text.matches("kind: ").count(), text.matches("helm.sh/hook: test").count(), "{text}");
        assert_eq!(
            text.matches("kind: ").count(),
            text.matches("helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed").count(),
            "{text}"
        );
        text
    };
    let text = hooks("networkPolicy.enabled=true");
    let policy = text.split("\n---\n").find(|document| document.contains("kind: NetworkPolicy")).unwrap();
    assert_eq!(policy.matches("component: app").count(), 1, "it selects the app's pods: {policy}");
    let from = policy.split("from:").nth(1).unwrap();
    assert!(from.contains("podSelector") && from.contains("component: test") && !from.contains("namespaceSelector"), "{policy}");
    assert!(!hooks("networkPolicy.enabled=false").contains("NetworkPolicy"));
}
