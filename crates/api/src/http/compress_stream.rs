//! Compresses an answer while it is made, piece by piece.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use brotli::CompressorWriter;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::{Body, Frame};

use super::answer_body::{Broken, Stream};
use super::encoding::Coding;

/// How far back brotli looks: each stream holds a few times as much while it is sent.
const BROTLI_WINDOW_BITS: u32 = 18;
/// What brotli puts out at a time.
const BROTLI_BUFFER_BYTES: usize = 4096;

/// A stream, compressed.
pub(super) struct Packed {
    plain: Stream,
    /// Gone when all is compressed.
    encoder: Option<Encoder>,
}

enum Encoder {
    Gzip(GzEncoder<Vec<u8>>),
    Brotli(Box<CompressorWriter<Vec<u8>>>),
}

impl Packed {
    pub(super) fn new(plain: Stream, coding: Coding, gzip_level: u32, brotli_quality: i32) -> Self {
        let encoder = match coding {
            Coding::Gzip => Encoder::Gzip(GzEncoder::new(Vec::new(), Compression::new(gzip_level))),
            Coding::Brotli => {
                let quality = brotli_quality.unsigned_abs();
                let (buffer, window) = (BROTLI_BUFFER_BYTES, BROTLI_WINDOW_BITS);
                Encoder::Brotli(Box::new(CompressorWriter::new(
                    Vec::new(),
                    buffer,
                    quality,
                    window,
                )))
            }
        };
        Self { plain, encoder: Some(encoder) }
    }
}

impl Encoder {
    /// Compresses a piece, and returns what there is so far.
    fn pack(&mut self, plain: &[u8]) -> io::Result<Vec<u8>> {
        let packed = match self {
            Self::Gzip(encoder) => {
                encoder.write_all(plain)?;
                encoder.get_mut()
            }
            Self::Brotli(encoder) => {
                encoder.write_all(plain)?;
                encoder.get_mut()
            }
        };
        Ok(std::mem::take(packed))
    }

    /// Returns the rest.
    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(encoder) => encoder.finish(),
            Self::Brotli(encoder) => Ok(encoder.into_inner()),
        }
    }
}

impl Body for Packed {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let this = self.get_mut();
        loop {
            let Some(encoder) = &mut this.encoder else { return Poll::Ready(None) };
            // Trailers mean nothing here; memory does not fail to be written.
            let packed = match ready!(this.plain.as_mut().poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(plain) => encoder.pack(&plain),
                    Err(_) => continue,
                },
                Some(Err(error)) => {
                    this.encoder = None;
                    return Poll::Ready(Some(Err(error)));
                }
                None => match this.encoder.take() {
                    Some(encoder) => encoder.finish(),
                    None => return Poll::Ready(None),
                },
            };
            match packed {
                Ok(packed) if packed.is_empty() => {}
                Ok(packed) => return Poll::Ready(Some(Ok(Frame::data(packed.into())))),
                Err(_) => return Poll::Ready(Some(Err(Broken))),
            }
        }
    }
}
