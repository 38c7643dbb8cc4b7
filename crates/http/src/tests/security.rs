//! Passwords, tokens, TLS and the files that requests may name.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tidegate_host::LoadOptions;
use tungstenite::protocol::Role;
use tungstenite::{Message, WebSocket};

use super::harness::{Server, host, info};
use crate::{AppState, Authentication, FileAccess, HttpServer, Passwords, Serving, Tls, Tokens};

/// Of `ali` with the password `sesame`, by argon2-cffi, which wraps the reference implementation.
const PASSWORDS: &str =
    "ali:$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHRzYWx0$pW/+ouLFlZEMilPx4L9dJ9yyXBtK5UtK7C8yXwwTlOU\n";
/// `Basic` and base64 of `ali:sesame`.
const ALI: &str = "Basic YWxpOnNlc2FtZQ==";

const MODEL: &str = r#"<project name="p" threads="1" pubsub="auto"><contqueries><contquery name="cq"><windows>
  <window-source name="s"><schema-string>id*:int32,x:double</schema-string></window-source>
  </windows></contquery></contqueries></project>"#;

fn authentication(passwords: bool, tokens: bool) -> Authentication {
    let folder = tempfile::tempdir().unwrap();
    let file = |text: &str| {
        let path = folder.path().join("file");
        std::fs::write(&path, text).unwrap();
        path
    };
    Authentication {
        passwords: passwords.then(|| Passwords::from_file(&file(PASSWORDS)).unwrap()),
        tokens: tokens.then(|| Tokens::from_file(&file("t0ken\n")).unwrap()),
        signed: None,
        open_paths: vec!["metrics".to_owned()],
    }
}

fn status(server: &Server, path: &str, authorization: Option<&str>) -> u16 {
    let headers: Vec<_> = authorization.iter().map(|value| ("Authorization", *value)).collect();
    server.request("GET", path, &headers, "").status
}

#[test]
fn basic_authentication() {
    let server = Server::with(|state| state.authentication = Some(authentication(true, false)));
    let refused = server.get("/SASESP/server");
    refused.is(401, "<response scheme=\"Basic\">\n<message>authentication required</message>\n</response>\n");
    assert_eq!(refused.header("www-authenticate"), Some("Basic realm=\"esp\""));
    for (authorization, expected) in [
        (Some(ALI), 200),
        (Some("basic YWxpOnNlc2FtZQ=="), 200),
        (Some("Basic YWxpOnNlc2Ft"), 401),
        (Some("Basic !"), 401),
        (Some("Bearer t0ken"), 401),
        (Some(""), 401),
        (None, 401),
    ] {
        assert_eq!(status(&server, "/SASESP/server", authorization), expected, "{authorization:?}");
    }
    assert_eq!(status(&server, "/SASESP/server?access_token=t0ken", None), 401);
    assert_eq!(server.request("HEAD", "/SASESP/", &[], "").status, 401);
}

#[test]
fn tokens_in_the_header_or_the_query() {
    let server = Server::with(|state| state.authentication = Some(authentication(false, true)));
    assert_eq!(server.get("/SASESP/server").header("www-authenticate"), Some("Bearer"));
    assert_eq!(status(&server, "/SASESP/server", Some("Bearer t0ken")), 200);
    assert_eq!(status(&server, "/SASESP/server", Some("Bearer t0ke")), 401);
    assert_eq!(status(&server, "/SASESP/server?access_token=t0ken", None), 200);
    assert_eq!(status(&server, "/SASESP/server?access_token=t0ken", Some("Bearer x")), 401);
    assert_eq!(status(&server, "/SASESP/server", Some(ALI)), 401);
}

#[test]
fn what_is_open_to_everybody() {
    let server = Server::with(|state| state.authentication = Some(authentication(true, true)));
    for open in ["/internal/ready", "/healthz", "/readyz", "/metrics", "/SASESP/metrics", "/SASESP/metrics/"]
    {
        assert_eq!(status(&server, open, None), 200, "{open}");
    }
    // A browser asks before it sends credentials, and must be able to read the refusal.
    assert_eq!(server.request("OPTIONS", "/SASESP/server", &[], "").status, 200);
    let refused = server.request("GET", "/SASESP/server", &[("Origin", "http://o")], "");
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, Some("http://o")));
    for shut in ["/SASESP", "/", "/nowhere", "/SASESP/nowhere"] {
        assert_eq!(status(&server, shut, None), 401, "{shut}");
    }
}

struct Sockets {
    server: HttpServer,
}

impl Sockets {
    fn new() -> Self {
        let host = host();
        host.load(MODEL, &LoadOptions::default()).unwrap();
        let mut state = AppState::new(host, info(), || {});
        state.authentication = Some(authentication(true, true));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self { server: HttpServer::start(listener, Arc::new(state)).unwrap() }
    }

