//! The RBAC rule that a user lacks, from the API server's own words. No I/O.

/// A permission that the API server missed in a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) verb: String,
    /// As in `pods`, or `pods/log` with its subresource.
    pub(crate) resource: String,
    /// The API group, empty for the core group.
    pub(crate) group: String,
    /// The namespace; `None` for an object of the whole cluster.
    pub(crate) namespace: Option<String>,
}

impl Missing {
    /// Reads `… cannot VERB resource "RESOURCE" in API group "GROUP" in the namespace "NAMESPACE"`, which is how every API server says it
    /// (`forbiddenMessage` in k8s.io/apiserver, pkg/endpoints/handlers/responsewriters/errors.go).
    pub(crate) fn read(said: &str) -> Option<Self> {
        let (_, rest) = said.split_once(" cannot ")?;
        let (verb, rest) = rest.split_once(" resource \"")?;
        let (resource, rest) = rest.split_once("\" in API group \"")?;
        let (group, rest) = rest.split_once('"')?;
        let namespace = rest.strip_prefix(" in the namespace \"").and_then(|rest| rest.split_once('"')).map(|(name, _)| name.to_owned());
        Some(Self { verb: verb.to_owned(), resource: resource.to_owned(), group: group.to_owned(), namespace })
    }

    /// Where it is missing.
    pub(crate) fn place(&self) -> String {
        self.namespace.as_ref().map_or_else(|| "the cluster".to_owned(), |name| format!("namespace {name}"))
    }

    /// What to add, and to what.
    pub(crate) fn remedy(&self) -> String {
        let rule = rule(&self.group, &self.resource, &self.verb);
        match &self.namespace {
            Some(namespace) => format!("{rule}   is the missing rule, in a Role of namespace {namespace}"),
            None => format!("{rule}   is the missing rule, in a ClusterRole"),
        }
    }
}

/// A rule of a Role as YAML in one line.
pub(crate) fn rule(group: &str, resource: &str, verb: &str) -> String {
    format!("{{apiGroups: [\"{group}\"], resources: [\"{resource}\"], verbs: [\"{verb}\"]}}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_words_of_an_api_server() {
        let jane = "is forbidden: User \"jane\" cannot";
        let said = format!("pods \"a\" {jane} create resource \"pods/portforward\" in API group \"\" in the namespace \"edge\"");
        assert_eq!(
            Missing::read(&said).unwrap().remedy(),
            "{apiGroups: [\"\"], resources: [\"pods/portforward\"], verbs: [\"create\"]}   is the missing rule, in a Role of namespace edge"
        );
        let said = format!(
            "ingressclasses.networking.k8s.io \"x\" {jane} get resource \"ingressclasses\" in API group \"networking.k8s.io\" at the cluster scope"
        );
        let missing = Missing::read(&said).unwrap();
        assert_eq!((missing.namespace.as_deref(), missing.group.as_str(), missing.verb.as_str()), (None, "networking.k8s.io", "get"));
        assert!(missing.remedy().ends_with("in a ClusterRole"));
        for other in ["exceeded quota", "User \"jane\" cannot", "User \"jane\" cannot get path \"/metrics\"", ""] {
            assert_eq!(Missing::read(other), None, "{other}");
        }
    }
}
