//! `windows/P/CQ/W/state`: the injection of events (rest-api 5.3 and 5.4).

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use tidegate_api::{ErrorBody, FileUrl, Message};
use tidegate_event::{BlockKind, EventBlock};
use tidegate_host::{HostError, Input, Project};

use crate::answer::{Handled, Refused};
use crate::blocking::blocking;
use crate::body::{EVENTS_BYTES, read};
use crate::call::{Call, bad};
use crate::event_format::{EventFormat, EventReading, ReadError};
use crate::fetch::fetch;
use crate::model_source::unreadable;

/// How long a block may wait for room in the project's queue before the request is refused.
const FULL_TIMEOUT: Duration = Duration::from_secs(30);

/// `PUT windows/P/CQ/W/state`.
pub(crate) async fn change(call: Call, body: Body) -> Handled {
    match call.value()? {
        "injected" => inject(call, body).await,
        value @ ("tracingOn" | "tracingOff") => {
            Err(bad(format!("window state '{value}' is not implemented yet")))
        }
        other => Err(ErrorBody::invalid_state(other).into()),
    }
}

/// A window that takes events.
struct Target {
    project: Arc<Project>,
    window: tidegate_engine::WindowId,
    schema: Arc<tidegate_event::Schema>,
    path: String,
}

impl Target {
    fn new(call: &Call) -> Result<Self, Refused> {
        let path = call.components().join("/");
        let project = call.app.host.project(call.component(0))?;
        let (contquery, name) = (call.component(1), call.component(2));
        let window = project.windows().iter().find(|w| w.contquery == contquery && w.name == name);
        let Some(window) = window else { return Err(HostError::NoWindow(path).into()) };
        if !window.is_source() {
            return Err(HostError::NotSource(path).into());
        }
        let (window, schema) = (window.id, Arc::clone(&window.schema));
        Ok(Self { project, window, schema, path })
    }

    fn inject(&self, kind: BlockKind, block: EventBlock) -> Result<(), Refused> {
        let block = Arc::new(block);
        let input = Input { window: self.window, kind, client: 0, block };
        Ok(self.project.inject(input, FULL_TIMEOUT)?)
    }

    fn inject_bytes(&self, reading: &EventReading, mut bytes: &[u8]) -> Result<u64, Refused> {
        if bytes.trim_ascii().is_empty() {
            return Err(bad("the body holds no events"));
        }
        let mut blocks = Vec::new();
        let mut give = |kind, block| {
            blocks.push((kind, block));
            Ok(())
        };
        let result = reading.read(&self.schema, &mut bytes, &mut give);
        let count = result.map_err(|error| refused(error, 0))?;
        blocks.into_iter().try_for_each(|(kind, block)| self.inject(kind, block))?;
        Ok(count)
    }

    fn inject_file(&self, reading: EventReading, path: &Path) -> Result<u64, Refused> {
        let mut file = File::open(path).map_err(|cause| unreadable(path, &cause))?;
        let mut injected = 0;
        let mut give = |kind, block: EventBlock| {
            let events = block.len();
            self.inject(kind, block)?;
            injected += events;
            Ok(())
        };
        let result = reading.or_format(EventFormat::of_path(path)).read(&self.schema, &mut file, &mut give);
        result.map_err(|error| refused(error, injected))
    }
}

/// What holds the events of a request.
enum Source {
    /// Bytes at hand: they are all read before the first event is injected.
    Bytes(Bytes),
    /// A file of any size: events are injected while it is read.
    File(PathBuf),
}

impl Source {
    async fn new(call: &Call, body: Body) -> Result<Self, Refused> {
        match call.query.get("eventUrl").map(FileUrl::parse).transpose().map_err(bad)? {
            Some(FileUrl::Path(path)) => Ok(Self::File(path)),
            Some(FileUrl::Http(url)) => Ok(Self::Bytes(fetch(&url, EVENTS_BYTES).await?)),
            None => Ok(Self::Bytes(read(body, EVENTS_BYTES).await?)),
        }
    }
}

async fn inject(call: Call, body: Body) -> Handled {
    // Read before anything is refused: a client that is still sending would not see why.
    let source = Source::new(&call, body).await?;
    let target = Target::new(&call)?;
    let quiesce = call.flag("quiesce", false)?;
    let date_format = call.app.host.config().date_format.as_deref();
    let reading = EventReading::new(&call.query, call.content_type.as_deref(), date_format)?;
    let app = Arc::clone(&call.app);
    let message = blocking(move || {
        let count = match source {
            Source::Bytes(bytes) => target.inject_bytes(&reading, &bytes)?,
            Source::File(path) => {
                app.files.check(&path)?;
                target.inject_file(reading, &path)?
            }
        };
        if quiesce {
            target.project.quiesce()?;
        }
        Ok::<_, Refused>(Message::events_injected(count, &target.path))
    });
    Ok(call.answer_as_accepted(&message.await?))
}

/// What is told of input that could not be read to its end, after so many events of it were injected.
fn refused(error: ReadError, injected: usize) -> Refused {
    let mut refused = match error {
        ReadError::Decode(error) => {
            Refused(ErrorBody::new(400, "the events could not be read").detail(error.to_string()))
        }
        ReadError::Io(error) => {
            Refused(ErrorBody::new(400, "the events could not be read").detail(error.to_string()))
        }
        ReadError::Refused(refused) => refused,
    };
    if injected > 0 {
        refused.0.details.push(format!("{injected} events before were injected"));
    }
    refused
}
