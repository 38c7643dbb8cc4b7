//! What publish/subscribe clients and servers must agree on: `dfESP://` URLs, the names of a bus's topics, and
//! metadata questions over a bus. Nothing here does I/O.

mod metadata;
mod topic;
mod url;

pub use metadata::{Answer, AnswerError, MetadataQuery};
pub use topic::{DataTopic, base, metadata_topic};
pub use url::{DfespUrl, UrlError};
