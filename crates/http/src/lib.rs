//! The admin interface over HTTP.

pub mod request_line;
