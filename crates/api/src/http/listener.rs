//! Where connections come in: TCP ports and Unix sockets.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::task::{Context, Poll, ready};

use tokio::net::{TcpListener, TcpSocket, UnixListener};

use super::client::Peer;
use super::socket::Socket;
use super::socket_file::{self, SocketFile};
use super::tls::Tls;

/// Connections that wait in the system until they are accepted; further ones are not let in.
const BACKLOG: u32 = 1024;

/// Somewhere to accept connections.
#[derive(Debug)]
pub struct Listener {
    kind: Kind,
    speaks: Speaks,
}

/// What is spoken with whoever connects.
#[derive(Debug, Clone)]
pub(super) enum Speaks {
    Http,
    Https(Tls),
    /// HTTP that only sends on to HTTPS on this port.
    Redirect(u16),
}

#[derive(Debug)]
enum Kind {
    Tcp { listener: TcpListener, address: SocketAddr },
    Unix { listener: UnixListener, file: SocketFile },
}

/// A connection that came in.
pub(super) struct Accepted {
    pub(super) socket: Socket,
    pub(super) peer: Peer,
    pub(super) speaks: Speaks,
}

impl Listener {
    /// Listens on a TCP port; 0 takes a free one.
    ///
    /// # Errors
    /// Where the address is taken, or not this machine's.
    pub fn tcp(address: SocketAddr) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A port can be taken again while old connections linger.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        Ok(Self { kind: Kind::Tcp { listener, address }, speaks: Speaks::Http })
    }

    /// Listens on a Unix socket with these permissions. What a killed server left is replaced.
    ///
    /// # Errors
    /// Where another server listens there, or there is a file that is not a socket.
    pub fn unix(path: &Path, mode: u32) -> io::Result<Self> {
        let (listener, file) = socket_file::bind(path, mode)?;
        Ok(Self { kind: Kind::Unix { listener, file }, speaks: Speaks::Http })
    }

    /// Speaks TLS with whoever connects.
    #[must_use]
    pub fn over_tls(self, tls: Tls) -> Self {
        Self { speaks: Speaks::Https(tls), ..self }
    }

    /// Sends whoever connects on to HTTPS on this port.
    #[must_use]
    pub fn redirecting(self, port: u16) -> Self {
        Self { speaks: Speaks::Redirect(port), ..self }
    }

    /// Returns the port's address, with the port that was taken; none for a Unix socket.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.kind {
            Kind::Tcp { address, .. } => Some(*address),
            Kind::Unix { .. } => None,
        }
    }

    /// Returns how clients call it: `http://127.0.0.1:8090/`, or `unix:/run/shop.sock`.
    pub fn url(&self) -> String {
        match &self.kind {
            Kind::Tcp { address, .. } => match self.speaks {
                Speaks::Https(_) => format!("https://{address}/"),
                Speaks::Http | Speaks::Redirect(_) => format!("http://{address}/"),
            },
            Kind::Unix { file, .. } => format!("unix:{}", file.path().display()),
        }
    }

    pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        Poll::Ready(match &self.kind {
            Kind::Tcp { listener, .. } => ready!(listener.poll_accept(cx)).map(|(stream, from)| {
                // Answers are written whole, so that waiting for more to send only costs time. A
                // connection that is gone already says so when it is read.
                let _ = stream.set_nodelay(true);
                let peer = Peer::Ip(from.ip().to_canonical());
                Accepted { socket: Socket::Left(stream), peer, speaks: self.speaks.clone() }
            }),
            Kind::Unix { listener, .. } => ready!(listener.poll_accept(cx)).map(|(stream, _)| {
                let speaks = self.speaks.clone();
                Accepted { socket: Socket::Right(stream), peer: Peer::Unix, speaks }
            }),
        })
    }
}
