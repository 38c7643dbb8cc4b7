//! Removes a cluster's folder when this process ends without doing it.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Error;

/// A shell that waits for the end of its input, which this process holds and never writes to, and then removes the folder.
/// A cluster shared by tests is never dropped, and a test run may be killed.
pub(super) struct Janitor {
    child: Child,
}

/// The servers die at the same moment, so what one of them still writes may need a second go.
const SCRIPT: &str = "cat; for i in 1 2 3 4 5; do rm -rf -- \"$0\" && exit; sleep 0.2; done";

impl Janitor {
    pub(super) fn hire(folder: &Path) -> Result<Self, Error> {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT]).arg(folder).process_group(0);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { child: shell.spawn().map_err(Error::io("starting sh"))? })
    }

    /// The folder's owner removes it.
    pub(super) fn dismiss(&mut self) {
        let ended: io::Result<_> = self.child.kill().and_then(|()| self.child.wait());
        // One that lives on removes what the owner removes as well.
        let _ = ended;
    }
}