    /// Asks for a subscriber socket; the first line of the answer, and the socket.
    fn open(&self, more: &str) -> (String, WebSocket<TcpStream>) {
        let mut stream = TcpStream::connect(self.server.local_addr()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let head = format!(
            "GET /SASESP/subscribers/p/cq/s/?mode=streaming HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n{more}\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        let line = String::from_utf8(answer).unwrap().lines().next().unwrap().to_owned();
        (line, WebSocket::from_raw_socket(stream, Role::Client, None))
    }
}

fn text(socket: &mut WebSocket<TcpStream>) -> String {
    socket.read().unwrap().into_text().unwrap().to_string()
}

const CHALLENGE: &str = "status: 401\nwww-authenticate: Basic realm=\"esp\"\n\n";

#[test]
fn a_websocket_may_authenticate_in_its_head_or_on_the_socket() {
    let server = Sockets::new();
    let (line, mut socket) = server.open(&format!("Authorization: {ALI}\r\n"));
    assert!(line.contains(" 101 "), "{line}");
    assert_eq!(text(&mut socket), "status: 200\n\n");
    for shown in [ALI, "Bearer t0ken"] {
        let (_, mut socket) = server.open("");
        assert_eq!(text(&mut socket), CHALLENGE);
        socket.send(Message::text("Basic d3Jvbmc6b25l")).unwrap();
        assert_eq!(text(&mut socket), CHALLENGE);
        socket.send(Message::text(shown)).unwrap();
        assert_eq!(text(&mut socket), "status: 200\n\n");
    }
}

#[test]
fn a_websocket_without_the_right_credentials_is_closed() {
    let server = Sockets::new();
    let (line, _) = server.open("Authorization: Bearer wrong\r\n");
    assert!(line.contains(" 401 "), "{line}");
    let (_, mut socket) = server.open("");
    for _ in 0..3 {
        assert_eq!(text(&mut socket), CHALLENGE);
        socket.send(Message::text("Bearer wrong")).unwrap();
    }
    assert!(socket.read().unwrap().is_close());
}

fn tls_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/harness/tls")
}

#[test]
fn https_on_the_port_of_the_interface() {
    let folder = tls_folder();
    let tls = Tls::from_files(&folder.join("server.pem"), &folder.join("server-key.pem")).unwrap();
    let state = AppState::new(host(), info(), || {});
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let serving = Serving { tls: Some(tls), ..Serving::default() };
    let server = HttpServer::start_with(listener, Arc::new(state), serving).unwrap();

    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join("ca.pem")).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let socket = TcpStream::connect(server.local_addr()).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut stream = StreamOwned::new(connection, socket);
    stream.write_all(b"GET /SASESP/x y HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("'/SASESP/x y' does not exist"), "{answer}");

    // Plain HTTP on this port gets no answer that a client could take for one.
    let mut plain = TcpStream::connect(server.local_addr()).unwrap();
    plain.write_all(b"GET /SASESP HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    // The connection may be reset.
    let _ended = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[test]
fn certificates_that_cannot_be_used() {
    let folder = tls_folder();
    let error = |certificate: &str, key: &str| {
        Tls::from_files(&folder.join(certificate), &folder.join(key)).unwrap_err().to_string()
    };
    assert!(error("nothing.pem", "server-key.pem").contains("nothing.pem' holds no certificate"));
    assert!(error("server.pem", "server.pem").contains("server.pem' holds no private key"));
    assert!(error("server-key.pem", "server-key.pem").contains("holds no certificate"));
    assert!(error("ca.pem", "server-key.pem").starts_with("the certificate and its key cannot be used"));
}

#[test]
fn requests_name_files_only_where_they_may() {
    let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&inside, &outside] {
        std::fs::write(folder.path().join("m.xml"), MODEL).unwrap();
        std::fs::write(folder.path().join("e.csv"), "i,n,1,2\n").unwrap();
    }
    let allowed = FileAccess::below(&[inside.path().to_owned()]).unwrap();
    let server = Server::with(|state| state.files = allowed);
    let requests = |folder: &Path| {
        let folder = folder.display();
        [
            format!("/SASESP/projects/p?overwrite=true&projectUrl=file://{folder}/m.xml"),
            format!("/SASESP/windows/p/cq/s/state?value=injected&eventUrl=file://{folder}/e.csv"),
            format!("/SASESP/projects/p/state?value=persisted&path={folder}/state"),
            format!("/SASESP/server/state?value=persisted&path={folder}/server"),
        ]
    };
    for request in requests(inside.path()) {
        assert_eq!(server.put(&request, "").status, 200, "{request}");
    }
    for request in requests(outside.path()) {
        let answer = server.put(&request, "");
        assert_eq!(answer.status, 403, "{request}");
        assert!(answer.body.contains("lies outside of the directories that requests may name"), "{request}");
    }
    assert!(!outside.path().join("state").exists() && !outside.path().join("server").exists());
}
