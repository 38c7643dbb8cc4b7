//! Requests to stop: signals, the admin interface, the end of the input (failover-and-server 4.9).

use std::io;
use std::sync::mpsc::Sender;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Why the server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// A signal, or a request of a client.
    Requested,
    /// The publishers have finished, and the server was started with `-exit`.
    InputFinished,
}

/// How long a clean stop may take.
const STOP_TIME: Duration = Duration::from_secs(10);
/// Exit code of a stop that took too long or was asked for twice.
const FORCED: i32 = 2;

/// Tells `ends` of the first SIGTERM or SIGINT; the second ends the process at once. SIGHUP does nothing: scripts
/// start the server with nohup and without.
pub(crate) fn watch(ends: Sender<End>) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    let wait = move || {
        let mut asked = false;
        for signal in signals.forever() {
            if signal == SIGHUP {
                continue;
            }
            if asked {
                std::process::exit(FORCED);
            }
            asked = true;
            // The receiver is gone only when the process is ending anyway.
            let _ = ends.send(End::Requested);
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(wait).map(|_| ())
}

/// Ends the process if the clean stop takes too long.
pub(crate) fn limit_stop() {
    let limit = || {
        std::thread::sleep(STOP_TIME);
        std::process::exit(FORCED);
    };
    // Without the thread the stop is as clean, only without a limit.
    let _ = std::thread::Builder::new().name("stop limit".to_owned()).spawn(limit);
}
