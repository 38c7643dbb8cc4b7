//! One case against the server program, in a folder of its own.

use std::io::{self, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{fs, thread};

use crate::case::{Case, Window};
use crate::{compare, rejected};

/// What is not as the case says.
#[derive(Debug, thiserror::Error)]
pub enum Difference {
    /// A window's output file differs, or is missing.
    #[error("{window}: {what}")]
    Window {
        /// The window's label.
        window: String,
        /// The first difference.
        what: String,
    },
    /// Another number of events was rejected.
    #[error("bad events: expected {expected}, found {found}")]
    Rejected {
        /// The number that the case names.
        expected: usize,
        /// The number in the bad-events file.
        found: usize,
    },
    /// The server did not end by itself in time.
    #[error("still running after {0} s")]
    TimedOut(u64),
    /// The server ended with an error.
    #[error("{status}; the log ends: {tail}")]
    Failed {
        /// How it ended.
        status: String,
        /// The last line that it wrote.
        tail: String,
    },
    /// The model is refused.
    #[error("the model is refused: {0}")]
    Model(String),
    /// State could not be saved or loaded.
    #[error("the state: {0}")]
    State(String),
    /// A file could not be read or written, or the server not started.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Runs `case` with the program `server` and compares all that it names.
///
/// # Errors
/// The first [`Difference`].
pub fn run(case: &Case, server: &Path) -> Result<(), Difference> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    prepare(case, folder)?;
    serve(server, folder, &folder.join("model.xml"), case.description.timeout)?;
    compare_all(case, folder, &|label| Files {
        expected: case.expected(label),
        actual: folder.join(case.actual(label)),
    })
}

/// Runs an example of `models/`, whose model names its files from the root of the checkout, from a copy of that root.
///
/// # Errors
/// The first [`Difference`].
pub fn run_example(example: &Case, server: &Path) -> Result<(), Difference> {
    let root = tempfile::tempdir()?;
    let relative = Path::new("models").join(&example.name);
    let folder = root.path().join(&relative);
    fs::create_dir_all(folder.join("data"))?;
    fs::create_dir_all(folder.join("output"))?;
    fs::write(folder.join("model.xml"), &example.model)?;
    for entry in fs::read_dir(example.folder.join("data"))? {
        let entry = entry?;
        fs::copy(entry.path(), folder.join("data").join(entry.file_name()))?;
    }
    serve(server, root.path(), &relative.join("model.xml"), example.description.timeout)?;
    compare_all(example, root.path(), &|label| Files {
        expected: example.expected(label),
        actual: folder.join("output").join(example.actual(label)),
    })
}

/// Where a window's expected and actual events are.
struct Files {
    expected: PathBuf,
    actual: PathBuf,
}

fn compare_all(case: &Case, folder: &Path, files: &dyn Fn(&str) -> Files) -> Result<(), Difference> {
    for window in &case.description.windows {
        compare_window(window, &files(&window.label))
            .map_err(|what| Difference::Window { window: window.label.clone(), what })?;
    }
    let bad_events = fs::read(folder.join("bad-events.csv")).unwrap_or_default();
    let found = rejected::count(&String::from_utf8_lossy(&bad_events));
    match case.description.rejected {
        Some(expected) if expected != found => Err(Difference::Rejected { expected, found }),
        _ => Ok(()),
    }
}

/// Copies the input and fills in the model's placeholders.
fn prepare(case: &Case, folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(&case.folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("input-") {
            fs::copy(entry.path(), folder.join(entry.file_name()))?;
        }
    }
    let mut model = case.model.replace("@CASE@", &folder.to_string_lossy());
    while model.contains("@PORT@") {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        model = model.replacen("@PORT@", &port.to_string(), 1);
    }
    fs::write(folder.join("model.xml"), model)
}

/// Runs the server in `folder` until it ends.
fn serve(server: &Path, folder: &Path, model: &Path, timeout: u64) -> Result<(), Difference> {
    let (mut reader, writer) = io::pipe()?;
    let mut command = Command::new(server);
    command
        .arg("-model")
        .arg(format!("file://{}", model.display()))
        .arg("-exit")
        .arg("-badevents")
        .arg(folder.join("bad-events.csv"))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let mut child = command.spawn()?;
    // The command holds the other ends of the pipe: with them gone, the log ends when the server does.
    drop(command);
    let (sender, ended) = mpsc::channel();
    let reading = thread::spawn(move || {
        let mut log = Vec::new();
        let outcome = reader.read_to_end(&mut log).map(|_| log);
        // Nobody listens any more after a time-out.
        let _ = sender.send(outcome);
    });
    let log = ended.recv_timeout(Duration::from_secs(timeout));
    if log.is_err() {
        child.kill()?;
    }
    let status = child.wait()?;
    // The thread has nothing left to read once the server is gone; it cannot panic.
    let _ = reading.join();
    let log = log.map_err(|_| Difference::TimedOut(timeout))??;
    if status.success() {
        return Ok(());
    }
    let tail = String::from_utf8_lossy(&log).trim().lines().last().unwrap_or("(empty)").to_owned();
    Err(Difference::Failed { status: status.to_string(), tail })
}

fn compare_window(window: &Window, files: &Files) -> Result<(), String> {
    let read = |path: &Path| fs::read_to_string(path).map_err(|cause| format!("{}: {cause}", path.display()));
    compare::compare(window, &read(&files.expected)?, &read(&files.actual)?)
}
