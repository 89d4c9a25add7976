//! A small HTTP client: one connection for each request, nothing hidden.

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value as Json;
use tokio::net::TcpStream;

use crate::answer::Answer;
use crate::token::token;

/// A client of a server, perhaps with a token.
#[derive(Debug, Clone)]
pub struct Client {
    address: String,
    headers: Vec<(String, String)>,
}

impl Client {
    pub(crate) fn new(address: &str) -> Self {
        Self { address: address.to_owned(), headers: Vec::new() }
    }

    /// Sends a header with each request.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// Signs in with these claims.
    pub fn as_caller(&self, claims: &Json) -> Self {
        self.with("authorization", &format!("Bearer {}", token(claims)))
    }

    /// Signs in as a user without a role.
    pub fn as_user(&self, id: &str) -> Self {
        self.as_caller(&serde_json::json!({ "sub": id }))
    }

    /// Signs in with the role `admin`.
    pub fn as_admin(&self) -> Self {
        let sub = "00000000-0000-7000-8000-00000000ad11";
        self.as_caller(&serde_json::json!({ "sub": sub, "role": "admin" }))
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// `GET` with query parameters, which are encoded.
    pub async fn find(&self, path: &str, query: &[(&str, &str)]) -> Answer {
        let pairs: Vec<String> = query
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        self.get(&format!("{path}?{}", pairs.join("&"))).await
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, path: &str, body: Json) -> Answer {
        self.send(Method::POST, path, Some(body.to_string().into())).await
    }

    /// `PATCH` with a JSON body.
    pub async fn patch(&self, path: &str, body: Json) -> Answer {
        self.send(Method::PATCH, path, Some(body.to_string().into())).await
    }

    /// `PUT` with a JSON body.
    pub async fn put(&self, path: &str, body: Json) -> Answer {
        self.send(Method::PUT, path, Some(body.to_string().into())).await
    }

    /// `DELETE`
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Sends any request. A body is declared as JSON unless a header says otherwise.
    ///
    /// # Panics
    /// When the server cannot be reached.
    pub async fn send(&self, method: Method, path: &str, body: Option<Bytes>) -> Answer {
        self.try_send(method, path, body).await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Sends any request.
    ///
    /// # Errors
    /// When the server cannot be reached or breaks off.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let mut request = Request::builder().method(method).uri(path).header("host", &self.address);
        let typed = self.headers.iter().any(|(name, _)| name == "content-type");
        if body.is_some() && !typed {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body.unwrap_or_default()))?;
        let exchange = async {
            let response = sender.send_request(request).await?;
            let (parts, body) = response.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok::<_, hyper::Error>(Answer { status: parts.status, headers: parts.headers, body })
        };
        let drive = async {
            // The connection ends when the exchange drops its sender.
            let _ = connection.await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            answer = exchange => Ok(answer?),
            () = drive => unreachable!("the connection is awaited forever"),
        }
    }
}

/// Percent-encodes a part of a URL.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~[]".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
