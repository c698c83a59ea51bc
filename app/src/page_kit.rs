//! Files of the page that another page can embed to look the same: `stickyctl verify` puts them into its report.

/// Colours, fonts and the classes of pods: CSS without a dependency.
pub const TOKENS: &str = include_str!("page/tokens.css");

/// ES modules in the order in which they may be concatenated: making elements, and patterns of pods.
pub const MODULES: [&str; 2] = [include_str!("page/tree.js"), include_str!("page/patterns.js")];
