//! The words of flags whose value is a plain enumeration of a module below.

use crate::generate::preset::Preset;
use crate::image::Arch;
use crate::output::Format;
use crate::render::Notation;
use crate::spec::ingress::FrontDoor;
use clap::ValueEnum;
use clap::builder::PossibleValue;

/// `TYPE { Variant "word" or "hidden alias" "help"; … }`.
macro_rules! words {
    ($($type:ty { $($variant:ident $word:literal $(or $alias:literal)? $help:literal;)+ })+) => {$(
        impl ValueEnum for $type {
            fn value_variants<'a>() -> &'a [Self] {
                &[$(Self::$variant),+]
            }

            fn to_possible_value(&self) -> Option<PossibleValue> {
                Some(match self {
                    $(Self::$variant => PossibleValue::new($word)$(.alias($alias))?.help($help),)+
                })
            }
        }
    )+};
}

words! {
    Format {
        Table "table" "A table for people";
        Json "json" "JSON for programs";
        Yaml "yaml" "The same as YAML";
    }
    Notation {
        Yaml "yaml" "YAML documents, in the order in which they are applied";
        Json "json" "A single object of kind List";
        Values "values" "Values for the Helm chart in helm/";
    }
    FrontDoor {
        Nginx "nginx" "ingress-nginx";
        Traefik "traefik" "Traefik with its ingress-nginx provider";
        Gateway "gateway" "A Gateway of the Gateway API, by default Envoy Gateway";
    }
    Preset {
        Nginx3x1 "nginx-3x1" or "3x1" "Three pods behind ingress-nginx";
        Nginx1x4 "nginx-1x4" or "1x4" "One pod with four workers behind ingress-nginx";
        Traefik3x1 "traefik-3x1" "Three pods behind Traefik";
        Traefik1x4 "traefik-1x4" "One pod with four workers behind Traefik";
        Gateway3x1 "gateway-3x1" "Three pods behind a Gateway";
        Gateway1x4 "gateway-1x4" "One pod with four workers behind a Gateway";
    }
    Arch {
        Amd64 "amd64" "x86-64";
        Arm64 "arm64" "64-bit Arm";
    }
}
