//! What carries HTTP: two kinds of sockets, in clear or under TLS, each behind one type, so that
//! HTTP is compiled once.

use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

/// An accepted connection: left over TCP, right over a Unix socket.
pub(super) type Socket = Either<TcpStream, UnixStream>;

/// A stream: left in clear, right over TLS.
pub(super) type Transport<S> = Either<S, Box<TlsStream<S>>>;
