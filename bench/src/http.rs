//! As much of HTTP/1.1 as the stand-ins need, on blocking streams: whatever they compute is taken
//! from the two cores that the measured program runs on.

use std::io::{self, BufRead, Write};

/// The most that a head is let grow to, in bytes.
const MOST_HEAD: usize = 64 * 1024;

/// A message as it came in.
pub(crate) struct Message {
    /// Its first line: `GET /path HTTP/1.1`, or `HTTP/1.1 200 OK`.
    pub(crate) first_line: String,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// The path of a request.
    pub(crate) fn path(&self) -> &str {
        self.first_line.split(' ').nth(1).unwrap_or_default()
    }

    /// The status of an answer.
    pub(crate) fn status(&self) -> Option<u16> {
        self.first_line.split(' ').nth(1)?.parse().ok()
    }

    /// Reads the next one; `None` where the other side has closed the connection.
    pub(crate) fn read(stream: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut first_line = String::new();
        if stream.read_line(&mut first_line)? == 0 {
            return Ok(None);
        }
        let (mut length, mut line, mut head) = (0, String::new(), first_line.len());
        loop {
            line.clear();
            head += stream.read_line(&mut line)?;
            if line.trim_end().is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(io::Error::other)?;
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                return Err(io::Error::other("a body without a length"));
            }
            if head > MOST_HEAD {
                return Err(io::Error::other("a head without an end"));
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body)?;
        Ok(Some(Self { first_line, body }))
    }
}

/// An answer, ready to be sent.
pub(crate) fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut answer = Vec::with_capacity(body.len() + 512);
    // A `Vec` takes whatever is written to it.
    let _ = write!(answer, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        let _ = write!(answer, "{name}: {value}\r\n");
    }
    answer.extend_from_slice(b"\r\n");
    answer.extend_from_slice(body);
    answer
}
