//! The state of the whole server on disk (failover-and-server 2.3).

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use tidegate_api::ErrorBody;
use tidegate_host::Host;

use crate::answer::Refused;

/// The models of all projects, beside their folders.
const FILE: &str = "server.state";

/// Persists every project into `DIR/<project>`, then writes their models to `DIR/server.state`.
pub(crate) fn persist(host: &Host, path: &str) -> Result<(), Refused> {
    let directory = Path::new(path);
    let mut models = String::from("<engine>\n<projects>\n");
    for project in host.projects() {
        let place = directory.join(project.name());
        project.persist(&place.to_string_lossy())?;
        project.model().source.write_xml(&mut models);
        models.push('\n');
    }
    models.push_str("</projects>\n</engine>\n");
    write_whole(directory, models.as_bytes()).map_err(|cause| {
        Refused(
            ErrorBody::new(500, format!("esp server could not be saved to {path}")).detail(cause.to_string()),
        )
    })
}

/// Writes beside, syncs and renames, so that a reader sees all of the file or none.
fn write_whole(directory: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let beside = directory.join(format!("{FILE}.new"));
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, directory.join(FILE))?;
    File::open(directory)?.sync_all()
}
