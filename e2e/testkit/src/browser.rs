//! A headless Chromium, driven through chromedriver.

use crate::process::Process;
use crate::{http, ports, tools, wait};
use anyhow::{Context, Result, bail};
use base64::Engine as _;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// How long to wait for a page to do something.
pub const LIMIT: Duration = Duration::from_secs(40);

#[derive(Debug, Clone)]
pub struct Look {
    /// Width and height in CSS pixels.
    pub size: (u32, u32),
    /// `prefers-color-scheme: dark`.
    pub dark: bool,
    /// `prefers-reduced-motion: reduce`.
    pub still: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { size: (1280, 900), dark: false, still: true }
    }
}

/// A browser with one tab.
#[derive(Debug)]
pub struct Browser {
    pub client: Client,
    session: String,
    driver_url: String,
    driver: Process,
    _profile: TempDir,
}

impl Browser {
    /// Starts Chromium and its driver.
    pub async fn start(look: &Look) -> Result<Self> {
        Self::start_with(look, &[]).await
    }

    /// The same with more of Chromium's flags.
    pub async fn start_with(look: &Look, more: &[&str]) -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let mut command = Command::new(tools::find("chromedriver").context("no chromedriver")?);
        // With port 0, chromedriver picks a port that is free in one address family but may be taken in the other.
        let port = ports::free()?;
        let mut driver = Process::start(command.arg(format!("--port={port}")).env("HOME", profile.path()))?;
        driver.line("that it listens", LIMIT, |line| line.contains("started successfully").then_some(())).await?;
        let driver_url = format!("http://127.0.0.1:{port}");
        let chromium = tools::find("chromium").context("no chromium")?;
        let folder = profile.path().join("profile");
        let mut flags: Vec<String> = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
        ]
        .map(str::to_owned)
        .into();
        flags.extend(more.iter().map(|flag| (*flag).to_owned()));
        flags.push(format!("--user-data-dir={}", folder.display()));
        flags.push(format!("--window-size={},{}", look.size.0, look.size.1));
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": {"args": flags, "binary": chromium},
            "goog:loggingPrefs": {"browser": "ALL"},
        });
        let capabilities = capabilities.as_object().cloned().unwrap_or_default();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&driver_url)
            .await
            .with_context(|| format!("chromedriver gives no session\n{}", driver.stderr.text()))?;
        let session = client.session_id().await?.context("no session id")?;
        let browser = Self { client, session, driver_url, driver, _profile: profile };
        browser.look(look).await?;
        Ok(browser)
    }

    /// Changes the window and the media settings.
    pub async fn look(&self, look: &Look) -> Result<()> {
        // A headless window can't be as narrow as a phone, so the size is that of an emulated screen.
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": look.size.0, "height": look.size.1, "deviceScaleFactor": 1, "mobile": false}),
        )
        .await?;
        let features = json!([
            {"name": "prefers-color-scheme", "value": if look.dark { "dark" } else { "light" }},
            {"name": "prefers-reduced-motion", "value": if look.still { "reduce" } else { "no-preference" }},
        ]);
        self.devtools("Emulation.setEmulatedMedia", json!({"features": features})).await.map(drop)
    }

    /// Runs `script` in every document before its own scripts.
    pub async fn before_page(&self, script: &str) -> Result<()> {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({"source": script})).await.map(drop)
    }

    /// Sends one command of the DevTools protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Result<Value> {
        self.driver_post("goog/cdp/execute", &json!({"cmd": command, "params": parameters})).await
    }

    async fn driver_post(&self, what: &str, body: &Value) -> Result<Value> {
        let answer = http::post(format!("{}/session/{}/{what}", self.driver_url, self.session), body).limit(LIMIT).send().await?;
        if answer.status != 200 {
            bail!("chromedriver refused {what} with {}: {}", answer.status, answer.text());
        }
        Ok(answer.json()?["value"].take())
    }

    pub async fn open(&self, url: &str) -> Result<()> {
        wait::within("the page loads", LIMIT, self.client.goto(url)).await??;
        Ok(())
    }

    /// Runs a script and returns its value, awaiting a promise.
    pub async fn eval(&self, script: &str) -> Result<Value> {
        wait::within("a script's value", LIMIT, self.client.execute(script, Vec::new())).await?.with_context(|| format!("script: {script}"))
    }

    /// Waits until a script returns a true value, and returns that.
    ///
    /// # Errors
    /// It doesn't happen in time; the error includes what the page shows.
    pub async fn until(&self, what: &str, script: &str) -> Result<Value> {
        let found = wait::until(what, LIMIT, async || {
            self.eval(script).await.ok().filter(|value| !matches!(value, Value::Null | Value::Bool(false)) && value != 0 && value != "")
        });
        match found.await {
            Ok(value) => Ok(value),
            Err(error) => {
                let page = self.eval("return document.body.innerText").await.unwrap_or_default();
                let log = self.console().await.unwrap_or_default();
                bail!("{error}\n--- page ---\n{}\n--- console ---\n{log:?}", page.as_str().unwrap_or_default())
            }
        }
    }

    /// The console's messages since the last call, including CSP violations and failed loads.
    pub async fn console(&self) -> Result<Vec<String>> {
        let entries = self.driver_post("se/log", &json!({"type": "browser"})).await?;
        Ok(entries.as_array().map_or_else(Vec::new, |all| {
            all.iter().map(|e| format!("{} {}", e["level"].as_str().unwrap_or_default(), e["message"].as_str().unwrap_or_default())).collect()
        }))
    }

    /// A screenshot of the window, as PNG.
    pub async fn screenshot(&self) -> Result<Vec<u8>> {
        let shot = self.devtools("Page.captureScreenshot", json!({"format": "png"})).await?;
        Ok(base64::engine::general_purpose::STANDARD.decode(shot["data"].as_str().context("no picture")?)?)
    }

    #[must_use]
    pub fn driver_log(&self) -> String {
        self.driver.stderr.text()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Chromium is not in chromedriver's process group, and only chromedriver can stop it, so the session is deleted first.
        // This blocks, because a failed test drops the browser outside any runtime that could await it.
        let quit = || -> std::io::Result<()> {
            let address = self.driver_url.trim_start_matches("http://");
            let mut stream = std::net::TcpStream::connect(address)?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            write!(stream, "DELETE /session/{} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n", self.session)?;
            stream.read(&mut [0; 64]).map(drop)
        };
        let _ = quit();
    }
}
