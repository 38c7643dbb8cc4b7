//! From a command line to a request: URL, body, headers (failover-and-server 5.2).

use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::{HeaderMap, Request};
use tidegate_api::FileUrl;
use tidegate_client::Trust;

use crate::{Arguments, ClientError, Method, authinfo};

/// A request and the place to connect to.
pub(crate) struct Outgoing {
    pub(crate) request: Request<Full<Bytes>>,
    /// `host:port`.
    pub(crate) address: String,
    /// The host alone, which a certificate names.
    pub(crate) host: String,
    /// With https, whose certificates are believed.
    pub(crate) tls: Option<Trust>,
}

/// Reads whatever files the command line names, so that nothing is sent when one is unreadable.
pub(crate) fn build(arguments: &Arguments) -> Result<Outgoing, ClientError> {
    let Url { https, authority, target } = split_url(&arguments.url)?;
    let (host, port) = host_and_port(authority, if https { "443" } else { "80" });
    let body = body(arguments)?;
    let mut headers = HeaderMap::new();
    headers.insert(HOST, header_value("Host", authority)?);
    if let Some(kind) = content_type(&body) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    let given = credentials(arguments)?;
    if let Some(credentials) = given.or_else(|| credentials_of_user(&host, &port)) {
        headers.insert(AUTHORIZATION, header_value("Authorization", &credentials)?);
    }
    for header in &arguments.headers {
        let malformed = || ClientError::Usage(format!("header '{header}' is not of the form 'Name: value'"));
        let (name, value) = header.split_once(':').ok_or_else(malformed)?;
        let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| malformed())?;
        headers.insert(name, HeaderValue::from_str(value.trim()).map_err(|_| malformed())?);
    }
    let method = match arguments.method {
        Method::Get => hyper::Method::GET,
        Method::Put => hyper::Method::PUT,
        Method::Post => hyper::Method::POST,
        Method::Delete => hyper::Method::DELETE,
        Method::Head => hyper::Method::HEAD,
    };
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| url_error(&arguments.url, &error.to_string()))?;
    *request.headers_mut() = headers;
    let address = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let trust = if arguments.believe_anybody { Trust::Anybody } else { Trust::Authorities };
    Ok(Outgoing { request, address, host, tls: https.then_some(trust) })
}

/// A URL taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Url<'a> {
    https: bool,
    authority: &'a str,
    /// In wire form.
    target: String,
}

/// The host, without the brackets of an IPv6 address, and the port.
fn host_and_port(authority: &str, default_port: &str) -> (String, String) {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, default_port),
    };
    (host.trim_start_matches('[').trim_end_matches(']').to_owned(), port.to_owned())
}

fn split_url(url: &str) -> Result<Url<'_>, ClientError> {
    let (scheme, rest) =
        url.split_once("://").ok_or_else(|| url_error(url, "expected http://host:port/path"))?;
    let https = scheme.eq_ignore_ascii_case("https");
    if !https && !scheme.eq_ignore_ascii_case("http") {
        return Err(url_error(url, "the scheme is neither http nor https"));
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    if authority.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(url_error(url, "blank in the host or port"));
    }
    if authority.is_empty() || authority.contains('@') {
        return Err(url_error(url, "expected a host and a port behind '://'"));
    }
    let slash = if target.starts_with('/') { "" } else { "/" };
    Ok(Url { https, authority, target: format!("{slash}{}", encode(target)) })
}

/// Encodes blanks and control characters, and the few others that no request line can carry. What the user
/// encoded stays as it is.
fn encode(target: &str) -> String {
    let mut out = String::with_capacity(target.len());
    for c in target.chars() {
        if c.is_ascii() && !c.is_ascii_control() && !matches!(c, ' ' | '"' | '<' | '>' | '`' | '#' | '\\') {
            out.push(c);
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                write!(out, "%{byte:02X}").expect("invariant: writing to a String cannot fail");
            }
        }
    }
    out
}

fn body(arguments: &Arguments) -> Result<Vec<u8>, ClientError> {
    if let Some(file) = &arguments.file {
        return read_file(file);
    }
    match &arguments.body {
        Some(place) if FileUrl::has_file_scheme(place) => read_file(place),
        Some(text) => Ok(text.clone().into_bytes()),
        None => Ok(Vec::new()),
    }
}

