//! Wire types of the HTTP interface with their XML and JSON form.
//!
//! A handler builds one typed response ([`Message`], [`ErrorBody`], [`ServerInfo`], [`ProjectList`],
//! [`WindowList`], [`EventList`], [`ModelEcho`], [`Validation`]); [`Response::to_xml`] and [`Response::to_json`] render the same element
//! tree ([`Node`]). The tree stands where serde derives could: ESP's JSON is *defined* over the XML elements
//! (rest-api 2.3), attribute order and line layout matter to scripts, and neither can be said in derives.
//!
//! What comes in is read by [`Query`] (query strings), [`Filter`] (functional filters) and [`FileUrl`]
//! (the spellings of a model's place).

mod error_body;
mod event_list;
mod file_url;
pub mod filter;
mod json;
mod logger_list;
mod message;
mod model_echo;
mod node;
mod project_list;
mod query;
mod schema_entry;
mod server_info;
mod validation;
mod window_list;
mod xml;

pub use error_body::ErrorBody;
pub use event_list::{EventEntry, EventList};
pub use file_url::{FileUrl, FileUrlError};
pub use filter::{Filter, FilterError, Property};
pub use logger_list::{LogCapture, LoggerList};
pub use message::Message;
pub use model_echo::{EchoElement, ModelEcho};
pub use node::{Content, Document, Layout, Node, Response};
pub use project_list::{ContqueryEntry, EdgeEntry, ProjectEntry, ProjectList, ProjectWindowEntry};
pub use query::{Query, QueryError};
pub use schema_entry::{FieldEntry, SchemaEntry};
pub use server_info::{FailoverInfo, ServerInfo};
pub use validation::Validation;
pub use window_list::{WindowEntry, WindowList};
