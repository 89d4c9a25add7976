//! Connections spoken by hand: whatever bytes, in whatever pieces.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use crate::server::{PATIENCE, Server};

/// How long a client listens before it goes on sending.
const MOMENT: Duration = Duration::from_millis(10);

/// A connection on which a test writes and reads bytes.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
}

impl Wire {
    /// Connects.
    ///
    /// # Panics
    /// When the server does not listen.
    pub fn open(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address()).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_nodelay(true).expect("an option");
        Self { stream }
    }

    /// Writes bytes, and says whether the server still took them.
    ///
    /// # Panics
    /// When the server neither reads nor closes.
    pub fn send(&mut self, bytes: &[u8]) -> bool {
        match self.stream.write_all(bytes) {
            Ok(()) => true,
            Err(error) => {
                let is_hang = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                assert!(!is_hang, "the server neither reads nor closes");
                false
            }
        }
    }

    /// Writes bytes again and again until the server closes, and reads nothing.
    ///
    /// # Panics
    /// When the server goes on taking them.
    pub fn flood(&mut self, bytes: &[u8]) {
        let begun = Instant::now();
        while self.send(bytes) {
            assert!(begun.elapsed() < PATIENCE, "the server takes whatever comes");
        }
    }

    /// Says that nothing more comes.
    pub fn finish(&mut self) {
        // The server may have closed already.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Reads until the answer holds a text, or the server closes.
    pub fn until(&mut self, text: &[u8]) -> Vec<u8> {
        let mut answer = Vec::new();
        while !answer.windows(text.len()).any(|window| window == text) && self.read(&mut answer) {}
        answer
    }

    /// Reads what has come already, or comes within a moment.
    pub fn until_quiet(&mut self) -> Vec<u8> {
        self.stream.set_read_timeout(Some(MOMENT)).expect("a timeout");
        let mut buffer = [0; 1024];
        let read = self.stream.read(&mut buffer).unwrap_or(0);
        self.stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        buffer[..read].to_vec()
    }

    /// Reads until the server closes.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut answer = Vec::new();
        while self.read(&mut answer) {}
        answer
    }

    /// Writes bytes while it reads, until the server closes.
    pub fn exchange(server: &Server, bytes: &[u8]) -> Vec<u8> {
        let mut reader = Self::open(server);
        let stream = reader.stream.try_clone().expect("a second handle");
        let mut writer = Self { stream };
        std::thread::scope(|scope| {
            scope.spawn(move || writer.send(bytes));
            reader.rest()
        })
    }

    /// Reads what is there; false when the server has closed.
    fn read(&mut self, answer: &mut Vec<u8>) -> bool {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => false,
            Ok(read) => {
                answer.extend_from_slice(&buffer[..read]);
                true
            }
            Err(error) => {
                let is_hang = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                assert!(!is_hang, "the server neither answers nor closes");
                false
            }
        }
    }
}
