//! A request as handlers see it, without its body.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use tidegate_api::{ErrorBody, Filter, Query, Response};

use crate::answer::{Answer, Format, Refused};
use crate::state::AppState;

/// The path of a request before trailing slashes were taken off it, decoded.
#[derive(Debug, Clone, Default)]
pub(crate) struct SentPath(pub(crate) String);

/// Path, parameters and accepted format of a request, with what it is put to.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) app: Arc<AppState>,
    /// The variable components of the path, decoded.
    path: Vec<String>,
    /// The whole path as it was sent, for messages.
    pub(crate) sent_path: String,
    pub(crate) query: Query,
    /// What the client accepts, whatever the parameter `format` says.
    accepted: Format,
    /// Media type of the body, without parameters, in lower case.
    pub(crate) content_type: Option<String>,
}

impl FromRequestParts<Arc<AppState>> for Call {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Self, Refused> {
        let path = match RawPathParams::from_request_parts(parts, app).await {
            Ok(parameters) => parameters.iter().map(|(_, value)| value.to_owned()).collect(),
            Err(_) => return Err(bad("the path is not UTF-8")),
        };
        let query = Query::parse(parts.uri.query().unwrap_or_default()).map_err(bad)?;
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        Ok(Self {
            app: Arc::clone(app),
            path,
            sent_path: parts.extensions.get::<SentPath>().cloned().unwrap_or_default().0,
            query,
            accepted: Format::accepted(&parts.headers),
            content_type: content_type
                .and_then(|value| value.split(';').next())
                .map(|name| name.trim().to_ascii_lowercase())
                .filter(|name| !name.is_empty()),
        })
    }
}

/// 400 with this message.
pub(crate) fn bad(message: impl ToString) -> Refused {
    Refused(ErrorBody::new(400, message.to_string()))
}

/// A parameter that is a number.
pub(crate) fn number(query: &Query, name: &str) -> Result<Option<u64>, Refused> {
    query.number(name).map_err(bad)
}

/// The filters in parameter `name`: whoever passes one of them passes; none means everything does.
pub(crate) fn filters(query: &Query, name: &str) -> Result<Vec<Filter>, Refused> {
    query.list(name).into_iter().map(|text| Filter::parse(text).map_err(bad)).collect()
}

impl Call {
    /// The variable component of the path at `position`; the route says how many there are.
    pub(crate) fn component(&self, position: usize) -> &str {
        self.path.get(position).map(String::as_str).unwrap_or_default()
    }

    /// All variable components of the path.
    pub(crate) fn components(&self) -> &[String] {
        &self.path
    }

    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool, Refused> {
        self.query.flag(name, default).map_err(bad)
    }

    /// The parameter `value` of a change of state.
    pub(crate) fn value(&self) -> Result<&str, Refused> {
        self.query.get("value").ok_or_else(|| bad("value is required"))
    }

    /// The format of the answer: the parameter `format`, else what the client accepts.
    pub(crate) fn format(&self) -> Result<Format, Refused> {
        match self.query.get("format") {
            None => Ok(self.accepted),
            Some("xml") => Ok(Format::Xml),
            Some("json") => Ok(Format::Json),
            Some(other) => Err(bad(format!("parameter 'format' is '{other}', expected 'xml' or 'json'"))),
        }
    }

    /// The answer in the format asked for.
    pub(crate) fn answer(&self, response: &impl Response) -> Result<Answer, Refused> {
        Ok(Answer::new(self.format()?, response))
    }

    /// The answer where the parameter `format` means something else.
    pub(crate) fn answer_as_accepted(&self, response: &impl Response) -> Answer {
        Answer::new(self.accepted, response)
    }
}
