//! A minimal HTTP/1.1 client: one connection, one request at a time, only what the servers answer.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The most that one read takes.
const READ_BYTES: usize = 64 * 1024;
/// More headers are not what the servers send.
const HEADERS_MAX: usize = 32;
/// A longer head or body is not one of the workload.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// A kept-alive connection.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

/// An answer, whose body is in the connection's buffer until the next request.
#[derive(Copy, Clone, Debug)]
pub(super) struct Answer<'c> {
    /// The status code.
    pub(super) status: u16,
    /// The body.
    pub(super) body: &'c [u8],
}

#[derive(Debug, PartialEq)]
struct Head {
    status: u16,
    bytes: usize,
    body_bytes: usize,
}

impl Connection {
    /// Connects to a server.
    pub(super) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; READ_BYTES], filled: 0 })
    }

    /// Sends a request and waits for the whole answer.
    pub(super) async fn send(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.filled = 0;
        self.stream.write_all(request).await.context("cannot send")?;
        let head = loop {
            self.receive().await?;
            if let Some(head) = read_head(&self.buffer[..self.filled])? {
                break head;
            }
        };
        let end = head.bytes + head.body_bytes;
        while self.filled < end {
            self.receive().await?;
        }
        if self.filled > end {
            bail!("the server sent more than its content-length");
        }
        Ok(Answer { status: head.status, body: &self.buffer[head.bytes..end] })
    }

    async fn receive(&mut self) -> anyhow::Result<()> {
        if self.buffer.len() - self.filled < READ_BYTES / 2 {
            if self.buffer.len() > ANSWER_BYTES_MAX {
                bail!("the answer is longer than {ANSWER_BYTES_MAX} bytes");
            }
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let read = self.stream.read(&mut self.buffer[self.filled..]).await?;
        if read == 0 {
            bail!("the server closed the connection");
        }
        self.filled += read;
        Ok(())
    }
}

/// Reads the head of an answer, once all of it is there.
fn read_head(bytes: &[u8]) -> anyhow::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut answer = httparse::Response::new(&mut headers);
    let bytes = match answer.parse(bytes).context("the answer is no HTTP")? {
        httparse::Status::Complete(bytes) => bytes,
        httparse::Status::Partial => return Ok(None),
    };
    let status = answer.code.context("no status line")?;
    let mut headers = answer.headers.iter();
    let body_bytes = headers
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .and_then(|header| str::from_utf8(header.value).ok()?.parse().ok())
        .context("the answer has no content-length")?;
    Ok(Some(Head { status, bytes, body_bytes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_is_read_once_it_is_complete() {
        let answer = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\nx: y\r\n\r\nhello";
        let head = Head { status: 201, bytes: answer.len() - 5, body_bytes: 5 };
        assert_eq!(read_head(answer).expect("it is well-formed"), Some(head));
        assert_eq!(read_head(&answer[..30]).expect("it is only short"), None);
        assert!(read_head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
