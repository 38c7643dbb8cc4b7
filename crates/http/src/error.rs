//! Errors of the host as answers: the one place where statuses are chosen (rest-api 2.4, failover-and-server 2.6).

use tidegate_api::ErrorBody;
use tidegate_host::{ErrorKind, HostError};

use crate::answer::Refused;

impl From<HostError> for Refused {
    fn from(error: HostError) -> Self {
        let status = match error.kind() {
            ErrorKind::Invalid => 400,
            ErrorKind::NotFound => 404,
            ErrorKind::Conflict => 409,
            ErrorKind::Unavailable => 503,
            ErrorKind::Internal => 500,
        };
        let details = error.details();
        Self(details.into_iter().fold(ErrorBody::new(status, error.to_string()), ErrorBody::detail))
    }
}
