//! Wire types of the HTTP interface with their XML and JSON form.
