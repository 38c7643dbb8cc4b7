//! The body of every answer with a status of 400 and above (rest-api 2.4, failover-and-server 2.6).

use crate::node::{Document, Layout, Node, Response};

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorBody {
    /// The HTTP status, 400 and above.
    pub status: u16,
    /// What went wrong, in one line.
    pub message: String,
    /// Reasons, one per line. Empty ones are left out of the body: they crash a client.
    pub details: Vec<String>,
    /// The authentication scheme asked for, an attribute of the root that an older client reads.
    pub scheme: Option<String>,
}

impl ErrorBody {
    /// An error without details.
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), details: Vec::new(), scheme: None }
    }

    /// Adds a reason.
    #[must_use]
    pub fn detail(mut self, reason: impl Into<String>) -> Self {
        self.details.push(reason.into());
        self
    }

    /// 401: `scheme` as in `WWW-Authenticate`, for example `Basic`.
    pub fn unauthenticated(scheme: &str) -> Self {
        Self { scheme: Some(scheme.to_owned()), ..Self::new(401, "authentication required") }
    }

    /// 404: no project of that name.
    pub fn unknown_project(project: &str) -> Self {
        Self::new(404, format!("project '{project}' does not exist"))
    }

    /// 404: no window at `P/CQ/W`.
    pub fn unknown_window(window: &str) -> Self {
        Self::new(404, format!("window '{window}' does not exist"))
    }

    /// 404: nothing answers at `path`.
    pub fn unknown_path(path: &str) -> Self {
        Self::new(404, format!("'{path}' does not exist"))
    }

    /// 405: `method` is not for `path`.
    pub fn wrong_method(method: &str, path: &str) -> Self {
        Self::new(405, format!("method {method} is not allowed for '{path}'"))
    }

    /// 400: the project is there and `overwrite` is not `true`.
    pub fn project_exists(project: &str) -> Self {
        Self::new(400, format!("project '{project}' already exists"))
    }

    /// 400: the state value `value` needs a `path`.
    pub fn path_required(value: &str) -> Self {
        Self::new(400, format!("path is required for value '{value}'"))
    }

    /// 400: no such state value.
    pub fn invalid_state(value: &str) -> Self {
        Self::new(400, format!("invalid state value '{value}'"))
    }

    /// 500: the snapshot could not be written; `reason` is the operating system's.
    pub fn not_saved(project: &str, path: &str, reason: impl Into<String>) -> Self {
        Self::new(500, format!("project {project} could not be saved to {path}")).detail(reason)
    }

    /// 404: nothing to restore in `path`.
    pub fn nothing_persisted(path: &str) -> Self {
        Self::new(404, format!("no persisted project in '{path}'"))
    }

    /// 400: the snapshot is of project `found`.
    pub fn other_project(found: &str, wanted: &str) -> Self {
        Self::new(400, format!("persisted project '{found}' does not match '{wanted}'"))
    }

    /// 400: what was asked needs a stopped project.
    pub fn must_be_stopped(project: &str) -> Self {
        Self::new(400, format!("project {project} must be stopped"))
    }
}

impl Response for ErrorBody {
    fn document(&self) -> Document {
        let mut parts = vec![Node::text("message", self.message.as_str())];
        let details: Vec<Node> = self
            .details
            .iter()
            .filter(|detail| !detail.trim().is_empty())
            .map(|detail| Node::text("detail", detail.as_str()))
            .collect();
        if !details.is_empty() {
            parts.push(Node::list("details", details));
        }
        let root = Node::list("response", parts).attribute_if("scheme", self.scheme.as_deref());
        Document { root, layout: Layout::Flat }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The literal layout of rest-api 2.4.
    #[test]
    fn details_follow_the_message() {
        let body = ErrorBody::new(400, "TEXT").detail("first reason").detail("second reason").to_xml();
        let expected = "<response>\n<message>TEXT</message>\n<details>\n<detail>first reason</detail>\n\
                        <detail>second reason</detail>\n</details>\n</response>\n";
        assert_eq!(body, expected);
    }

    #[test]
    fn an_empty_detail_never_reaches_a_client() {
        let body = ErrorBody::new(400, "m").detail("").detail(" ").to_xml();
        assert_eq!(body, "<response>\n<message>m</message>\n</response>\n");
    }

    #[test]
    fn authentication_names_its_scheme_in_the_root() {
        let body = ErrorBody::unauthenticated("Basic").to_xml();
        let expected =
            "<response scheme=\"Basic\">\n<message>authentication required</message>\n</response>\n";
        assert_eq!(body, expected);
    }

    /// The texts of failover-and-server 2.6.
    #[test]
    fn texts_of_refused_persist_and_restore() {
        let cases = [
            (ErrorBody::unknown_project("P"), 404, "project 'P' does not exist"),
            (ErrorBody::path_required("persisted"), 400, "path is required for value 'persisted'"),
            (ErrorBody::invalid_state("x"), 400, "invalid state value 'x'"),
            (ErrorBody::not_saved("P", "DIR", "disk full"), 500, "project P could not be saved to DIR"),
            (ErrorBody::nothing_persisted("DIR"), 404, "no persisted project in 'DIR'"),
            (ErrorBody::other_project("Q", "P"), 400, "persisted project 'Q' does not match 'P'"),
            (ErrorBody::must_be_stopped("P"), 400, "project P must be stopped"),
        ];
        for (error, status, message) in cases {
            assert_eq!((error.status, error.message.as_str()), (status, message));
        }
    }

    #[test]
    fn json_follows_the_elements() {
        assert_eq!(
            ErrorBody::new(400, "m").detail("d").to_json(),
            r#"{"response":[{"message":"m"},{"details":[{"detail":"d"}]}]}"#
        );
    }
}
