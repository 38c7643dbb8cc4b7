//! Waiting for conditions.

use std::time::{Duration, Instant};

use crate::Error;

/// How long a server may take for anything before a test gives up: far above what a loaded machine needs.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Pause between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(5);

/// Asks `condition` until it answers a value, for at most `patience`.
///
/// `Ok(None)` or an error of a kind that passes (a connection refused, an answer cut short) means "not yet". An error
/// that cannot pass ([`Error::Ended`], [`Error::Missing`], [`Error::Usage`]) ends the wait.
///
/// # Errors
/// [`Error::TimedOut`] with `what` and the last error, or the error that ended the wait.
pub fn wait_until<T>(
    what: &str,
    patience: Duration,
    mut condition: impl FnMut() -> Result<Option<T>, Error>,
) -> Result<T, Error> {
    let start = Instant::now();
    loop {
        let last = match condition() {
            Ok(Some(value)) => return Ok(value),
            Ok(None) => "it is not so yet".to_owned(),
            Err(error @ (Error::Ended { .. } | Error::Missing { .. } | Error::Usage(_))) => {
                return Err(error);
            }
            Err(error) => error.to_string(),
        };
        if start.elapsed() >= patience {
            let seconds = start.elapsed().as_secs_f64();
            return Err(Error::TimedOut { what: what.to_owned(), seconds, last });
        }
        std::thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_gives_up_and_stops_at_what_cannot_pass() {
        let mut asked = 0;
        let counted = wait_until("three", PATIENCE, || {
            asked += 1;
            Ok((asked == 3).then_some(asked))
        });
        assert_eq!(counted.unwrap(), 3);
        let never: Result<(), Error> = wait_until("never", Duration::from_millis(20), || Ok(None));
        assert!(never.unwrap_err().to_string().contains("for never"));
        let wrong: Result<(), Error> = wait_until("x", PATIENCE, || Err(Error::Usage("no".to_owned())));
        assert_eq!(wrong.unwrap_err().to_string(), "no");
    }
}