/// Reads a file in any spelling of its place.
pub(crate) fn read_file(place: &str) -> Result<Vec<u8>, ClientError> {
    match FileUrl::parse(place) {
        Ok(FileUrl::Path(path)) => std::fs::read(&path)
            .map_err(|cause| ClientError::File { path: path.display().to_string(), cause }),
        Ok(FileUrl::Http(url)) => Err(ClientError::Usage(format!("'{url}' is not a file"))),
        Err(error) => Err(ClientError::Usage(error.to_string())),
    }
}

fn content_type(body: &[u8]) -> Option<&'static str> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match body.trim_ascii_start().first()? {
        b'<' => Some("text/xml"),
        b'{' | b'[' => Some("application/json"),
        _ => None,
    }
}

fn credentials(arguments: &Arguments) -> Result<Option<String>, ClientError> {
    if let Some(user) = &arguments.user {
        return Ok(Some(basic(user, arguments.password.as_deref().unwrap_or(""))));
    }
    if let Some(token) = &arguments.token {
        return Ok(Some(format!("Bearer {token}")));
    }
    let Some(file) = &arguments.token_file else { return Ok(None) };
    let token = read_file(file)?;
    Ok(Some(format!("Bearer {}", String::from_utf8_lossy(&token).trim())))
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// What the user keeps for this server in the environment or in `~/.authinfo`.
fn credentials_of_user(host: &str, port: &str) -> Option<String> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(user) = variable("ESPUSER") {
        return Some(basic(&user, &variable("ESPPASSWORD").unwrap_or_default()));
    }
    let file = Path::new(&std::env::var_os("HOME")?).join(".authinfo");
    let (user, password) = authinfo::find(&std::fs::read_to_string(file).ok()?, host, port)?;
    Some(basic(&user, &password))
}

fn header_value(name: &str, value: &str) -> Result<HeaderValue, ClientError> {
    HeaderValue::from_str(value)
        .map_err(|_| ClientError::Usage(format!("'{value}' cannot be sent as header {name}")))
}

fn url_error(url: &str, reason: &str) -> ClientError {
    ClientError::Url { url: url.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_sent_as_given() {
        let url = |https, authority, target: &str| Url { https, authority, target: target.to_owned() };
        let found = split_url("http://h:1/a b?f=in(x,'%20')&p=/d/|^\"").unwrap();
        assert_eq!(found, url(false, "h:1", "/a%20b?f=in(x,'%20')&p=/d/|^%22"));
        assert_eq!(split_url("HTTPS://h").unwrap(), url(true, "h", "/"));
        assert_eq!(split_url("http://h?x=1").unwrap().target, "/?x=1");
        let parts = |authority| host_and_port(authority, "80");
        assert_eq!(parts("h:1"), ("h".to_owned(), "1".to_owned()));
        assert_eq!(parts("[::1]"), ("::1".to_owned(), "80".to_owned()));
        assert_eq!(parts("[::1]:8"), ("::1".to_owned(), "8".to_owned()));
    }

    /// Filters of scripts hold quotes: `filter=match(name,"X")`.
    #[test]
    fn every_character_can_be_sent() {
        let characters: String = (' '..='~').chain(['\t', '\u{e9}', '\u{201c}']).collect();
        for part in ["", "?x="] {
            let Url { target, .. } =
                split_url(&format!("http://h/{part}{characters}")).map_err(|e| e.to_string()).unwrap();
            assert!(Request::builder().uri(&target).body(()).is_ok(), "{target}");
        }
    }

    #[test]
    fn urls_that_cannot_be_used() {
        for url in ["http://host :1/x", "https://h :1/", "h:1/x", "ftp://h/", "http:///x"] {
            assert!(matches!(split_url(url), Err(ClientError::Url { .. })), "{url}");
        }
    }

    #[test]
    fn content_type_follows_the_body() {
        assert_eq!(content_type(b"\xef\xbb\xbf <project/>"), Some("text/xml"));
        assert_eq!(content_type(b"[[{}]]"), Some("application/json"));
        assert_eq!(content_type(b"i,n,1"), None);
        assert_eq!(content_type(b""), None);
    }
}
