//! One HTTP/1.1 request: as much of the protocol as the admin interface speaks.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::Error;

/// How long a server may be silent within one answer.
const TIMEOUT: Duration = Duration::from_secs(60);

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status, for instance 200.
    pub status: u16,
    /// Its body.
    pub body: String,
}

/// Sends a request to `http://HOST:PORT/PATH` with `body`, which may be empty, and answers what comes back.
///
/// # Errors
/// The URL is no such URL, the server cannot be reached, or it does not answer HTTP.
pub fn request(method: &str, url: &str, body: &str) -> Result<Answer, Error> {
    let address = url.strip_prefix("http://").and_then(|rest| rest.split_once('/'));
    let (host, path) = address.ok_or_else(|| Error::Usage(format!("{url}: not http://HOST:PORT/PATH")))?;
    let answer = exchange(method, host, path, body).map_err(Error::io(format!("{method} {url}")))?;
    parse(&answer).ok_or_else(|| Error::Answer {
        peer: host.to_owned(),
        what: format!("{method} {url}: no HTTP answer but {}", String::from_utf8_lossy(&answer)),
    })
}

fn exchange(method: &str, host: &str, path: &str, body: &str) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let length = body.len();
    let head = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// The status and body of a whole answer; nothing for one that is cut short.
fn parse(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, body) = (std::str::from_utf8(&answer[..end]).ok()?, &answer[end + 4..]);
    let mut lines = head.lines();
    let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let field = |name: &str| {
        let fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    };
    let body = if field("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        unchunk(body)?
    } else {
        match field("content-length") {
            Some(length) => body.get(..length.parse().ok()?)?.to_vec(),
            None => body.to_vec(),
        }
    };
    Some(Answer { status, body: String::from_utf8_lossy(&body).into_owned() })
}

fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Option<Answer> {
        Some(Answer { status, body: body.to_owned() })
    }

    #[test]
    fn answers_of_all_three_lengths_are_read() {
        assert_eq!(parse(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nnoX"), answer(404, "no"));
        assert_eq!(
            parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"),
            answer(200, "abcd")
        );
        assert_eq!(parse(b"HTTP/1.0 200 OK\r\n\r\nall"), answer(200, "all"));
    }

    #[test]
    fn answers_cut_short_are_none() {
        assert_eq!(parse(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nno"), None);
        assert_eq!(parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab"), None);
        assert_eq!(parse(b"SSH-2.0\r\n\r\n"), None);
    }
}
