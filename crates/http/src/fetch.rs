//! Reads what a client names by an `http://` or `https://` URL instead of sending it (rest-api 4.2 and 5.4).

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::Request;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tidegate_api::ErrorBody;
use tidegate_client::Trust;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::answer::Refused;
use crate::body;
use crate::call::bad;

/// How long the whole exchange may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The body behind an `http://` or `https://` URL, of at most `limit` bytes. Redirections are not followed; certificates are those of
/// [`Trust::Authorities`].
pub(crate) async fn fetch(url: &str, limit: usize) -> Result<Bytes, Refused> {
    let Parts { https, host, port, target } = parts(url)?;
    let failed = |why: String| Refused(ErrorBody::new(400, format!("'{url}' could not be read")).detail(why));
    let exchange = async {
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let socket = TcpStream::connect((name, port)).await.map_err(|error| failed(error.to_string()))?;
        let request = Request::get(target).header(HOST, authority(host, port, https)).body(Body::empty());
        let request = request.map_err(|error| failed(error.to_string()))?;
        if !https {
            return requested(socket, request, limit, &failed).await;
        }
        let name = ServerName::try_from(name.to_owned()).map_err(|error| failed(error.to_string()))?;
        let connector = Trust::Authorities.connector().map_err(failed)?;
        let socket =
            connector.connect(name, socket).await.map_err(|error| failed(format!("TLS: {error}")))?;
        requested(socket, request, limit, &failed).await
    };
    match timeout(TIMEOUT, exchange).await {
        Ok(result) => result,
        Err(_) => Err(failed(format!("it did not answer within {} s", TIMEOUT.as_secs()))),
    }
}

async fn requested<S>(
    socket: S,
    request: Request<Body>,
    limit: usize,
    failed: &impl Fn(String) -> Refused,
) -> Result<Bytes, Refused>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(socket)).await.map_err(|error| failed(error.to_string()))?;
    // The connection works in the background until its answer is dropped; an error of it is one of the answer.
    tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(|error| failed(error.to_string()))?;
    if !response.status().is_success() {
        return Err(failed(format!("it answered {}", response.status())));
    }
    body::read(Body::new(response.into_body()), limit).await
}

/// The model behind an `http://` or `https://` URL, for a server that is started with it. Waits for the answer.
///
/// # Errors
/// When it cannot be read, with the reason.
pub fn fetch_model(url: &str) -> Result<String, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let fetched = runtime.map_err(|error| error.to_string())?.block_on(fetch(url, body::MODEL_BYTES));
    let bytes = fetched.map_err(|Refused(error)| {
        error.details.first().map_or(error.message.clone(), |why| format!("{}: {why}", error.message))
    })?;
    String::from_utf8(bytes.into()).map_err(|_| format!("'{url}' is not UTF-8"))
}

/// A URL taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Parts<'a> {
    https: bool,
    /// With the brackets of an IPv6 address.
    host: &'a str,
    port: u16,
    target: &'a str,
}

fn parts(url: &str) -> Result<Parts<'_>, Refused> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let https = scheme.eq_ignore_ascii_case("https");
    if !https && !scheme.eq_ignore_ascii_case("http") {
        return Err(bad(format!("'{url}' is neither http nor https")));
    }
    let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    // The colons of an IPv6 address stand in brackets.
    let (host, port) = match authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
        Some((host, port)) => (host, port.parse().map_err(|_| bad(format!("'{url}': '{port}' is no port")))?),
        None => (authority, if https { 443 } else { 80 }),
    };
    if host.is_empty() || host.contains(['@', ' ']) {
        return Err(bad(format!("'{url}' names no host")));
    }
    Ok(Parts { https, host, port, target: if target.is_empty() { "/" } else { target } })
}

/// What the header `Host` says: the port only where it is not the usual one.
fn authority(host: &str, port: u16, https: bool) -> String {
    if port == if https { 443 } else { 80 } { host.to_owned() } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn urls_come_apart() {
        let of = |https, host, port, target| Parts { https, host, port, target };
        assert_eq!(parts("http://h:81/m.xml?a=b").unwrap(), of(false, "h", 81, "/m.xml?a=b"));
        assert_eq!(parts("HTTP://h").unwrap(), of(false, "h", 80, "/"));
        assert_eq!(parts("https://[::1]/x").unwrap(), of(true, "[::1]", 443, "/x"));
        assert_eq!(parts("https://[::1]:8?x").unwrap(), of(true, "[::1]", 8, "?x"));
        assert_eq!(parts("ftp://h/").unwrap_err().0.message, "'ftp://h/' is neither http nor https");
        for wrong in ["http://", "http:///x", "http://u@h/", "http://h:x/", "http://h:/"] {
            assert!(parts(wrong).is_err(), "{wrong}");
        }
        assert_eq!(authority("h", 443, true), "h");
        assert_eq!(authority("h", 443, false), "h:443");
    }

    /// Answers one request on a socket of its own and gives back the URL.
    fn answer(response: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/model.xml?a=b", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                socket.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            assert!(head.starts_with(b"GET /model.xml?a=b HTTP/1.1\r\n"));
            socket.write_all(response.as_bytes()).unwrap();
        });
        url
    }

    fn run(url: &str, limit: usize) -> Result<Bytes, Refused> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(fetch(url, limit))
    }

    #[test]
    fn bodies_and_errors() {
        let url = answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd");
        assert_eq!(run(&url, 4).unwrap(), "abcd");
        let url = answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde");
        assert_eq!(run(&url, 4).unwrap_err().0.status, 413);
        let url = answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        let error = run(&url, 4).unwrap_err().0;
        assert_eq!((error.status, error.details), (400, vec!["it answered 404 Not Found".to_owned()]));
        let url = answer("nonsense\r\n\r\n");
        assert_eq!(run(&url, 4).unwrap_err().0.status, 400);
    }
}
