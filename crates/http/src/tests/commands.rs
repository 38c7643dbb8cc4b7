//! The XML command port of ESP 2.x: the scripts' sessions of failover-and-server 5.5 (C13).

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use super::harness::{host, info};
use crate::{AppState, CommandPort};

const MODEL: &str = r#"<project name="p" threads="1" pubsub="auto"><contqueries><contquery name="cq"><windows>
  <window-source name="s"><schema-string>id*:int32,x:double</schema-string></window-source>
  </windows></contquery></contqueries></project>"#;

struct Server {
    _port: CommandPort,
    address: SocketAddr,
}

impl Server {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = AppState::new(host(), info(), || {});
        Self { _port: CommandPort::start(listener, Arc::new(state)).unwrap(), address }
    }

    fn send(&self, document: &str) -> String {
        let mut socket = TcpStream::connect(self.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        socket.write_all(document.as_bytes()).unwrap();
        socket.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    }

    #[track_caller]
    fn check(&self, document: &str, expected: &str) {
        let answer = self.send(document);
        assert!(answer.contains(expected), "{document}: {answer}");
    }
}

#[test]
fn load_start_restore_and_persist_stop_remove() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    let row = "<event><id>7</id><x>1.5</x></event>";
    let query = "<query project='p' contquery='cq' window='s' filter='eq(id,7)'/>";
    let persisted = format!("<persist project='p' path='{path}'/>");
    let restored = format!("<restore project='p' path='{path}'/>");

    let first = Server::new();
    first.check(MODEL, "<message>load project p succeeded</message>");
    first.check(MODEL, "already");
    first.check(query, "<events count=\"0\"/>");
    first.check("<start project='p'/>", "<response>");
    let published = format!("<publish project='p' contquery='cq' window='s'>{row}</publish>");
    first.check(&published, "<message>1 ");
    first.check(query, "<x>1.500000</x>");
    first.check(&persisted, "p");
    first.check("<stop project='p'/>", "<response>");
    first.check("<remove project='p'/>", "<response>");
    first.check(query, "'p' does not exist");

    let second = Server::new();
    second
        .check(&format!("<?xml version='1.0'?>\n<engine><projects>{MODEL}</projects></engine>"), "succeeded");
    second.check("<start project='p'/>", "<response>");
    second.check(&restored, "project 'p' successfully restored from");
    second.check(query, "<x>1.500000</x>");
    second.check(&published.replace('7', "8"), "<message>1 ");
}

#[test]
fn mistakes_are_answered() {
    let server = Server::new();
    server.check("", "the document holds no element");
    server.check("<frob/>", "'frob' is no command");
    server.check("<start project='q'/>", "'q' does not exist");
    server.check("<project name='q'/>", "<message>");
    server.check("<restore project='q' path='/nowhere'/>", "'q' does not exist");
}
