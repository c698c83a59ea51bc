//! Accessibility, checked by axe-core on a page in the browser.

use crate::browser::Browser;
use crate::npm;
use anyhow::{Context, Result, ensure};

/// axe-core, ready to be put into pages.
#[derive(Debug)]
pub struct Axe(String);

impl Axe {
    /// Reads it; nothing where [`npm::installed`] has nothing.
    ///
    /// # Errors
    /// It can't be installed.
    pub fn load() -> Result<Option<Self>> {
        let Some(modules) = npm::installed()? else { return Ok(None) };
        Ok(Some(Self(std::fs::read_to_string(modules.join("axe-core/axe.min.js")).context("no axe-core")?)))
    }

    /// What all rules of axe, its best practices among them, find wrong with the page as it is now.
    ///
    /// # Errors
    /// axe does not run.
    pub async fn violations(&self, browser: &Browser) -> Result<Vec<String>> {
        if browser.eval("return typeof window.axe").await? == "undefined" {
            browser.eval(&self.0).await?;
        }
        let found = browser
            .eval("return axe.run().then(found => found.violations.map(one => `${one.id}: ${one.help}: ${one.nodes.map(node => node.target.join(' ')).join(', ')}`))")
            .await?;
        Ok(serde_json::from_value(found)?)
    }

    /// Fails where there is a violation.
    ///
    /// # Errors
    /// The violations.
    pub async fn approves(&self, browser: &Browser, what: &str) -> Result<()> {
        let found = self.violations(browser).await?;
        ensure!(found.is_empty(), "{what}:\n{}", found.join("\n"));
        Ok(())
    }
}
