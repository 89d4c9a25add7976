//! Where connections come in: TCP ports and Unix sockets.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::task::{Context, Poll, ready};

use tokio::net::{TcpListener, UnixListener};

use super::client::Peer;
use super::socket::Socket;
use super::socket_file::{self, SocketFile};

/// Somewhere to accept connections.
#[derive(Debug)]
pub struct Listener(Kind);

#[derive(Debug)]
enum Kind {
    Tcp { listener: TcpListener, address: SocketAddr },
    Unix { listener: UnixListener, file: SocketFile },
}

impl Listener {
    /// Listens on a TCP port; 0 takes a free one.
    ///
    /// # Errors
    /// Where the address is taken, or not this machine's.
    pub async fn tcp(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self(Kind::Tcp { listener, address }))
    }

    /// Listens on a Unix socket with these permissions. What a killed server left is replaced.
    ///
    /// # Errors
    /// Where another server listens there, or there is a file that is not a socket.
    pub fn unix(path: &Path, mode: u32) -> io::Result<Self> {
        let (listener, file) = socket_file::bind(path, mode)?;
        Ok(Self(Kind::Unix { listener, file }))
    }

    /// Returns the port's address, with the port that was taken; none for a Unix socket.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.0 {
            Kind::Tcp { address, .. } => Some(*address),
            Kind::Unix { .. } => None,
        }
    }

    /// Returns how clients call it: `http://127.0.0.1:8090/`, or `unix:/run/shop.sock`.
    pub fn url(&self) -> String {
        match &self.0 {
            Kind::Tcp { address, .. } => format!("http://{address}/"),
            Kind::Unix { file, .. } => format!("unix:{}", file.path().display()),
        }
    }

    pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Socket, Peer)>> {
        Poll::Ready(match &self.0 {
            Kind::Tcp { listener, .. } => ready!(listener.poll_accept(cx)).map(|(stream, from)| {
                // Answers are written whole, so that waiting for more to send only costs time. A
                // connection that is gone already says so when it is read.
                let _ = stream.set_nodelay(true);
                (Socket::Tcp(stream), Peer::Ip(from.ip().to_canonical()))
            }),
            Kind::Unix { listener, .. } => ready!(listener.poll_accept(cx))
                .map(|(stream, _)| (Socket::Unix(stream), Peer::Unix)),
        })
    }
}
