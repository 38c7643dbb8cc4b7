//! What clients and servers must agree on: `dfESP://` URLs, the names of a bus's topics, metadata questions over a bus, and
//! whose certificates are believed. Nothing here does I/O, but that [`Trust`] reads the certificates of authorities.

mod metadata;
mod topic;
mod trust;
mod url;

pub use metadata::{Answer, AnswerError, MetadataQuery};
pub use topic::{DataTopic, base, metadata_topic};
pub use trust::Trust;
pub use url::{DfespUrl, UrlError};
