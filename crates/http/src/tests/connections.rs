//! Real sockets: what only they can show.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use super::harness::{host, info};
use crate::request_line::MAX_LINE_BYTES;
use crate::{AppState, HttpServer, Serving};

/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(30);

fn serve() -> HttpServer {
    let state = AppState::new(host(), info(), || {});
    HttpServer::start(TcpListener::bind("127.0.0.1:0").unwrap(), Arc::new(state)).unwrap()
}

fn connect(server: &HttpServer) -> TcpStream {
    let socket = TcpStream::connect(server.local_addr()).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket
}

/// Status line and body of the next answer on a connection.
fn answer(socket: &mut TcpStream) -> (String, String) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    socket.read_exact(&mut body).unwrap();
    (head.lines().next().unwrap().to_owned(), String::from_utf8(body).unwrap())
}

#[track_caller]
fn check(socket: &mut TcpStream, status: &str, in_body: &str) {
    let (line, body) = answer(socket);
    assert_eq!(line, format!("HTTP/1.1 {status}"), "{body}");
    assert!(body.contains(in_body), "{body}");
}

/// failover-and-server 4.11: blanks, quotes, bars and carets arrive unencoded.
#[test]
fn raw_blanks_in_a_request_line() {
    let server = serve();
    let mut socket = connect(&server);
    socket
        .write_all(b"GET /SASESP/projects?filter=match(name, \"^a|b$\") HTTP/1.1\r\nHost: h\r\n\r\n")
        .unwrap();
    check(&mut socket, "200 OK", "<projects/>");
    let target = "PUT /SASESP/projects/no such \u{201c}P\u{201d}/state?value=persisted&path=/my dir/";
    socket
        .write_all(format!("{target} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").as_bytes())
        .unwrap();
    check(&mut socket, "404 Not Found", "project 'no such \u{201c}P\u{201d}' does not exist");
}

#[test]
fn pipelined_requests_with_bodies_of_both_framings() {
    let server = serve();
    let mut socket = connect(&server);
    let request = b"PUT /SASESP/projects/a b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n<foo>\
        PUT /SASESP/projects/c d HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n<f\r\n3\r\noo>\r\n0\r\n\r\n\
        GET /SASESP/x y HTTP/1.1\r\nHost: h\r\n\r\n\
        HEAD /SASESP HTTP/1.1\r\nHost: h\r\n\r\n\
        GET /SASESP/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    for byte in request.chunks(7) {
        socket.write_all(byte).unwrap();
    }
    let (first, _) = answer(&mut socket);
    let (second, _) = answer(&mut socket);
    assert!(first.starts_with("HTTP/1.1 4") && second.starts_with("HTTP/1.1 4"), "{first} {second}");
    check(&mut socket, "404 Not Found", "'/SASESP/x y' does not exist");
    let mut rest = String::new();
    socket.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("HTTP/1.1 200 OK"), "{rest}");
    assert!(
        rest.ends_with(
            "\r\n\r\n<response code=\"200\">\n<message>esp server up and running</message>\n</response>\n"
        ),
        "{rest}"
    );
}

#[test]
fn heads_that_are_refused_end_the_connection_with_an_xml_error() {
    let server = serve();
    let long = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "a".repeat(MAX_LINE_BYTES));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(200));
    for (request, status) in [
        ("nonsense\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400 Bad Request"),
        (long.as_str(), "414 URI Too Long"),
        (many.as_str(), "431 Request Header Fields Too Large"),
    ] {
        let mut socket = connect(&server);
        socket.write_all(request.as_bytes()).unwrap();
        check(&mut socket, status, "<response>\n<message>");
        let mut rest = Vec::new();
        // Unread input may turn the end into a reset.
        let _end = socket.read_to_end(&mut rest);
        assert!(rest.is_empty());
    }
}

