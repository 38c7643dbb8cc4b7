//! The tree of resources, and what all answers have in common.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_HEADERS, CONNECTION,
    ORIGIN, VARY,
};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Method, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use percent_encoding::percent_decode_str;
use tidegate_api::{ErrorBody, Message};

use crate::answer::{Answer, Format, Refused};
use crate::auth;
use crate::call::SentPath;
use crate::handlers::{
    events, health, loggers, metrics, project, project_state, project_xml, projects, projects_by_state, root,
    server, validation, window_state, window_xml, windows,
};
use crate::request_line::Refusal;
use crate::state::AppState;
use crate::trace;
use crate::websocket::{publisher, subscriber};

/// Where the resources are found; all three are one tree (rest-api 1).
pub const ROOTS: [&str; 3] = ["/SASESP", "/eventStreamProcessing/v1", "/eventStreamProcessing/v2"];

/// Resources of ESP that this release does not have: refused by name, so that nobody takes them for typing errors.
const NOT_YET: &[&str] = &[
    "algorithms",
    "api-docs",
    "apiDoc",
    "connect",
    "connectorInfo",
    "connectors",
    "engineMetadata",
    "eventGenerators",
    "masModules",
    "masStoreObjects",
    "masStores",
    "patternEvents",
    "projectMetadata",
    "projectResults",
    "projectStats",
    "routerDestinations",
    "routerStats",
    "routers",
];

/// Methods of the interface, for browsers.
const METHODS: &str = "GET, HEAD, PUT, POST, DELETE, OPTIONS";

/// All resources, ready to be served; most tests call it without a socket.
pub fn app(state: Arc<AppState>) -> Router {
    let mut resources = Router::new()
        .route("/", get(root::show))
        .route("/server", get(server::show))
        .route("/server/state", put(server::change).post(server::change))
        .route("/projects", get(projects::list).delete(projects::delete))
        .route(
            "/projects/{project}",
            get(projects::list).put(project::load).post(project::load).delete(project::delete),
        )
        .route(
            "/projects/{project}/state",
            get(project_state::show).put(project_state::change).post(project_state::change),
        )
        .route("/runningProjects", get(projects_by_state::running).post(projects_by_state::start))
        .route("/runningProjects/{project}", post(projects_by_state::start))
        .route("/stoppedProjects", get(projects_by_state::stopped).post(projects_by_state::stop))
        .route("/stoppedProjects/{project}", post(projects_by_state::stop))
        .route("/projectXml", get(project_xml::list))
        .route("/windowXml", get(window_xml::list))
        .route("/windows", get(windows::list))
        .route("/windows/{project}", get(windows::list))
        .route("/windows/{project}/{contquery}", get(windows::list))
        .route("/windows/{project}/{contquery}/{window}", get(windows::list))
        .route(
            "/windows/{project}/{contquery}/{window}/state",
            put(window_state::change).post(window_state::change),
        )
        .route("/metrics", get(metrics::show))
        .route("/loggers", get(loggers::list))
        .route("/loggers/{logger}", get(loggers::show))
        .route("/loggers/{logger}/level", put(loggers::set_level).post(loggers::set_level))
        .route("/logCapture", get(loggers::capture))
        .route("/logCapture/state", put(loggers::set_capture).post(loggers::set_capture))
        .route("/logs", get(loggers::captured))
        .route("/subscribers/{project}/{contquery}/{window}", get(subscriber::open))
        .route("/publishers/{project}/{contquery}/{window}", get(publisher::open))
        .route("/events", get(events::all))
        .route("/events/{project}/{contquery}/{window}", get(events::one));
    for alias in ["/projectValidationResults", "/projectValidation", "/projectValidations"] {
        resources = resources.route(alias, post(validation::validate).put(validation::validate));
    }
    let resources = resources.fallback(unknown).method_not_allowed_fallback(wrong_method);

    let mut router = Router::new()
        .route("/internal/ready", get(health::ready))
        .route("/readyz", get(health::ready))
        .route("/healthz", get(health::alive))
        .route("/metrics", get(metrics::show));
    for refusal in Refusal::ALL {
        router = router.route(refusal.path(), get(move || async move { refuse(refusal) }));
    }
    for root in ROOTS {
        router = router.nest(root, resources.clone());
    }
    let router =
        router.fallback(unknown).method_not_allowed_fallback(wrong_method).with_state(Arc::clone(&state));
    // What stands around a router sees a request after its route was chosen; around one without routes of its own it
    // comes before.
    let checked = from_fn_with_state(Arc::clone(&state), auth::check);
    let traced = from_fn_with_state(Arc::clone(&state), trace::requests);
    let router = Router::new().fallback_service(router).layer(checked).layer(traced);
    router.layer(from_fn_with_state(state, around))
}

