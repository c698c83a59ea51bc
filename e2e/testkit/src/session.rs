//! One visitor of the site: a client id, and the cookies that came with it.

use crate::http::{self, Answer};
use crate::jar::Jar;
use crate::ws::{self, Ws};
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// A visitor. Every request uses a fresh connection, as it may behind any proxy.
#[derive(Debug, Clone)]
pub struct Session {
    base: String,
    pub id: String,
    pub jar: Jar,
    /// The identity in the answer to the first request.
    pub page_by: String,
}

impl Session {
    /// Gets an id from `GET /session` and keeps the cookies.
    pub async fn visit(base: &str) -> Result<Self> {
        let base = base.trim_end_matches('/').to_owned();
        let answer = http::get(format!("{base}/session")).send().await?;
        let body = answer.json()?;
        let mut jar = Jar::default();
        jar.take(&answer);
        let text = |field: &str| body[field].as_str().map(str::to_owned).with_context(|| format!("no {field} in {body}"));
        Ok(Self { id: text("client_id")?, page_by: text("page_by")?, jar, base })
    }

    /// The same session at another address of the site.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), ..self.clone() }
    }

    /// Opens a socket with this session's id and cookies.
    pub async fn socket(&self) -> Result<Ws> {
        ws::socket(&self.base, &self.id).cookie(&self.jar.header()).open().await
    }

    /// `POST /{route}/{id}` with cookies, like the sticky buttons.
    pub async fn sticky(&self, route: &str, text: &str) -> Result<Answer> {
        self.post(route, &json!({"text": text, "op": "echo"}), &self.jar.header()).await
    }

    /// `POST /{route}/{id}` without cookies, like the non-sticky buttons.
    pub async fn plain(&self, route: &str, text: &str) -> Result<Answer> {
        self.post(route, &json!({"text": text, "op": "echo"}), "").await
    }

    /// A POST with any body and any `Cookie` header.
    pub async fn post(&self, route: &str, body: &Value, cookie: &str) -> Result<Answer> {
        http::post(self.url(route), body).cookie(cookie).send().await
    }

    /// The session's URL below a route.
    #[must_use]
    pub fn url(&self, route: &str) -> String {
        format!("{}/{route}/{}", self.base, self.id)
    }
}
