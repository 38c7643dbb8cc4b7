//! Subscriber and publisher sockets over real connections. The expected frames are those of websocket-api 3 to 7.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_host::LoadOptions;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Message, WebSocket};

use super::harness::{host, info};
use crate::{AppState, HttpServer};

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(30);

const MODEL: &str = r#"<project name="p" threads="1" pubsub="auto"><contqueries><contquery name="cq"><windows>
  <window-source name="s" index="pi_EMPTY"><schema-string>id*:int32,x:double,y:double</schema-string></window-source>
  <window-copy name="kept" index="pi_HASH"/>
  </windows><edges><edge source="s" target="kept"/></edges></contquery></contqueries></project>"#;

struct Server {
    server: Option<HttpServer>,
    state: Arc<AppState>,
}

impl Server {
    fn new() -> Self {
        let host = host();
        host.load(MODEL, &LoadOptions::default()).unwrap();
        let state = Arc::new(AppState::new(host, info(), || {}));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = HttpServer::start(listener, Arc::clone(&state)).unwrap();
        Self { server: Some(server), state }
    }

    /// Opens a socket with a request target as a client sends it, raw.
    fn open(&self, target: &str) -> Client {
        let address = self.server.as_ref().unwrap().local_addr();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let head = format!(
            "GET {target} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        assert!(!answer.to_lowercase().contains("sec-websocket-protocol"), "{answer}");
        let config = WebSocketConfig::default();
        Client { socket: WebSocket::from_raw_socket(stream, Role::Client, Some(config)) }
    }

    fn subscribe(&self, window: &str, parameters: &str) -> Client {
        let mut client = self.open(&format!("/SASESP/subscribers/p/cq/{window}/?{parameters}"));
        client.expect("status: 200\n\n");
        client
    }

    fn publish(&self, parameters: &str) -> Client {
        self.open(&format!("/eventStreamProcessing/v1/publishers/p/cq/s/?{parameters}"))
    }

    /// Rows of the copy once there are `count` of them.
    fn wait_for_rows(&self, count: usize) -> String {
        let project = self.state.host.project("p").unwrap();
        let window = project.window("cq", "kept").unwrap().clone();
        let start = Instant::now();
        loop {
            let blocks = project.content(window.id).unwrap();
            if blocks.iter().map(|block| block.len()).sum::<usize>() >= count {
                let tables = blocks.iter().map(|block| tidegate_event::pretty::print(&window.schema, block));
                return tables.collect();
            }
            assert!(start.elapsed() < DEADLINE, "only {blocks:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

struct Client {
    socket: WebSocket<TcpStream>,
}

impl Client {
    fn frame(&mut self) -> String {
        loop {
            match self.socket.read().unwrap() {
                Message::Text(text) => return text.to_string(),
                Message::Close(close) => return format!("close {close:?}"),
                _ => {}
            }
        }
    }

    #[track_caller]
    fn expect(&mut self, frame: &str) {
        assert_eq!(self.frame(), frame);
    }

    /// The next frame without its time stamps.
    #[track_caller]
    fn expect_untimed(&mut self, expected: &str) {
        let mut frame = self.frame();
        while let Some(start) = frame.find(" timestamp='") {
            let end = frame[start + 12..].find('\'').unwrap() + start + 13;
            frame.replace_range(start..end, "");
        }
        assert_eq!(frame, expected);
    }

    fn send(&mut self, text: &str) {
        self.socket.send(Message::text(text)).unwrap();
    }

    /// Closes and waits for the server's answer.
    fn close(&mut self) {
        self.socket.close(None).unwrap();
        loop {
            match self.socket.read() {
                Ok(Message::Close(_)) | Err(tungstenite::Error::ConnectionClosed) => return,
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// The block behaviour that ESP's own client tests (websocket-api 4.5): a frame per block; a short last block waits.
#[test]
fn a_block_is_a_frame() {
    let server = Server::new();
    for mode in ["streaming", "updating"] {
        let mut subscriber =
            server.subscribe("s", &format!("format=csv&mode={mode}&pagesize=50&schema=true"));
        subscriber.expect(
            "<schema><fields><field name=\"id\" type=\"int32\" key=\"true\"/><field name=\"x\" type=\"double\"/>\
             <field name=\"y\" type=\"double\"/></fields></schema>",
        );
        let mut publisher = server.publish("blocksize=1&dateformat=%25Y%25m%25dT%25H%3A%25M%3A%25S.%25f&format=csv&opcode=insert&pause=0&rate=0");
        let lines: String = (1..=11).map(|id| format!("i,n,{id},1.0,{}.0\n", id % 4)).collect();
        publisher.send(&lines);
        publisher.close();
        for id in 1..=11 {
            subscriber.expect(&format!("I,N, {id},1.000000,{}.000000\n", id % 4));
        }
        let mut publisher = server.publish("blocksize=10");
        publisher.send(&lines);
        assert_eq!(subscriber.frame().lines().count(), 10);
        // The rest comes when the socket is closed, so nothing came before.
        publisher.close();
        subscriber.expect("I,N, 11,1.000000,3.000000\n");
        subscriber.close();
    }
}

/// Raw blanks in the target, as ESP's client sends them.
#[test]
fn filters_and_formats() {
    let server = Server::new();
    let mut xml = server.subscribe("s", "filter=in(id, 1, 3)&format=xml&mode=streaming&precision=2");
    let mut json = server.subscribe("s", "format=json&mode=streaming&schema=true");
    assert!(
        json.frame().starts_with("{\"schema\":[{\"fields\":[{\"field\":{\"attributes\":{\"name\":\"id\"")
    );
    let mut properties = server.subscribe("s", "format=properties&mode=streaming&separator=;");
    let mut publisher = server.publish("format=json&blocksize=3");
    publisher.send(r#"[{"opcode":"insert","event":{"id":"1","x":"0.5","extra":"z"}},{"opcode":"upsert","event":{"id":2}}]"#);
    publisher.send(r#"[[{"id":3,"y":7,"@opcode":"delete"}]]"#);
    xml.expect_untimed(
        "<events><event opcode='insert'><id>1</id><x>0.50</x></event><event opcode='delete'><id>3</id><y>7.00</y></event></events>",
    );
    properties.expect(
        "opcode=insert\nid=1\nx=0.500000\ny=;opcode=upsert\nid=2\nx=\ny=;opcode=delete\nid=3\nx=\ny=7.000000",
    );
    let frame = json.frame();
    assert!(
        frame.starts_with("{\"events\":[{\"event\":{\"attributes\":{\"opcode\":\"insert\",\"timestamp\":\""),
        "{frame}"
    );
    assert!(frame.ends_with("\"id\":\"3\",\"x\":\"\",\"y\":\"7.000000\"}}]}"), "{frame}");
}

/// A page of the copy: nothing before it is asked for, then what is on it (websocket-api 4.5 and 4.6).
#[test]
fn an_updating_subscriber_follows_its_page() {
    let server = Server::new();
    let mut publisher = server.publish("blocksize=1");
    publisher.send("i,n,1,1,1\ni,n,2,5,2\ni,n,3,3,3\n");
    server.wait_for_rows(3);
    let mut subscriber = server.subscribe("kept", "mode=updating&pagesize=2");
    subscriber.send("<load />");
    let event = |opcode: &str, id: i32, x: i32, y: i32| {
        format!("<event opcode='{opcode}'><id>{id}</id><x>{x}.000000</x><y>{y}.000000</y></event>")
    };
    let page = |number: u32, events: &[String]| {
        format!("<events page='{number}' pages='2'>{}</events>", events.concat())
    };
    subscriber.expect_untimed(&page(0, &[event("insert", 1, 1, 1), event("insert", 2, 5, 2)]));
    publisher.send("p,n,3,4,4\np,n,2,6,6\nd,n,1,,\n");
    subscriber.expect_untimed(&format!("<events>{}</events>", event("updateblock", 2, 6, 6)));
    subscriber.expect_untimed(&format!("<events>{}</events>", event("delete", 1, 1, 1)));
    publisher.send("i,n,4,0,0\n");
    subscriber.expect_untimed(&format!("<events>{}</events>", event("insert", 4, 0, 0)));
    subscriber.send("<properties sort=\"x:descending\"/>");
    subscriber.send("<load page='next'/>");
    subscriber.expect_untimed(&page(1, &[event("insert", 4, 0, 0)]));
    subscriber.send("<load page='first'><filter>lt(x,5)</filter></load>");
    let first = [event("insert", 3, 4, 4), event("insert", 4, 0, 0)].concat();
    subscriber.expect_untimed(&format!("<events page='0' pages='1'>{first}</events>"));
    subscriber.send("I am the client");
    subscriber.send("<pause/>");
    subscriber.send("<play/>");
    subscriber.expect_untimed(&format!("<events page='0' pages='1'>{first}</events>"));
}

#[test]
fn a_stream_has_both_halves_of_an_update_and_can_be_gathered() {
    let server = Server::new();
    let mut snapshot = server.subscribe("kept", "mode=streaming&format=csv&snapshot=true&interval=100");
    let mut publisher = server.publish("blocksize=1");
    publisher.send("i,n,1,1,1\np,n,1,2,2\n");
    snapshot.expect("I,N, 1,1.000000,1.000000\nUB,N, 1,2.000000,2.000000\nD,N, 1,1.000000,1.000000\n");
    let mut late = server.subscribe("kept", "mode=streaming&format=csv&snapshot=true");
    late.expect("I,N, 1,2.000000,2.000000\n");
}

/// All four formats, pieces of events between messages, bare lines, a closed socket's last block.
#[test]
fn publishers_take_all_formats() {
    let server = Server::new();
    for (format, text) in [
        ("csv", "1,1.5,2\ni,n,2,1.5"),
        ("xml", "<event opcode=\"insert\"><id>3</id><x>1</x></event>\n\n<event><id>4</id></event>"),
        ("json", "{\"opcode\":\"insert\",\"event\":{\"id\":\"5\"}}{\"event\":{\"id\":\"6\"}}"),
        ("properties", "opcode=insert\nid=7\nx=1\n\nid=8"),
    ] {
        let mut publisher = server.publish(&format!("format={format}&blocksize=5"));
        publisher.send(text);
        publisher.close();
    }
    let rows = server.wait_for_rows(7);
    // `i,n,2,1.5` lacks a value: it is a bad event, and those around it are not.
    for id in [1, 3, 4, 5, 6, 7, 8] {
        assert!(
            rows.lines().any(|line| line.split_whitespace().nth(2) == Some(&id.to_string())),
            "{id}: {rows}"
        );
    }
    assert!(!rows.lines().any(|line| line.split_whitespace().nth(2) == Some("2")), "{rows}");
}

/// Websocket-api 4.7: the status, then the end.
#[test]
fn refusals_are_told_on_the_socket() {
    let server = Server::new();
    for (target, status) in [
        ("/SASESP/subscribers/p/cq/none?mode=streaming", 404),
        ("/SASESP/subscribers/none/cq/s", 404),
        ("/SASESP/subscribers/p/cq/s?format=pdf", 400),
        ("/SASESP/subscribers/p/cq/s?filter=in(id", 400),
        ("/SASESP/publishers/p/cq/kept", 400),
        ("/SASESP/publishers/p/cq/none", 404),
    ] {
        let mut client = server.open(target);
        client.expect(&format!("status: {status}\n\n"));
        assert!(client.frame().starts_with("close Some"), "{target}");
    }
}

#[test]
fn a_plain_request_is_refused() {
    let server = Server::new();
    let mut stream = TcpStream::connect(server.server.as_ref().unwrap().local_addr()).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
        .write_all(b"GET /SASESP/subscribers/p/cq/s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.contains("<message>this is the address of a WebSocket"),
        "{answer}"
    );
}

/// The project's end and the server's end close the sockets, and the server does not wait for them.
#[test]
fn sockets_end_with_their_project_and_server() {
    let mut server = Server::new();
    let mut subscriber = server.subscribe("s", "");
    server.state.host.delete("p").unwrap();
    assert!(subscriber.frame().contains("project 'p' is gone"));
    server.state.host.load(MODEL, &LoadOptions::default()).unwrap();
    let mut subscriber = server.subscribe("s", "");
    let mut publisher = server.publish("");
    publisher.expect("status: 200\n\n");
    let start = Instant::now();
    let stopping = std::thread::spawn({
        let inner = server.server.take().unwrap();
        move || inner.stop()
    });
    assert!(subscriber.frame().contains("the server stops"));
    assert!(publisher.frame().contains("the server stops"));
    drop((subscriber, publisher));
    stopping.join().unwrap();
    assert!(start.elapsed() < DEADLINE);
}

/// A client that reads nothing is disconnected; the engine and other subscribers go on.
#[test]
fn a_stalled_subscriber_is_disconnected() {
    let server = Server::new();
    let stalled = server.subscribe("s", "mode=streaming&format=csv");
    let mut healthy = server.subscribe("s", "mode=streaming&format=csv&filter=eq(id,-1)");
    let mut publisher = server.publish("blocksize=1000");
    let lines: String = (0..1000).map(|id| format!("p,n,{id},1.5,2.5\n")).collect();
    let mut stalled = stalled.socket.get_ref().try_clone().unwrap();
    // The stalled one's socket takes some megabytes before its queue fills.
    for _ in 0..400 {
        publisher.send(&lines);
    }
    publisher.send("p,n,-1,1,1\n");
    publisher.close();
    healthy.expect("P,N, -1,1.000000,1.000000\n");
    // What was sent before can be read; then comes the end, not the rest.
    let mut received = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match stalled.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => received += count,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}"),
        }
    }
    let whole = 400 * lines.len();
    assert!(received < whole, "{received} bytes of more than {whole}");
}
