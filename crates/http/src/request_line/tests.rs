//! Requests through the adapter, with bytes cut anywhere.

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::*;

/// What RFC 3986 allows in a path and a query, and the percent sign.
const TARGET: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'/')
    .remove(b'?')
    .remove(b'%');

fn rewrite(input: &[u8]) -> String {
    let mut out = Vec::new();
    RequestLineRewriter::new().push(input, &mut out);
    String::from_utf8(out).unwrap()
}

#[track_caller]
fn check_target(sent: &str, passed_on: &str) {
    let out = rewrite(format!("GET {sent} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes());
    assert_eq!(out, format!("GET {passed_on} HTTP/1.1\r\nHost: h\r\n\r\n"));
}

#[track_caller]
fn check_refused(input: impl AsRef<[u8]>, refusal: Refusal) {
    let expected =
        format!("GET {} HTTP/1.1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", refusal.path());
    assert_eq!(rewrite(input.as_ref()), expected);
}

/// The spellings of failover-and-server 4.11 and 5.5.
#[test]
fn targets_of_real_clients() {
    check_target("/SASESP", "/SASESP");
    check_target("/SASESP/a?filter=match(name, '^.*X.*$')", "/SASESP/a?filter=match(name,%20'%5E.*X.*$')");
    check_target("/a?f=match(name,\"data|request\")", "/a?f=match(name,%22data%7Crequest%22)");
    check_target("/a?path=/home/my files/", "/a?path=/home/my%20files/");
    check_target("/a?name=%20b%7C+c%", "/a?name=%20b%7C+c%");
    check_target("/a?f=\u{201c}x\u{201d}", "/a?f=%E2%80%9Cx%E2%80%9D");
    check_target("/a#b<c>`\\{}[]", "/a%23b%3Cc%3E%60%5C%7B%7D%5B%5D");
    check_target("/a HTTP/1.1 b", "/a%20HTTP/1.1%20b");
    check_target("  /a  ", "/a");
    check_target("http://h:1/SASESP/x y?z", "/SASESP/x%20y?z");
    check_target("HTTPS://h", "/");
    check_target("*", "*");
}

#[test]
fn lines_that_are_no_request() {
    for bad in [
        "GET /\r\n\r\n",
        "GET\r\n\r\n",
        " / HTTP/1.1\r\n\r\n",
        "GET  HTTP/1.1\r\n\r\n",
        "GET x HTTP/1.1\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        "G\u{e9}T / HTTP/1.1\r\n\r\n",
        "CONNECT h:1 HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nname : v\r\n\r\n",
        "GET / HTTP/1.1\r\n folded: v\r\n\r\n",
        "GET / HTTP/1.1\r\nx: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nx: a\0b\r\n\r\n",
    ] {
        check_refused(bad, Refusal::Malformed);
    }
}

/// Two readings of one request are how one request is hidden in another.
#[test]
fn a_body_whose_length_is_in_doubt_is_refused() {
    for headers in [
        "Content-Length: 3\r\nContent-Length: 4",
        "Content-Length: 3, 3",
        "Content-Length: +3",
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Content-Length: 99999999999999999999",
    ] {
        check_refused(format!("PUT / HTTP/1.1\r\n{headers}\r\n\r\nabc"), Refusal::Malformed);
    }
    check_refused("PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Refusal::Malformed);
}

#[test]
fn limits() {
    let fits = format!("GET /{} HTTP/1.1", "a".repeat(MAX_LINE_BYTES - 16));
    assert!(rewrite(format!("{fits}\r\n\r\n").as_bytes()).starts_with("GET /aaa"));
    check_refused(format!("GET /{} HTTP/1.1", "a".repeat(MAX_LINE_BYTES)), Refusal::LineTooLong);
    let header = format!("x: {}\r\n", "a".repeat(1000));
    check_refused(format!("GET / HTTP/1.1\r\n{}", header.repeat(66)), Refusal::HeadTooLarge);
    let many = |count| format!("GET / HTTP/1.1\r\n{}\r\n", "x: a\r\n".repeat(count));
    assert_eq!(rewrite(many(MAX_HEADERS).as_bytes()), many(MAX_HEADERS));
    check_refused(many(MAX_HEADERS + 1), Refusal::HeadTooLarge);
}

#[test]
fn nothing_behind_a_refused_request_is_read() {
    check_refused("nonsense\r\n\r\nGET /b HTTP/1.1\r\n\r\n", Refusal::Malformed);
}

#[test]
fn bare_line_feeds_and_empty_lines_between_requests() {
    let out = rewrite(b"\r\n\nGET /a b HTTP/1.1\nHost: h\n\n\r\nGET /c HTTP/1.1\r\n\r\n");
    assert_eq!(out, "GET /a%20b HTTP/1.1\r\nHost: h\r\n\r\nGET /c HTTP/1.1\r\n\r\n");
}

#[test]
fn an_upgrade_holds_what_follows_until_it_is_decided() {
    let request = b"GET /a b HTTP/1.1\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\ntidegate-upgrade: no\r\n\r\n";
    let head = "GET /a%20b HTTP/1.1\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\ntidegate-upgrade: asked\r\n\r\n";
    for (upgraded, behind) in [(true, "GET /c d HTTP/1.1\r\n\r\n"), (false, "GET /c%20d HTTP/1.1\r\n\r\n")] {
        let mut rewriter = RequestLineRewriter::new();
        let mut out = Vec::new();
        rewriter.push(request, &mut out);
        rewriter.push(b"GET /c d HTTP/1.1\r\n\r\n", &mut out);
        assert_eq!(String::from_utf8_lossy(&out), head);
        assert_eq!(rewriter.held(), Some(21));
        rewriter.decide(upgraded, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), format!("{head}{behind}"));
    }
}

/// A request as a client sends it, and as it must reach hyper.
fn request() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let target = "/[ -~\u{e9}\u{201c}]{0,20}[!-~]";
    let body = prop_oneof![
        Just(Vec::new()),
        Just(b"GET /in the body HTTP/1.1\r\n\r\n".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..60),
    ];
    let chunks = proptest::option::of(proptest::collection::vec(1_usize..40, 1..4));
    (target, body, chunks, any::<bool>()).prop_map(|(target, body, chunks, trailer)| {
        let mut rest = Vec::new();
        match chunks {
            None => {
                rest.extend(format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes());
                rest.extend(&body);
            }
            Some(sizes) => {
                rest.extend(b"Transfer-Encoding: chunked\r\n\r\n");
                let (mut at, mut sizes) = (0, sizes.into_iter().cycle());
                while at < body.len() {
                    let size = sizes.next().unwrap().min(body.len() - at);
                    rest.extend(format!("{size:x};ext=\"GET / HTTP/1.1\"\r\n").into_bytes());
                    rest.extend(&body[at..at + size]);
                    rest.extend(b"\r\n");
                    at += size;
                }
                rest.extend(b"0\r\n");
                rest.extend(if trailer { &b"GET: / a HTTP/1.1\r\n\r\n"[..] } else { b"\r\n" });
            }
        }
        let encoded = percent_encode(target.as_bytes(), TARGET).to_string();
        let whole = |target: &str| [format!("PUT {target} HTTP/1.1\r\n").as_bytes(), &rest[..]].concat();
        (whole(&target), whole(&encoded))
    })
}

proptest! {
    /// Requests one behind the other, cut anywhere: only their request lines change.
    #[test]
    fn pipelined_requests_cut_anywhere(
        requests in proptest::collection::vec(request(), 1..5),
        sizes in proptest::collection::vec(1_usize..50, 1..8),
    ) {
        let sent: Vec<u8> = requests.iter().flat_map(|(sent, _)| sent.clone()).collect();
        let expected: Vec<u8> = requests.iter().flat_map(|(_, expected)| expected.clone()).collect();
        let mut rewriter = RequestLineRewriter::new();
        let (mut out, mut at, mut sizes) = (Vec::new(), 0, sizes.into_iter().cycle());
        while at < sent.len() {
            let size = sizes.next().unwrap().min(sent.len() - at);
            rewriter.push(&sent[at..at + size], &mut out);
            at += size;
        }
        prop_assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&expected));
    }

    /// Any bytes, whole and cut in two: the same result, and no panic.
    #[test]
    fn any_bytes(input in proptest::collection::vec(prop_oneof![any::<u8>(), proptest::sample::select(&b"GET / HTTP/1.1\r\n:3;a"[..])], 0..200), cut in 0_usize..200) {
        let mut whole = Vec::new();
        RequestLineRewriter::new().push(&input, &mut whole);
        let cut = cut.min(input.len());
        let mut rewriter = RequestLineRewriter::new();
        let mut parts = Vec::new();
        rewriter.push(&input[..cut], &mut parts);
        rewriter.push(&input[cut..], &mut parts);
        prop_assert_eq!(whole, parts);
    }
}

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

