//! One visitor of the site: an id and the cookies that came with it.

use crate::http::{self, Answer};
use crate::jar::Jar;
use crate::ws::{self, Ws};
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// A visitor. Every request goes over a fresh connection, as a proxy may do it to any of them.
#[derive(Debug, Clone)]
pub struct Session {
    base: String,
    /// The client id.
    pub id: String,
    /// The cookies.
    pub jar: Jar,
    /// The identity that answered the first request.
    pub page_by: String,
}

impl Session {
    /// Asks `GET /session` for an id and keeps the cookies.
    ///
    /// # Errors
    /// The answer is not what it should be.
    pub async fn visit(base: &str) -> Result<Self> {
        let base = base.trim_end_matches('/').to_owned();
        let answer = http::get(format!("{base}/session")).send().await?;
        let body = answer.json()?;
        let mut jar = Jar::default();
        jar.take(&answer);
        let text = |field: &str| body[field].as_str().map(str::to_owned).with_context(|| format!("no {field} in {body}"));
        Ok(Self { id: text("client_id")?, page_by: text("page_by")?, jar, base })
    }

    /// Opens a socket of this session, cookies included.
    ///
    /// # Errors
    /// It was refused.
    pub async fn socket(&self) -> Result<Ws> {
        ws::socket(&self.base, &self.id).cookie(&self.jar.header()).open().await
    }

    /// `POST /{route}/{id}` with the cookies: what the sticky buttons do.
    ///
    /// # Errors
    /// No answer.
    pub async fn sticky(&self, route: &str, text: &str) -> Result<Answer> {
        self.post(route, &json!({"text": text, "op": "echo"}), &self.jar.header()).await
    }

    /// `POST /{route}/{id}` without cookies: what the non-sticky buttons do.
    ///
    /// # Errors
    /// No answer.
    pub async fn plain(&self, route: &str, text: &str) -> Result<Answer> {
        self.post(route, &json!({"text": text, "op": "echo"}), "").await
    }

    /// A POST of any body.
    ///
    /// # Errors
    /// No answer.
    pub async fn post(&self, route: &str, body: &Value, cookie: &str) -> Result<Answer> {
        http::post(self.url(route), body).cookie(cookie).send().await
    }

    /// The URL of a route of this session.
    #[must_use]
    pub fn url(&self, route: &str) -> String {
        format!("{}/{route}/{}", self.base, self.id)
    }
}
