//! One file for each resource: from a request to a typed answer.

pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod loggers;
pub(crate) mod metrics;
pub(crate) mod project;
pub(crate) mod project_state;
pub(crate) mod project_xml;
pub(crate) mod projects;
pub(crate) mod projects_by_state;
pub(crate) mod root;
pub(crate) mod server;
pub(crate) mod validation;
pub(crate) mod window_state;
pub(crate) mod window_xml;
pub(crate) mod windows;