#[test]
fn every_cut_of_one_request_through_a_socket() {
    let sent = b"PUT /a b HTTP/1.1\r\nContent-Length: 5\r\n\r\nx y zGET /c d HTTP/1.1\r\n\r\n";
    let expected = b"PUT /a%20b HTTP/1.1\r\nContent-Length: 5\r\n\r\nx y zGET /c%20d HTTP/1.1\r\n\r\n";
    for cut in 0..sent.len() {
        run(async {
            let (mut client, server) = duplex(16);
            let mut io = RequestLineIo::new(server);
            let write = async {
                client.write_all(&sent[..cut]).await.unwrap();
                tokio::task::yield_now().await;
                client.write_all(&sent[cut..]).await.unwrap();
                drop(client);
            };
            let mut read = Vec::new();
            let (_, result) = tokio::join!(write, io.read_to_end(&mut read));
            result.unwrap();
            assert_eq!(read, expected, "cut at {cut}");
        });
    }
}

#[test]
fn a_socket_that_was_upgraded_passes_everything() {
    run(async {
        let (mut client, server) = duplex(1000);
        let mut io = RequestLineIo::new(server);
        let switch = io.switch();
        let head = b"GET / HTTP/1.1\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n";
        client.write_all(head).await.unwrap();
        client.write_all(b"\0GET / / HTTP/1.1\r\n\r\n").await.unwrap();
        let mut read = vec![0; head.len() + "tidegate-upgrade: asked\r\n".len()];
        io.read_exact(&mut read).await.unwrap();
        let mut behind = [0; 21];
        let decide = async {
            tokio::task::yield_now().await;
            switch.decide(true);
        };
        let (_, result) = tokio::join!(decide, io.read_exact(&mut behind));
        result.unwrap();
        assert_eq!(&behind, b"\0GET / / HTTP/1.1\r\n\r\n");
    });
}

#[test]
fn a_head_that_does_not_end_is_refused() {
    run(async {
        let (mut client, server) = duplex(1000);
        let mut io = RequestLineIo::with_head_timeout(server, Duration::from_millis(10));
        client.write_all(b"GET / HTTP/1.1\r\nHost").await.unwrap();
        let mut read = [0; 26];
        io.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"GET /.refused/408 HTTP/1.1");
    });
}
