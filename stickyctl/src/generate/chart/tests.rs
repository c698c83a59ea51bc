use super::tree::OF_HELM;
use super::*;
use crate::generate::sample;
use proptest::prelude::*;

/// Values read as Helm reads them, with what Helm adds: the release's name and namespace.
fn read(text: &str, spec: &StickyApp) -> StickyApp {
    let mut tree: Value = serde_yaml::from_str(text).unwrap();
    tree["name"] = json!(spec.name);
    tree["namespace"] = json!(spec.namespace);
    serde_json::from_value(tree).unwrap_or_else(|why| panic!("{why}:\n{text}"))
}

fn of(path: &str) -> String {
    files().into_iter().find(|(name, _)| name == path).unwrap().1
}

#[test]
fn the_values_file_is_the_default_spec_and_fits_its_schema() {
    let text = of("helm/values.yaml");
    let spec = StickyApp::default();
    assert_eq!(read(&text, &spec), spec);
    let schema: Value = serde_json::from_str(&of("helm/values.schema.json")).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let mut full = sample::full();
    full.ingress.front_door_version = None;
    // Helm merges a user's values into the file.
    let merged: Value = serde_yaml::from_str(&text).unwrap();
    for tree in [&merged, &values(&full)] {
        assert_eq!(validator.iter_errors(tree).map(|error| error.to_string()).collect::<Vec<_>>(), Vec::<String>::new());
    }
    let mut unlimited = merged.clone();
    unlimited["resources"]["limits"].as_object_mut().unwrap().remove("cpu");
    assert!(validator.is_valid(&unlimited), "a key that may be left out may be taken away");
    // What would take a default away that nothing can stand in for.
    let mut bare = merged;
    bare["drain"].as_object_mut().unwrap().remove("delay");
    let faults: Vec<String> = validator.iter_errors(&bare).map(|error| error.to_string()).collect();
    assert!(matches!(&faults[..], [one] if one.contains("\"delay\"")), "{faults:?}");
}

/// Each key is in the file, also below a group that is left out.
#[test]
fn the_values_file_names_every_key() {
    let text = of("helm/values.yaml");
    for path in crate::spec::keys::keys().iter().map(|key| key.path.as_str()).filter(|path| !OF_HELM.contains(path)) {
        let key = path.rsplit('.').next().unwrap();
        assert!(text.lines().any(|line| line.trim_start_matches(['#', ' ']).starts_with(&format!("{key}:"))), "{path}");
    }
    assert!(!text.lines().any(|line| OF_HELM.iter().any(|key| line.starts_with(&format!("{key}:")))), "{text}");
    assert!(
        text.contains("\n# autoscaling:\n")
            && text.contains("\n#   max: 10\n")
            && text.contains("#   \"off\": Neither: texts say `[app]`, and headers and traces are left out.\n"),
        "{text}"
    );
}

#[test]
fn the_chart_knows_which_controllers_ignore_session_persistence() {
    let text = of("helm/templates/_controllers.tpl");
    let (_, body) = text.split_once("-}}\n").unwrap();
    let all: Value = serde_yaml::from_str(body.strip_suffix("{{- end }}\n").unwrap()).unwrap();
    assert_eq!(all["gateway.envoyproxy.io"], json!({"name": "Envoy Gateway", "reads": "sessionName"}));
    assert_eq!(all["traefik.io"], json!({"name": "Traefik", "reads": "nothing"}));
    assert!(all.as_object().unwrap().values().any(|one| one["reads"] == "unknown"), "{all}");
}

#[test]
fn the_chart_names_the_crds_that_up_names() {
    let templates = include_str!("../../../../helm/templates/validate.yaml");
    assert!(templates.contains(crate::generate::front_door::install::gateway::crds::GATEWAY_API));
}

#[test]
fn a_key_without_a_value_takes_the_default_away() {
    let mut spec = StickyApp::default();
    spec.resources.limits.cpu = None;
    assert_eq!(values(&spec)["resources"]["limits"], json!({"cpu": null, "memory": "256Mi"}));
    assert!(values_text(&spec).contains("    cpu: null\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn values_read_back_as_the_spec(mut spec in sample::valid()) {
        spec.redis.maxmemory = spec.redis.maxmemory.whole().to_string().parse().unwrap();
        prop_assert_eq!(read(&values_text(&spec), &spec), spec);
    }
}
