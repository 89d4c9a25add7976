//! Requests to the authority: few, small, and each over a connection of its own.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::header::HOST;
use http::uri::Scheme;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Body;
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Answers of an authority are a few kilobytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
const PORT: u16 = 443;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A client that believes certain roots.
pub(super) struct Https(TlsConnector);

impl Https {
    /// Believes the root in a file, or those of the system.
    pub(super) fn believing(root: Option<&Path>) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        match root {
            Some(path) => {
                for root in CertificateDer::pem_file_iter(path).map_err(other)? {
                    roots.add(root.map_err(other)?).map_err(other)?;
                }
            }
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        if roots.is_empty() {
            let missing = "there are no root certificates; on Debian they are in ca-certificates";
            return Err(other(io::Error::new(io::ErrorKind::NotFound, missing)));
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }
}

impl HttpClient for Https {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let connector = self.0.clone();
        Box::pin(async move {
            let response = ask(connector, request).await.map_err(Error::Other)?;
            Ok(BytesResponse::from(response))
        })
    }
}

async fn ask<B>(
    connector: TlsConnector,
    mut request: Request<B>,
) -> Result<Response<Full<Bytes>>, Failure>
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Failure>,
{
    let uri = request.uri().clone();
    let authority = uri.authority().filter(|_| uri.scheme() == Some(&Scheme::HTTPS));
    let authority = authority.ok_or("an authority is spoken to over https only")?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    request.headers_mut().insert(HOST, HeaderValue::from_str(authority.as_str())?);
    *request.uri_mut() = uri.path_and_query().map_or("/", |path| path.as_str()).parse()?;
    let stream = TcpStream::connect((&*host, authority.port_u16().unwrap_or(PORT))).await?;
    let stream = connector.connect(ServerName::try_from(host)?, stream).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let answer = async {
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await?.to_bytes();
        Ok::<_, Failure>(Response::from_parts(parts, Full::new(body)))
    };
    tokio::pin!(answer);
    tokio::select! {
        answer = &mut answer => answer,
        // The connection may end behind the last byte, before it has been taken.
        ended = connection => match ended {
            Ok(()) => answer.await,
            Err(error) => Err(error.into()),
        },
    }
}

fn other(error: impl Into<Failure>) -> Error {
    Error::Other(error.into())
}
