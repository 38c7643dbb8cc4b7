//! The program's exchange with a server: what is sent, what is printed, how it exits.
#![expect(
    clippy::unwrap_used,
    reason = "a test program: its helper functions fail by panicking, like its tests"
)]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

/// Answers one request with `answer` and returns what was sent, up to the end of `body`.
fn serve(answer: &'static str, body: &'static str) -> (u16, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut seen = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let text = String::from_utf8_lossy(&seen).into_owned();
            if text.contains("\r\n\r\n") && text.ends_with(body) {
                break;
            }
            let n = stream.read(&mut buffer).unwrap();
            assert!(n > 0, "closed before the request was whole: {text}");
            seen.extend_from_slice(&buffer[..n]);
        }
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(seen).unwrap()
    });
    (port, server)
}

fn client(args: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = tidegate_cli::run(args.iter().map(|arg| (*arg).to_owned()), &mut out, &mut err);
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

#[test]
fn a_put_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.xml");
    std::fs::write(&file, "<project/>").unwrap();
    let (port, server) = serve(
        "HTTP/1.1 200 OK\r\nContent-Length: 47\r\n\r\n<response><message>it's up</message></response>",
        "<project/>",
    );
    let url = format!("http://127.0.0.1:{port}/SASESP/projects/P?start=false&x=a b");
    let (code, out, err) = client(&["-url", &url, "-put", &format!("file://{}", file.display())]);
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (0, "<response>\n<message>it's up</message>\n</response>\n", "")
    );
    let request = server.join().unwrap();
    assert!(request.starts_with("PUT /SASESP/projects/P?start=false&x=a%20b HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("content-type: text/xml\r\n"), "{request}");
}

#[test]
fn an_error_is_printed_and_exits_with_2() {
    let (port, server) = serve("HTTP/1.1 404 Not Found\r\nContent-Length: 11\r\n\r\n<response/>", "");
    let url = format!("http://127.0.0.1:{port}/x");
    assert_eq!(client(&["-url", &url, "-user", "u", "-password", "p"]).0, 2);
    assert!(server.join().unwrap().contains("authorization: Basic dTpw\r\n"));
}

#[test]
fn nothing_is_sent_when_a_file_is_missing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://127.0.0.1:{}/x", listener.local_addr().unwrap().port());
    let (code, out, err) = client(&["-url", &url, "-put", "file://no-such-file.xml"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("no-such-file.xml"), "{err}");
    assert!(listener.accept().is_err(), "a connection was made");
}

#[test]
fn no_server_exits_with_1() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (code, out, err) = client(&["-url", &format!("http://127.0.0.1:{port}/")]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("cannot connect"), "{err}");
}
