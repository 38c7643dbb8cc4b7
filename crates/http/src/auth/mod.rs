//! Who may use the interface: passwords, tokens, and paths open to everybody (failover-and-server 4.10, rest-api 2.6).
//!
//! The check stands inside of what all answers have in common, so a refusal is XML with the headers that browsers want,
//! and `OPTIONS` needs no authentication. WebSockets may authenticate on their socket (websocket-api 3).

mod jwt;
mod passwords;
mod tokens;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, UPGRADE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tidegate_api::{ErrorBody, Query};

use crate::answer::Refused;
use crate::app::ROOTS;
use crate::state::AppState;

pub use jwt::SignedTokens;
pub use passwords::Passwords;
pub use tokens::Tokens;

/// Why a file of passwords or tokens cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// A line is not of the expected form.
    #[error("line {line}: {reason}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// It is no list of public keys.
    #[error("{0}")]
    Jwks(String),
    /// It lets nobody in.
    #[error("it holds no entry")]
    Empty,
}

/// What clients must show. At least one of passwords and tokens of either kind is there.
#[derive(Debug, Default)]
pub struct Authentication {
    /// Basic authentication.
    pub passwords: Option<Passwords>,
    /// Bearer tokens.
    pub tokens: Option<Tokens>,
    /// Bearer tokens that somebody has signed.
    pub signed: Option<SignedTokens>,
    /// Paths below the roots, without a slash in front, that are open with all that lies below them: `metrics`. An empty one is the
    /// root itself, which health checks ask for. Health outside of the roots is always open.
    pub open_paths: Vec<String>,
}

/// How many times a WebSocket may show something that is not accepted before it is closed.
pub(crate) const SOCKET_ATTEMPTS: usize = 3;

impl Authentication {
    /// What `WWW-Authenticate` says.
    pub(crate) fn challenge(&self) -> &'static str {
        if self.passwords.is_some() { r#"Basic realm="esp""# } else { "Bearer" }
    }

    fn scheme(&self) -> &'static str {
        if self.passwords.is_some() { "Basic" } else { "Bearer" }
    }

    /// Whether a value of the header `Authorization` is accepted.
    pub(crate) async fn accepts(&self, value: &str) -> bool {
        let Some((scheme, shown)) = value.trim().split_once(' ') else { return false };
        let shown = shown.trim();
        if scheme.eq_ignore_ascii_case("basic") {
            let Some(passwords) = &self.passwords else { return false };
            let Ok(pair) = STANDARD.decode(shown) else { return false };
            let Ok(pair) = String::from_utf8(pair) else { return false };
            match pair.split_once(':') {
                Some((user, password)) => passwords.accept(user, password).await,
                None => false,
            }
        } else if scheme.eq_ignore_ascii_case("bearer") {
            self.accepts_token(shown)
        } else {
            false
        }
    }

    async fn accepts_request(&self, headers: &HeaderMap, uri: &Uri) -> bool {
        if let Some(value) = headers.get(AUTHORIZATION) {
            return match value.to_str() {
                Ok(value) => self.accepts(value).await,
                Err(_) => false,
            };
        }
        let query = Query::parse(uri.query().unwrap_or_default());
        let token = query.as_ref().ok().and_then(|query| query.get("access_token"));
        token.is_some_and(|token| self.accepts_token(token))
    }

    fn accepts_token(&self, token: &str) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        self.tokens.as_ref().is_some_and(|tokens| tokens.accept(token))
            || self.signed.as_ref().is_some_and(|signed| signed.accept(token, now))
    }

    fn is_open(&self, path: &str) -> bool {
        if matches!(path, "/internal/ready" | "/readyz" | "/healthz") || path.starts_with("/.refused/") {
            return true;
        }
        let below = ROOTS.iter().find_map(|root| path.strip_prefix(root));
        let below = below.filter(|below| below.is_empty() || below.starts_with('/')).unwrap_or(path);
        let below = below.trim_start_matches('/');
        self.open_paths.iter().any(|open| {
            let open = open.trim_matches('/');
            below == open
                || (!open.is_empty() && below.strip_prefix(open).is_some_and(|rest| rest.starts_with('/')))
        })
    }
}

/// Marks a WebSocket that has to authenticate itself before anything else happens on it.
#[derive(Debug, Clone)]
pub(crate) struct OnSocket(pub(crate) Arc<AppState>);

/// Lets a request pass, or answers 401.
pub(crate) async fn check(State(app): State<Arc<AppState>>, mut request: Request, next: Next) -> Response {
    let Some(authentication) = &app.authentication else { return next.run(request).await };
    if authentication.is_open(request.uri().path())
        || authentication.accepts_request(request.headers(), request.uri()).await
    {
        return next.run(request).await;
    }
    let is_head = request.method() == Method::HEAD;
    let shown_nothing = !request.headers().contains_key(AUTHORIZATION);
    if shown_nothing && is_upgrade(request.headers()) {
        request.extensions_mut().insert(OnSocket(Arc::clone(&app)));
        return next.run(request).await;
    }
    let mut response = Refused(ErrorBody::unauthenticated(authentication.scheme())).into_response();
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(authentication.challenge()));
    if is_head {
        *response.body_mut() = Body::empty();
    }
    response
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_paths_are_open_with_what_lies_below() {
        let paths = |open: &[&str]| Authentication {
            open_paths: open.iter().map(|&path| path.to_owned()).collect(),
            ..Authentication::default()
        };
        let metrics = paths(&["/metrics"]);
        for open in ["/metrics", "/SASESP/metrics", "/eventStreamProcessing/v2/metrics/x", "/internal/ready"]
        {
            assert!(metrics.is_open(open), "{open}");
        }
        for shut in ["/SASESP", "/SASESP/metricsX", "/SASESP/projects", "/SASESPmetrics", "/"] {
            assert!(!metrics.is_open(shut), "{shut}");
        }
        assert!(paths(&["/"]).is_open("/SASESP") && !paths(&["/"]).is_open("/SASESP/server"));
    }
}
