//! Accessibility checks of a page in the browser, with axe-core.

use crate::browser::Browser;
use crate::npm;
use anyhow::{Context, Result, ensure};

/// The source of axe-core, to be injected into pages.
#[derive(Debug)]
pub struct Axe(String);

impl Axe {
    /// Reads it from the npm packages; `None` where [`npm::installed`] returns `None`.
    pub fn load() -> Result<Option<Self>> {
        let Some(modules) = npm::installed()? else { return Ok(None) };
        Ok(Some(Self(std::fs::read_to_string(modules.join("axe-core/axe.min.js")).context("no axe-core")?)))
    }

    /// Violations of any axe rule, best practices included, on the page as it is now.
    pub async fn violations(&self, browser: &Browser) -> Result<Vec<String>> {
        if browser.eval("return typeof window.axe").await? == "undefined" {
            browser.eval(&self.0).await?;
        }
        let found = browser
            .eval("return axe.run().then(found => found.violations.map(one => `${one.id}: ${one.help}: ${one.nodes.map(node => node.target.join(' ')).join(', ')}`))")
            .await?;
        Ok(serde_json::from_value(found)?)
    }

    /// Fails if the page has violations.
    ///
    /// # Errors
    /// The error lists the violations.
    pub async fn approves(&self, browser: &Browser, what: &str) -> Result<()> {
        let found = self.violations(browser).await?;
        ensure!(found.is_empty(), "{what}:\n{}", found.join("\n"));
        Ok(())
    }
}
