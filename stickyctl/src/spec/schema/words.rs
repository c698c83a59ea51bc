//! The forms of what a spec writes as text. Patterns are read by Rust's, Go's and editors' engines, so they look neither ahead
//! nor back.

use crate::spec::ingress::Version;
use crate::spec::quantity::Quantity;
use crate::spec::text::Seconds;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

macro_rules! words {
    ($($name:ident, $doc:literal, $schema:tt;)+) => {$(
        #[doc = $doc]
        pub struct $name;
        schema_of!($name, $schema);
    )+};
}

macro_rules! schema_of {
    ($name:ident, $schema:tt) => {
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

words!(
    Release, "Name of a release: a Service's, and so a DNS-1035 label, with room for what is appended.", {
        "type": "string",
        "maxLength": 40,
        "pattern": "^[a-z]([a-z0-9-]*[a-z0-9])?$",
    };
    Label, "A DNS-1123 label: a namespace's name.", {
        "type": "string",
        "maxLength": 63,
        "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
    };
    Subdomain, "DNS-1123 labels joined by dots: the name of a Secret, a class and the like.", {
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
    Host, "A host, or a wildcard for one label; no address.", {
        "type": "string",
        "maxLength": 253,
        "pattern": r"^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$",
        "not": {"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$"},
    };
    CookieName, "A name that every front door takes.", {
        "type": "string",
        "maxLength": 64,
        "pattern": "^[A-Za-z0-9_-]+$",
    };
    // IPv4 to the bit, IPv6 loosely.
    Network, "A network, or a single address.", {
        "type": "string",
        "pattern": r"^((25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})(\.(25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})){3}(/([0-9]|[12][0-9]|3[0-2]))?|[0-9a-fA-F:]*:[0-9a-fA-F:.]*(/([0-9]|[1-9][0-9]|1[01][0-9]|12[0-8]))?)$",
    };
    // Loose, because validators repeat a text that does not fit, and this one may hold a password by mistake.
    RedisUrl, "Where a Redis is.", {
        "type": "string",
        "pattern": "^rediss?://",
    };
    SecretEntry, "A key of a Secret.", {
        "type": "string",
        "maxLength": 253,
        "pattern": "^[A-Za-z0-9._-]+$",
    };
    // A first part is a registry where it has a dot or a port, or is `localhost`.
    ImageName, "An image's reference with a tag or a digest.", {
        "type": "string",
        "maxLength": 500,
        "pattern": concat!(
            r"^(([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+|localhost)(:[0-9]{1,5})?/|[A-Za-z0-9-]+:[0-9]{1,5}/)?",
            "[a-z0-9]([a-z0-9._-]*[a-z0-9])?(/[a-z0-9]([a-z0-9._-]*[a-z0-9])?)*",
            "(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?@sha256:[0-9a-f]{64})$",
        ),
        "not": {"type": "string", "pattern": ":latest$"},
    };
);

schema_of!(Seconds, {
    "type": "string",
    "pattern": "^[0-9]{1,7}[smh]$",
});

schema_of!(Version, {
    "type": "string",
    "pattern": r"^v?(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})$",
});

// A pattern counts for text and a bound for numbers: `cpu: 2` is a number to YAML. Some digit is not 0.
schema_of!(Quantity, {
    "type": ["string", "number"],
    "pattern": concat!(
        r"^(0{0,14}[1-9][0-9]{0,14}(\.[0-9]{0,9})?|[0-9]{0,15}\.0{0,8}[1-9][0-9]{0,8})",
        r"([numkMGTPE]|[KMGTPE]i|[eE](\+?([0-9]|1[0-8])|-[0-9]))?$",
    ),
    "exclusiveMinimum": 0,
});
