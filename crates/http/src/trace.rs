//! Requests in the log, with the logger `common.http` at debug: one record each, in the lines that tools replay
//! (failover-and-server 4.6).

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tidegate_host::LogLevel;

use crate::body::read;
use crate::call::SentPath;
use crate::messages::REQUEST;
use crate::state::AppState;

/// Longest body that is shown, in bytes; of longer ones, and of those that do not say how long they are, none is.
const SHOWN_BYTES: u64 = 64 * 1024;

/// Logs the request if that is wanted, and lets it pass.
pub(crate) async fn requests(State(app): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    if app.loggers.least("common.http") > LogLevel::Debug {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let shown = body.size_hint().exact().filter(|&length| length <= SHOWN_BYTES);
    let (bytes, body) = match shown {
        None => (None, body),
        Some(length) => match read(body, usize::try_from(length).unwrap_or(usize::MAX)).await {
            Ok(bytes) => (Some(bytes.clone()), Body::from(bytes)),
            Err(refused) => return refused.into_response(),
        },
    };
    let path = parts.extensions.get::<SentPath>().map_or(parts.uri.path(), |path| path.0.as_str());
    let query = parts.uri.query().map(shown_query).unwrap_or_default();
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let mut text = format!(
        "-- start request --\nrequest: {path}{query}\nmethod: {}\ntimestamp: {millis}\n-- start headers --\n",
        parts.method
    );
    for (name, value) in &parts.headers {
        // What lets somebody in is not for the log.
        let value = if name == AUTHORIZATION { "..." } else { value.to_str().unwrap_or("...") };
        let _ = writeln!(text, "{name}: {value}");
    }
    text.push_str("-- start data --\n");
    match &bytes {
        Some(bytes) => text.push_str(&String::from_utf8_lossy(bytes)),
        None => text.push_str("..."),
    }
    text.push_str("\n-- end data --\n-- end request --");
    REQUEST.debug(format_args!("{text}"));
    next.run(Request::from_parts(parts, body)).await
}

/// A query without what lets somebody in.
fn shown_query(query: &str) -> String {
    let shown = |pair: &str| {
        let secret = pair.starts_with("access_token=");
        if secret { "access_token=...".to_owned() } else { pair.to_owned() }
    };
    format!("?{}", query.split('&').map(shown).collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_not_shown() {
        assert_eq!(shown_query("a=b&access_token=secret&c"), "?a=b&access_token=...&c");
    }
}
