//! What handlers give back, and how it becomes a response: in XML or JSON, errors always in XML.

use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tidegate_api::ErrorBody;

/// Form of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Xml,
    Json,
}

impl Format {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Xml => "text/xml",
            Self::Json => "application/json",
        }
    }

    /// What a client accepts: JSON when it prefers it to XML, or names it first (rest-api 2.3).
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let (mut xml, mut json) = (0, 0);
        let mut is_json_first = false;
        let lists = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        for range in lists.flat_map(|list| list.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, thousandths);
            match name.to_ascii_lowercase().as_str() {
                "application/json" => {
                    is_json_first |= xml == 0;
                    json = json.max(quality);
                }
                "text/xml" | "application/xml" | "*/*" | "text/*" => xml = xml.max(quality),
                _ => {}
            }
        }
        if json > xml || (json > 0 && json == xml && is_json_first) { Self::Json } else { Self::Xml }
    }
}

/// A quality such as `0.9` in thousandths; one that is no number counts as 1.
fn thousandths(text: &str) -> u32 {
    match text.parse::<f32>() {
        Ok(quality) => (quality.clamp(0.0, 1.0) * 1000.0) as u32,
        Err(_) => 1000,
    }
}

/// A body with status 200.
#[derive(Debug)]
pub(crate) struct Answer {
    format: Format,
    body: String,
}

impl Answer {
    pub(crate) fn new(format: Format, response: &impl tidegate_api::Response) -> Self {
        let body = match format {
            Format::Xml => response.to_xml(),
            Format::Json => response.to_json(),
        };
        Self { format, body }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, self.format.content_type())], self.body).into_response()
    }
}

/// A request that is refused.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) ErrorBody);

impl From<ErrorBody> for Refused {
    fn from(error: ErrorBody) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = tidegate_api::Response::to_xml(&self.0);
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, [(CONTENT_TYPE, Format::Xml.content_type())], body).into_response();
        if let Some(scheme) = self.0.scheme.as_deref().and_then(|scheme| HeaderValue::from_str(scheme).ok()) {
            response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

/// What a handler gives back.
pub(crate) type Handled = Result<Answer, Refused>;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(accept: &'static str, expected: Format) {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
        assert_eq!(Format::accepted(&headers), expected, "{accept}");
    }

    #[test]
    fn json_only_for_those_who_prefer_it() {
        assert_eq!(Format::accepted(&HeaderMap::new()), Format::Xml);
        check("*/*", Format::Xml);
        check("application/xml", Format::Xml);
        check("application/json", Format::Json);
        check("application/json, text/plain, */*", Format::Json);
        check("text/html,application/xml;q=0.9,*/*;q=0.8", Format::Xml);
        check("application/xml, application/json", Format::Xml);
        check("application/xml;q=0.5, application/json;q=0.6", Format::Json);
        check("application/json;q=0, text/xml;q=0", Format::Xml);
    }
}
