//! The running program, and verbs for what a developer does.

use std::collections::HashMap;

use reqwest::{Method, Response};
use serde_json::Value;
use test_support::{Program, http_client};

/// The local stack on any free port, and what it said of itself.
pub(crate) struct Local {
    pub(crate) program: Program,
    pub(crate) said: HashMap<String, String>,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }
}

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_local");

impl Local {
    /// Starts with `--emit-env`, and reads what that prints.
    pub(crate) async fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut all = vec!["--port", "0", "--emit-env"];
        all.extend_from_slice(arguments);
        let program = Program::start(PROGRAM, &all, environment);
        program.line_with("BEN_TOKEN=").await;
        let pairs = program.output();
        let said = pairs.iter().filter_map(|line| line.split_once('='));
        let said = said.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { program, said }
    }

    /// With nothing set.
    pub(crate) async fn plain() -> Self {
        Self::start(&[], &[]).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.said["ORDERS_URL"])
    }

    /// Asks with a method, a path, and an `Authorization` header if it is given.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        authorization: Option<&str>,
    ) -> Answer {
        let mut request = http_client().request(method, self.url(path));
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization);
        }
        answer(request.send().await.unwrap()).await
    }

    /// A member opens an order. `token` is a name of those that the stack printed.
    pub(crate) async fn open(&self, token: &str, order: &str) -> Answer {
        let bearer = format!("Bearer {}", self.said[token]);
        self.ask(Method::GET, &format!("/dashboard/orders/{order}"), Some(&bearer)).await
    }
}

pub(crate) async fn answer(response: Response) -> Answer {
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}
