//! A server in this process, and a client that checks on every answer what all of them have in common.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::{AppState, app};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request};
use http_body_util::BodyExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use quick_xml::events::Event;
use tidegate_api::ServerInfo;
use tidegate_host::{BadEvents, Host, HostConfig, Registry, SystemClock};
use tidegate_model::Tokens;

/// An answer, checked.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

pub(super) struct Server {
    pub(super) state: Arc<AppState>,
    pub(super) stopped: Arc<AtomicBool>,
    app: Router,
    runtime: tokio::runtime::Runtime,
}

impl Server {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A server whose state is set up so.
    pub(super) fn with(set_up: impl FnOnce(&mut AppState)) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stopped);
        let mut state = AppState::new(host(), info(), move || flag.store(true, Ordering::SeqCst));
        set_up(&mut state);
        let state = Arc::new(state);
        state.set_ready(true);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { app: app(Arc::clone(&state)), state, stopped, runtime }
    }

    /// Sends a request. Its path may hold what only the server's own reader of request lines lets in.
    pub(super) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let target = path.replace(' ', "%20").replace('"', "%22").replace('|', "%7C").replace('^', "%5E");
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let service = TowerToHyperService::new(self.app.clone());
        self.runtime.block_on(async move {
            let (parts, body) = service.call(request).await.unwrap().into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let body = String::from_utf8(body.into()).unwrap();
            let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, body };
            answer.check(method);
            answer
        })
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], "")
    }

    pub(super) fn get_json(&self, path: &str) -> Answer {
        self.request("GET", path, &[("Accept", "application/json")], "")
    }

    pub(super) fn put(&self, path: &str, body: &str) -> Answer {
        self.request("PUT", path, &[], body)
    }

    pub(super) fn post(&self, path: &str, body: &str) -> Answer {
        self.request("POST", path, &[], body)
    }

    pub(super) fn delete(&self, path: &str) -> Answer {
        self.request("DELETE", path, &[], "")
    }
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// rest-api 2.3 and 2.4: a content type, a body, XML that is well formed, errors in their shape.
    fn check(&self, method: &str) {
        assert!(
            [200, 400, 401, 403, 404, 405, 408, 409, 413, 414, 431, 500, 503].contains(&self.status),
            "{self:?}"
        );
        assert_eq!(self.header("vary"), Some("Origin"));
        let content_type = self.header("content-type").expect("every answer has a content type");
        if method == Method::HEAD {
            assert_eq!(self.body, "");
            return;
        }
        match content_type {
            "text/xml" => self.check_xml(),
            "application/json" => {
                assert_eq!(self.status, 200, "errors are XML");
                assert!(self.body.starts_with('{') && self.body.ends_with('}'), "{}", self.body);
            }
            "text/plain; charset=utf-8" | "text/plain; version=0.0.4; charset=utf-8" => {
                assert!(self.body.ends_with('\n'), "{}", self.body)
            }
            other => panic!("content type {other}"),
        }
    }

    fn check_xml(&self) {
        assert!(self.body.starts_with('<') && !self.body.starts_with("<?"), "{}", self.body);
        assert!(self.body.ends_with(">\n"), "{:?}", self.body);
        let mut reader = quick_xml::Reader::from_str(&self.body);
        loop {
            match reader.read_event() {
                Ok(Event::Eof) => break,
                Ok(_) => {}
                Err(error) => panic!("{error} in {}", self.body),
            }
        }
        if self.status >= 400 {
            let scheme = if self.status == 401 { " scheme=\"" } else { ">\n<message>" };
            assert!(self.body.starts_with(&format!("<response{scheme}")), "{}", self.body);
            assert!(
                !self.body.contains("<detail></detail>") && !self.body.contains("<detail/>"),
                "{}",
                self.body
            );
        }
    }

    #[track_caller]
    pub(super) fn is(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.body.as_str()), (status, body));
    }

    /// Whether this is an error with this message and no details.
    #[track_caller]
    pub(super) fn is_error(&self, status: u16, message: &str) {
        self.is(status, &format!("<response>\n<message>{message}</message>\n</response>\n"));
    }
}

pub(super) fn info() -> ServerInfo {
    let property = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
    ServerInfo {
        version: "5.2".to_owned(),
        engine: "esp".to_owned(),
        analytics_license: true,
        primary_server: true,
        pubsub: Some(8611),
        properties: vec![property("pubsub", "8611"), property("http", "8610")],
        failovers: Vec::new(),
        snapshots: Vec::new(),
    }
}

/// A host without projects and without connector classes.
pub(super) fn host() -> Arc<Host> {
    let registry = Registry { engine: tidegate_engine::Registry::ENGINE, connectors: &[] };
    Arc::new(Host::new(HostConfig {
        registry,
        tokens: Tokens::default(),
        clock: Arc::new(SystemClock),
        bad_events: BadEvents::nowhere(),
        queue_blocks: 64,
        allow_unsupported: false,
        date_format: None,
    }))
}
