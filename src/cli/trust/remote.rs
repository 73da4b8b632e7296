//! A broker that does not run on this machine, spoken to by its API.

use std::time::Duration;

use reqwest::header::{ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{StatusCode, Url};
use serde_json::{Value, json};

use crate::browser::told;
use crate::cli::wrong;
use crate::domain::id::EntityId;
use crate::domain::trust::{Report, Scenario};
use crate::domain::written::Complaint;

/// How long a broker may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What speaks to the network for whoever gave the command; it follows nothing by itself.
#[expect(
    clippy::disallowed_methods,
    reason = "the person at the command line says where to, as with a browser"
)]
pub(super) fn client() -> Result<reqwest::Client, String> {
    let client =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build();
    client.map_err(|error| error.to_string())
}

/// Whether what is secret may be sent to this address.
pub(super) fn is_safe(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

/// A broker elsewhere.
pub(super) struct Remote {
    client: reqwest::Client,
    base: String,
    token: String,
}

impl Remote {
    /// The broker at an address, with the token of an API client there.
    pub(super) fn new(base: &str, token: &[u8]) -> Result<Self, Vec<Complaint>> {
        if !is_safe(base) {
            return Err(wrong("--url", "expected an https address: a token is sent there"));
        }
        let token = String::from_utf8_lossy(token).trim().to_owned();
        let client = client().map_err(|error| wrong("the machine", error))?;
        Ok(Self { client, base: base.trim_end_matches('/').to_owned(), token })
    }

    /// The link to a new run, or why the broker cannot be reached.
    pub(super) async fn order(
        &self,
        idp: &EntityId,
        scenario: Scenario,
        fagsystem: Option<&EntityId>,
    ) -> Result<Result<String, String>, Vec<Complaint>> {
        let mut order = json!({ "identityProvider": idp, "scenario": scenario });
        if let Some(fagsystem) = fagsystem {
            order["fagsystem"] = json!(fagsystem);
        }
        let request = self.client.post(format!("{}/api/v1/trust/runs", self.base));
        let request = request.header(AUTHORIZATION, format!("Bearer {}", self.token));
        let request = request.header(ACCEPT_LANGUAGE, "en");
        let sent = request.header(CONTENT_TYPE, "application/json").body(order.to_string()).send().await;
        let (status, body) = match sent {
            Ok(response) => (response.status(), response.text().await.unwrap_or_default()),
            Err(error) => return Ok(Err(told(&error))),
        };
        let answer: Value = serde_json::from_str(&body).unwrap_or_default();
        match (status, answer["link"].as_str()) {
            (StatusCode::CREATED, Some(link)) => Ok(Ok(link.to_owned())),
            (status, _) if status.is_client_error() => {
                let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
                let errors =
                    answer["errors"].as_array().map(|errors| Value::from(errors.clone()).to_string());
                let what = [text("code"), text("title"), errors.unwrap_or_default()];
                Err(wrong(&self.base, format!("{status}: {}", what.join(" ").trim())))
            }
            (status, _) => Ok(Err(format!("{}: expected 201 and a link, got {status}", self.base))),
        }
    }

    /// What is told of a run behind a link that began and got no answer.
    pub(super) async fn unanswered(&self, link: &str) -> Option<Value> {
        unanswered(&self.client, link).await
    }

    /// The report behind a link, once it is there.
    pub(super) async fn report(&self, link: &str) -> Result<Option<Report>, String> {
        fetch(&self.client, link).await
    }
}

/// What is told of a run behind a link that began and got no answer.
pub(super) async fn unanswered(client: &reqwest::Client, link: &str) -> Option<Value> {
    let response = client.get(format!("{link}/run.json")).send().await.ok()?;
    let mut run: Value = serde_json::from_str(&response.text().await.ok()?).ok()?;
    Some(run["unanswered"].take()).filter(Value::is_object)
}

/// The report behind a link, once it is there.
pub(super) async fn fetch(client: &reqwest::Client, link: &str) -> Result<Option<Report>, String> {
    let response = client.get(format!("{link}/report.json")).send().await.map_err(|error| told(&error))?;
    match response.status() {
        StatusCode::NO_CONTENT => Ok(None),
        StatusCode::OK => {
            let body = response.text().await.map_err(|error| told(&error))?;
            serde_json::from_str(&body).map(Some).map_err(|error| format!("expected a report: {error}"))
        }
        status => Err(format!("expected a report, got {status}")),
    }
}