/// A head that was not let in. The connection ends with the answer.
fn refuse(refusal: Refusal) -> Response {
    let mut response = Refused(ErrorBody::new(refusal.status(), refusal.to_string())).into_response();
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn unknown(request: Request) -> Refused {
    let path = sent_path(&request);
    let below = ROOTS.iter().find_map(|root| path.split_once(root)).map(|(_, rest)| rest);
    let resource = below.unwrap_or_default().trim_start_matches('/').split('/').next().unwrap_or_default();
    if NOT_YET.contains(&resource) {
        return ErrorBody::new(400, format!("{} {resource} is not implemented yet", request.method())).into();
    }
    ErrorBody::unknown_path(&path).into()
}

async fn wrong_method(request: Request) -> Refused {
    ErrorBody::wrong_method(request.method().as_str(), &sent_path(&request)).into()
}

fn sent_path(request: &Request) -> String {
    let sent = request.extensions().get::<SentPath>();
    sent.map_or_else(|| request.uri().path().to_owned(), |path| path.0.clone())
}

/// Around every request: its path without trailing slashes, `OPTIONS`, and the headers that browsers want
/// (rest-api 1 and 2.7).
async fn around(State(app): State<Arc<AppState>>, mut request: Request, next: Next) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    let asked = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let sent = SentPath(percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned());
    if let Some(uri) = normal(request.uri(), &app.path_prefix) {
        *request.uri_mut() = uri;
    }
    request.extensions_mut().insert(sent);

    let is_options = request.method() == Method::OPTIONS;
    let mut response = if is_options {
        Answer::new(Format::Xml, &Message::new(METHODS)).into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    if is_options {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        let usual = HeaderValue::from_static("authorization, content-type, accept, connection");
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.unwrap_or(usual));
    }
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate"));
    }
    response
}

/// The URI without the configured prefix and without trailing slashes, when that makes it another one.
fn normal(uri: &Uri, prefix: &str) -> Option<Uri> {
    let path = uri.path();
    let below = path.strip_prefix(prefix).filter(|rest| rest.starts_with('/')).unwrap_or(path);
    let trimmed = below.trim_end_matches('/');
    let wanted = if trimmed.is_empty() { "/" } else { trimmed };
    if wanted == path {
        return None;
    }
    let mut target = wanted.to_owned();
    if let Some(query) = uri.query() {
        target.push('?');
        target.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(target).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_prefix_and_trailing_slashes() {
        let normal = |path: &'static str, prefix: &str| {
            let uri = Uri::from_static(path);
            normal(&uri, prefix).unwrap_or(uri).to_string()
        };
        assert_eq!(normal("/SASESP/", ""), "/SASESP");
        assert_eq!(normal("/SASESP/projects/P//?a=b/", ""), "/SASESP/projects/P?a=b/");
        assert_eq!(normal("/", ""), "/");
        assert_eq!(normal("/Server/x/SASESP", "/Server/x"), "/SASESP");
        assert_eq!(normal("/Server/xy/SASESP", "/Server/x"), "/Server/xy/SASESP");
        assert_eq!(normal("/SASESP/server", "/Server/x"), "/SASESP/server");
    }
}
