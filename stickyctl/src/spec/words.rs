//! The schemas of what a spec writes as text. Rust's, Go's and editors' regex engines all read the patterns, so those use
//! neither look-ahead nor look-behind.

use super::taken::TAKEN;

/// The schema of a type, as JSON.
macro_rules! schema_of {
    ($name:ident, $schema:tt) => {
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}
pub(super) use schema_of;

macro_rules! words {
    ($($name:ident, $doc:literal, $schema:tt;)+) => {$(
        #[doc = $doc]
        pub(crate) struct $name;
        schema_of!($name, $schema);
    )+};
}

words!(
    Release, "The name of a release: a DNS-1035 label, as for a Service, that leaves room for suffixes.", {
        "type": "string",
        "maxLength": 40,
        "pattern": "^[a-z]([a-z0-9-]*[a-z0-9])?$",
    };
    Label, "A DNS-1123 label, as in the name of a namespace.", {
        "type": "string",
        "maxLength": 63,
        "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
    };
    Subdomain, "A DNS-1123 subdomain, as in the name of a Secret or an IngressClass.", {
        "type": "string",
        "maxLength": 253,
        "pattern": r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$",
    };
    LabelKey, "The key of a label or a taint.", {
        "type": "string",
        "maxLength": 317,
        "pattern": r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$",
    };
    LabelValue, "The value of a label.", {
        "type": "string",
        "maxLength": 63,
        "pattern": "^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$",
    };
    VersionText, "A version: the value of a label that is not empty.", {
        "type": "string",
        "pattern": "^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$",
    };
    Host, "A host name, with an optional wildcard for one label; not an IP address.", {
        "type": "string",
        "maxLength": 253,
        "pattern": r"^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$",
        "not": {"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$"},
    };
    CookieName, "A cookie name that every front door accepts and that no known application or proxy uses.", {
        "type": "string",
        "maxLength": 64,
        "pattern": "^[A-Za-z0-9_-]+$",
        "not": {"type": "string", "anyOf": [{"enum": taken()}, {"pattern": "^[Aa][Ss][Pp][Ss][Ee][Ss][Ss][Ii][Oo][Nn][Ii][Dd]"}]},
    };
    Controller, "The name of a GatewayClass's controller: a domain and a path.", {
        "type": "string",
        "maxLength": 253,
        "pattern": r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*/[A-Za-z0-9/._~%!$&'()*+,;=:-]+$",
    };
    // Exact for IPv4, loose for IPv6.
    Network, "A network in CIDR notation, or a single address.", {
        "type": "string",
        "pattern": r"^((25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})(\.(25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})){3}(/([0-9]|[12][0-9]|3[0-2]))?|[0-9a-fA-F:]*:[0-9a-fA-F:.]*(/([0-9]|[1-9][0-9]|1[01][0-9]|12[0-8]))?)$",
    };
    // Loose, because validators quote a value that doesn't match, and this one may hold a password by mistake.
    RedisUrl, "The URL of a Redis.", {
        "type": "string",
        "pattern": "^rediss?://",
    };
    SecretEntry, "A key in a Secret.", {
        "type": "string",
        "maxLength": 253,
        "pattern": r"^\.?[A-Za-z0-9_-][A-Za-z0-9._-]*$",
    };
    // The first part is a registry if it has a dot or a port, or is `localhost`.
    ImageName, "An image reference with a tag or a digest.", {
        "type": "string",
        "maxLength": 500,
        "pattern": concat!(
            r"^(([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+|localhost)(:[0-9]{1,5})?/|[A-Za-z0-9-]+:[0-9]{1,5}/)?",
            "[a-z0-9]([a-z0-9._-]*[a-z0-9])?(/[a-z0-9]([a-z0-9._-]*[a-z0-9])?)*",
            "(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?@sha256:[0-9a-f]{64})$",
        ),
        "not": {"type": "string", "pattern": ":latest$"},
    };
    Digest, "The digest of an image.", {
        "type": "string",
        "pattern": "^sha256:[0-9a-f]{64}$",
    };
    Positive, "A duration of at least a second.", {
        "type": "string",
        "pattern": "^0*[1-9][0-9]{0,6}[smh]$",
    };
    Idle, "A duration of at least 40 s: two of the app's pings.", {
        "type": "string",
        "pattern": "^0*([4-9][0-9]s|[1-9][0-9]{2,6}s|[1-9][0-9]{0,4}[mh])$",
    };
    // On top of a quantity's own form: `256` is a common slip for 256Mi, and nothing starts in less than 4Mi.
    Memory, "Bytes of memory, with a unit.", {
        "type": ["string", "number"],
        "pattern": QUANTITY,
        "not": {"type": "string", "pattern": "^([0-9.]{1,6}|[0-9.]{1,3}(k|Ki)|.*[mun])$"},
        "minimum": 4_194_304,
    };
);

/// The form of a quantity's text, of which some digit is not 0.
pub(super) const QUANTITY: &str = concat!(
    r"^(0{0,14}[1-9][0-9]{0,14}(\.[0-9]{0,9})?|[0-9]{0,15}\.0{0,8}[1-9][0-9]{0,8})",
    r"([numkMGTPE]|[KMGTPE]i|[eE](\+?([0-9]|1[0-8])|-[0-9]))?$",
);

/// Cookie names of others as they are usually written: a schema can't ignore case in a list.
fn taken() -> Vec<String> {
    let mut names: Vec<String> =
        TAKEN.iter().flat_map(|(name, _)| [(*name).to_owned(), name.to_ascii_lowercase(), name.to_ascii_uppercase()]).collect();
    names.sort();
    names.dedup();
    names
}
