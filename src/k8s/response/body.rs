//! The body of an answer, as it was received: a compressed one stays compressed until it is parsed, so that a page of
//! pods is never held in memory uncompressed.

use std::borrow::Cow;
use std::io::{self, Read};

use flate2::read::GzDecoder;
use http::{HeaderMap, header};

/// A limit on what a broken or hostile server can make us keep: more than any page of pods holds.
pub(super) const MAX_BODY_BYTES: usize = 64 << 20;

/// A limit on the inflated size of a page, which is never kept whole: more than a page of the largest pods holds.
const MAX_INFLATED_BYTES: u64 = 1 << 30;

/// The bytes of a body, and whether they are compressed.
#[derive(Default)]
pub(super) struct ResponseBody {
    bytes: Vec<u8>,
    is_gzip: bool,
}

impl ResponseBody {
    /// An empty body of an answer with these headers.
    pub(super) fn announced_by(headers: &HeaderMap) -> Self {
        let encoding = headers.get(header::CONTENT_ENCODING);
        Self {
            bytes: Vec::new(),
            is_gzip: encoding.is_some_and(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"gzip")),
        }
    }

    /// Adds what was received.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The bytes as they were received: those of a refusal are inflated, those of a page may be compressed.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A reader of the inflated body, as far as it was received.
    pub(super) fn reader(&self) -> Box<dyn Read + '_> {
        if self.is_gzip {
            Box::new(GzDecoder::new(&*self.bytes).take(MAX_INFLATED_BYTES))
        } else {
            Box::new(&*self.bytes)
        }
    }

    /// The whole inflated body.
    pub(super) fn whole(&self) -> io::Result<Cow<'_, [u8]>> {
        if !self.is_gzip {
            return Ok(Cow::Borrowed(&self.bytes));
        }
        let mut inflated = Vec::new();
        self.reader().read_to_end(&mut inflated)?;
        Ok(Cow::Owned(inflated))
    }

    /// The first `limit` bytes of the inflated body. Errors are left to the parser, which sees them too.
    pub(super) fn beginning(&self, limit: usize) -> Vec<u8> {
        let mut beginning = Vec::new();
        let _ = self.reader().take(limit as u64).read_to_end(&mut beginning);
        beginning
    }

    /// Inflates the body in place, if it is compressed.
    ///
    /// # Errors
    /// The body is not what its encoding says, in words.
    pub(super) fn inflate(&mut self) -> Result<(), String> {
        if !self.is_gzip {
            return Ok(());
        }
        let mut inflated = Vec::new();
        let result = self
            .reader()
            .take(MAX_BODY_BYTES as u64)
            .read_to_end(&mut inflated);
        result.map_err(|error| format!("the answer is not what its encoding says: {error}"))?;

        *self = Self::from(inflated);
        Ok(())
    }
}

/// A body that is not compressed.
impl From<Vec<u8>> for ResponseBody {
    fn from(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            is_gzip: false,
        }
    }
}