#[test]
fn a_client_that_closes_its_sending_half_gets_its_answer() {
    let server = serve();
    let mut socket = connect(&server);
    socket.write_all(b"GET /SASESP HTTP/1.0\r\n\r\n").unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    let mut all = String::new();
    socket.read_to_string(&mut all).unwrap();
    assert!(all.contains("esp server up and running"), "{all}");
}

#[test]
fn a_request_for_an_upgrade_that_is_not_granted_leaves_the_connection_usable() {
    let server = serve();
    let mut socket = connect(&server);
    let upgrade = b"GET /SASESP HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    socket.write_all(&[&upgrade[..], b"GET /SASESP/x y HTTP/1.1\r\nHost: h\r\n\r\n"].concat()).unwrap();
    check(&mut socket, "200 OK", "up and running");
    check(&mut socket, "404 Not Found", "'/SASESP/x y' does not exist");
}

#[test]
fn expect_100_continue() {
    let server = serve();
    let mut socket = connect(&server);
    socket.write_all(b"PUT /SASESP/projects/P HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n").unwrap();
    let mut line = [0; 25];
    socket.read_exact(&mut line).unwrap();
    assert_eq!(&line, b"HTTP/1.1 100 Continue\r\n\r\n");
    socket.write_all(b" ").unwrap();
    check(&mut socket, "400 Bad Request", "the body holds no model");
}

#[test]
fn a_body_beyond_the_limit_is_refused() {
    let server = serve();
    let mut socket = connect(&server);
    socket
        .write_all(b"PUT /SASESP/projects/P HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\n")
        .unwrap();
    let piece = vec![b' '; 1 << 20];
    // The server stops reading at some point; then sending fails.
    while socket.write_all(&piece).is_ok() && !has_answer(&socket) {}
    check(&mut socket, "413 Payload Too Large", "the body is longer than 33554432 bytes");
}

/// Image clients send large events without looking at the answer meanwhile.
#[test]
fn a_refused_request_with_a_large_body_still_gets_its_answer() {
    let server = serve();
    let body = vec![b'x'; 8 << 20];
    for (path, status, text) in [
        ("windows/P/CQ/W/state?value=injected", "404 Not Found", "project 'P' does not exist"),
        ("windows/P/CQ/W/state?value=injected&blocksize=0", "404 Not Found", "project 'P' does not exist"),
        ("projects/P?start=no", "400 Bad Request", "parameter 'start' is 'no'"),
    ] {
        let mut socket = connect(&server);
        let head =
            format!("PUT /SASESP/{path} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", body.len());
        socket.write_all(head.as_bytes()).unwrap();
        socket.write_all(&body).unwrap();
        check(&mut socket, status, text);
    }
}

fn has_answer(socket: &TcpStream) -> bool {
    socket.set_nonblocking(true).unwrap();
    let there = socket.peek(&mut [0]).is_ok();
    socket.set_nonblocking(false).unwrap();
    there
}

#[test]
fn a_stop_ends_idle_connections_and_refuses_new_ones() {
    let server = serve();
    let mut idle = connect(&server);
    idle.write_all(b"GET /SASESP HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    check(&mut idle, "200 OK", "up and running");
    let address = server.local_addr();
    server.stop();
    assert_eq!(idle.read(&mut [0]).unwrap(), 0);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn idle_connections_make_room_for_others() {
    let state = AppState::new(host(), info(), || {});
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let serving = Serving { connections: 2, ..Serving::default() };
    let server = HttpServer::start_with(listener, Arc::new(state), serving).unwrap();
    let mut idle = [connect(&server), connect(&server)];
    for socket in &mut idle {
        socket.write_all(b"GET /SASESP HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        check(socket, "200 OK", "up and running");
    }
    let mut third = connect(&server);
    third.write_all(b"GET /SASESP HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    check(&mut third, "200 OK", "up and running");
    let mut ended = 0;
    for socket in &mut idle {
        socket.set_nonblocking(true).unwrap();
        ended += usize::from(matches!(socket.read(&mut [0]), Ok(0)));
    }
    assert!(ended >= 1);
}
