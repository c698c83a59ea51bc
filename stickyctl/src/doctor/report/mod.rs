//! The report: findings, what was looked at, and what could not be.

mod sarif;
mod table;

use super::finding::{Finding, Severity};
use super::objects::Objects;
use super::to::Moves;
use crate::exit::Exit;
use crate::report_schema;
use schemars::JsonSchema;
use serde::Serialize;

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Report {
    /// The name and version of this structure.
    pub schema: &'static str,
    /// How many objects of each kind were read.
    pub looked_at: Vec<Looked>,
    /// What could not be read.
    pub unread: Vec<Missing>,
    /// The findings, those of one object together, the worst object first.
    pub findings: Vec<Finding>,
    /// What a move to another controller changes, with `--to`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moves: Option<Moves>,
    /// How many findings and changes are of severity error.
    pub errors: usize,
    /// How many are of severity warning.
    pub warnings: usize,
    /// How many are of severity note. What stays the same in a move doesn't count.
    pub notes: usize,
    /// 3 with an error among the findings and the changes, else 0.
    pub exit_code: u8,
}

/// Objects that were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Looked {
    /// The kind in the plural, as in `Ingresses`.
    pub kind: &'static str,
    /// How many.
    pub count: usize,
}

/// A kind that could not be read. Checks that need it were skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Missing {
    /// The kind in the plural, as in `Ingresses`.
    pub kind: &'static str,
    /// Where, as in `in namespace shop`; empty for the whole cluster.
    pub scope: String,
    /// The API server's reason.
    pub why: String,
    /// What was not checked without it.
    pub skipped: &'static str,
}

impl Report {
    /// The name and version of this structure.
    pub const SCHEMA: &'static str = "stickyctl.doctor/v1";

    pub(super) fn new(objects: &Objects, mut findings: Vec<Finding>) -> Self {
        sort(&mut findings);
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        let (errors, warnings, notes) = (count(Severity::Error), count(Severity::Warning), count(Severity::Note));
        let unread = objects.unread.iter().map(|unread| Missing {
            kind: unread.kind,
            scope: unread.scope.trim().to_owned(),
            why: unread.why.clone(),
            skipped: skipped(unread.kind),
        });
        Self {
            schema: Self::SCHEMA,
            looked_at: objects.counts().into_iter().map(|(kind, count)| Looked { kind, count }).collect(),
            unread: unread.collect(),
            moves: None,
            errors,
            warnings,
            notes,
            exit_code: if errors > 0 { Exit::Negative as u8 } else { Exit::Done as u8 },
            findings,
        }
    }

    /// Adds what a move to another controller changes.
    pub(super) fn moving(mut self, moves: Moves) -> Self {
        for finding in moves.findings() {
            match finding.severity {
                Severity::Error => self.errors += 1,
                Severity::Warning => self.warnings += 1,
                Severity::Note => self.notes += 1,
            }
        }
        self.moves = Some(moves);
        self.exit_code = self.exit() as u8;
        self
    }

    /// How the command ends.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        if self.errors > 0 { Exit::Negative } else { Exit::Done }
    }

    /// The JSON Schema (2020-12) in `docs/doctor.schema.json`. It allows other fields: later versions may add some.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        report_schema::of::<Self>(Self::SCHEMA)
    }
}

/// The worst object first; within an object, the worst finding.
fn sort(findings: &mut [Finding]) {
    let mut worst = std::collections::BTreeMap::new();
    for finding in findings.iter() {
        let most = worst.entry(finding.about.clone()).or_insert(finding.severity);
        *most = (*most).max(finding.severity);
    }
    findings.sort_by(|a, b| {
        let of_object = worst[&b.about].cmp(&worst[&a.about]).then_with(|| a.about.cmp(&b.about));
        of_object.then_with(|| b.severity.cmp(&a.severity)).then_with(|| a.code.cmp(b.code)).then_with(|| a.field.cmp(&b.field))
    });
}

/// The checks that need a kind.
fn skipped(kind: &str) -> &'static str {
    match kind {
        "IngressClasses" => "which controller serves a class",
        "Pods" => "which controllers run, and their versions and arguments",
        "GatewayClasses" | "Gateways" => "which implementation serves an HTTPRoute",
        "CustomResourceDefinitions" => "whether the cluster keeps sessionPersistence",
        "Services" => "Services, and the pods behind a route",
        "Deployments" | "StatefulSets" | "DaemonSets" => "replicas, workers, probes and rollouts",
        "ConfigMaps" => "timeouts that a controller's ConfigMap sets",
        "HorizontalPodAutoscalers" => "whether an autoscaler changes the number of pods",
        _ => "everything about them",
    }
}
