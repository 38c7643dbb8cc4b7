//! Reads what a client names by an `http://` URL instead of sending it (rest-api 4.2 and 5.4).

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::Request;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper_util::rt::TokioIo;
use tidegate_api::ErrorBody;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::answer::Refused;
use crate::body;
use crate::call::bad;

/// How long the whole exchange may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The body behind an `http://` URL, of at most `limit` bytes. Redirections are not followed.
pub(crate) async fn fetch(url: &str, limit: usize) -> Result<Bytes, Refused> {
    let (host, target) = parts(url)?;
    let failed = |why: String| Refused(ErrorBody::new(400, format!("'{url}' could not be read")).detail(why));
    let exchange = async {
        let address = if has_port(host) { host.to_owned() } else { format!("{host}:80") };
        let socket = TcpStream::connect(address).await.map_err(|error| failed(error.to_string()))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(socket)).await.map_err(|error| failed(error.to_string()))?;
        let request = Request::get(target).header(HOST, host).body(Body::empty());
        let request = request.map_err(|error| failed(error.to_string()))?;
        // The connection works in the background until its answer is dropped; an error of it is one of the answer.
        tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(|error| failed(error.to_string()))?;
        if !response.status().is_success() {
            return Err(failed(format!("it answered {}", response.status())));
        }
        body::read(Body::new(response.into_body()), limit).await
    };
    match timeout(TIMEOUT, exchange).await {
        Ok(result) => result,
        Err(_) => Err(failed(format!("it did not answer within {} s", TIMEOUT.as_secs()))),
    }
}

/// The model behind an `http://` URL, for a server that is started with it. Waits for the answer.
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

/// Authority and target of a URL.
fn parts(url: &str) -> Result<(&str, &str), Refused> {
    let scheme = url.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://"));
    let Some(scheme) = scheme else { return Err(bad(format!("'{url}': https is not implemented yet"))) };
    let rest = &url[scheme.len()..];
    let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if host.is_empty() || host.contains(['@', ' ']) {
        return Err(bad(format!("'{url}' names no host")));
    }
    Ok((host, if target.is_empty() { "/" } else { target }))
}

/// Whether an authority ends in a port; the colons of an IPv6 address stand in brackets.
fn has_port(host: &str) -> bool {
    host.rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn urls_come_apart() {
        assert_eq!(parts("http://h:80/m.xml?a=b").unwrap(), ("h:80", "/m.xml?a=b"));
        assert_eq!(parts("HTTP://h").unwrap(), ("h", "/"));
        assert_eq!(parts("https://h/").unwrap_err().0.message, "'https://h/': https is not implemented yet");
        for wrong in ["http://", "http:///x", "http://u@h/"] {
            assert!(parts(wrong).is_err(), "{wrong}");
        }
        assert!(has_port("h:1") && has_port("[::1]:8") && !has_port("[::1]") && !has_port("h"));
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
