//! From an XML document to what it asks for.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use tidegate_api::ErrorBody;

use crate::answer::Refused;
use crate::call::bad;

/// What a document asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// It is a model: load it.
    Load,
    /// It is the same as this request.
    Request { method: &'static str, target: String, body: String },
    /// Restore a project, which may be running.
    Restore { project: String, target: String },
}

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Command, Refused> {
    let malformed =
        |why: &dyn ToString| Refused(ErrorBody::new(400, "the document is not XML").detail(why.to_string()));
    let mut reader = Reader::from_str(text);
    let (root, is_empty) = loop {
        match reader.read_event().map_err(|error| malformed(&error))? {
            Event::Start(root) => break (root, false),
            Event::Empty(root) => break (root, true),
            Event::Eof => return Err(bad("the document holds no element")),
            _ => {}
        }
    };
    let name = String::from_utf8_lossy(root.name().as_ref()).into_owned();
    if matches!(name.as_str(), "engine" | "project") {
        return Ok(Command::Load);
    }
    let attributes = Attributes::read(&root).map_err(|why| malformed(&why))?;
    let body = if is_empty {
        String::new()
    } else {
        let inside = reader.read_text(root.name()).map_err(|error| malformed(&error))?;
        inside.decode().map_err(|error| malformed(&error))?.into_owned()
    };
    match name.as_str() {
        "start" => {
            let project = attributes.project()?;
            Ok(put(states(&project).1))
        }
        "stop" => Ok(put(stop(&attributes.project()?))),
        "remove" => {
            let target = project_path(&attributes.project()?);
            Ok(Command::Request { method: "DELETE", target, body: String::new() })
        }
        "persist" => Ok(put(attributes.with_path("persisted")?)),
        "restore" => {
            let target = attributes.with_path("restored")?;
            Ok(Command::Restore { project: attributes.project()?, target })
        }
        "publish" => {
            let mut target = format!("{}/state?value=injected&quiesce=true", attributes.window("windows")?);
            if let Some(size) = attributes.get("blocksize") {
                target.push_str(&format!("&blocksize={}", encode(size)));
            }
            Ok(Command::Request { method: "PUT", target, body: format!("<events>{body}</events>") })
        }
        "query" => {
            let mut target = attributes.window("events")?;
            let mut separator = '?';
            for (name, parameter) in [("filter", "filter"), ("sort-by", "sortBy"), ("limit", "limit")] {
                if let Some(value) = attributes.get(name) {
                    target.push_str(&format!("{separator}{parameter}={}", encode(value)));
                    separator = '&';
                }
            }
            Ok(Command::Request { method: "GET", target, body: String::new() })
        }
        other => Err(bad(format!(
            "'{other}' is no command (engine, project, start, stop, remove, persist, restore, publish, query)"
        ))),
    }
}

fn put(target: String) -> Command {
    Command::Request { method: "PUT", target, body: String::new() }
}

/// The request that stops a project.
pub(super) fn stop(project: &str) -> String {
    states(project).0
}

/// The requests that stop and start a project.
pub(super) fn states(project: &str) -> (String, String) {
    let state = |value: &str| format!("{}/state?value={value}", project_path(project));
    (state("stopped"), state("running"))
}

fn project_path(project: &str) -> String {
    format!("/SASESP/projects/{}", encode(project))
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The attributes of a command.
#[derive(Debug)]
struct Attributes {
    command: String,
    given: Vec<(String, String)>,
}

impl Attributes {
    fn read(root: &BytesStart<'_>) -> Result<Self, String> {
        let mut given = Vec::new();
        for attribute in root.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| error.to_string())?
                .into_owned();
            given.push((String::from_utf8_lossy(attribute.key.as_ref()).into_owned(), value));
        }
        Ok(Self { command: String::from_utf8_lossy(root.name().as_ref()).into_owned(), given })
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.given.iter().find(|(given, value)| given == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    fn required(&self, name: &str) -> Result<&str, Refused> {
        self.get(name).ok_or_else(|| bad(format!("the command {} needs the attribute {name}", self.command)))
    }

    fn project(&self) -> Result<String, Refused> {
        match self.get("project").or_else(|| self.get("name")) {
            Some(project) => Ok(project.to_owned()),
            None => self.required("project").map(str::to_owned),
        }
    }

    /// The request for a change of state that needs a path.
    fn with_path(&self, value: &str) -> Result<String, Refused> {
        let (project, path) = (self.project()?, self.required("path")?);
        Ok(format!("{}/state?value={value}&path={}", project_path(&project), encode(path)))
    }

    /// The path of a window below a resource.
    fn window(&self, resource: &str) -> Result<String, Refused> {
        let project = self.project()?;
        let (contquery, window) = (self.required("contquery")?, self.required("window")?);
        Ok(format!("/SASESP/{resource}/{}/{}/{}", encode(&project), encode(contquery), encode(window)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, method: &str, target: &str, body: &str) {
        let Command::Request { method: m, target: t, body: b } = read(text).unwrap() else {
            panic!("{text}")
        };
        assert_eq!((m, t.as_str(), b.as_str()), (method, target, body));
    }

    #[test]
    fn commands_are_requests() {
        check(
            "<?xml version='1.0'?><start project='P 1'/>",
            "PUT",
            "/SASESP/projects/P%201/state?value=running",
            "",
        );
        check("<stop name='P'></stop>", "PUT", "/SASESP/projects/P/state?value=stopped", "");
        check("<remove project='P'/>", "DELETE", "/SASESP/projects/P", "");
        check(
            "<persist project='P' path='/d'/>",
            "PUT",
            "/SASESP/projects/P/state?value=persisted&path=%2Fd",
            "",
        );
        check(
            "<publish project='P' contquery='c' window='w'><event><id>1</id></event></publish>",
            "PUT",
            "/SASESP/windows/P/c/w/state?value=injected&quiesce=true",
            "<events><event><id>1</id></event></events>",
        );
        check(
            "<query project='P' contquery='c' window='w' filter='eq(id,1)' sort-by='id:descending' limit='5'/>",
            "GET",
            "/SASESP/events/P/c/w?filter=eq%28id%2C1%29&sortBy=id%3Adescending&limit=5",
            "",
        );
        assert_eq!(read("<!-- a model --><project name='p'>").unwrap(), Command::Load);
        assert_eq!(read("<engine/>").unwrap(), Command::Load);
        let restored = "/SASESP/projects/P/state?value=restored&path=d".to_owned();
        let expected = Command::Restore { project: "P".to_owned(), target: restored };
        assert_eq!(read("<restore project='P' path='d'/>").unwrap(), expected);
    }

    #[test]
    fn documents_that_are_no_commands() {
        for (text, message) in [
            ("", "the document holds no element"),
            ("<start/>", "the command start needs the attribute project"),
            ("<persist project='p'/>", "the command persist needs the attribute path"),
            ("<query project='p'/>", "the command query needs the attribute contquery"),
            ("<start project='p>", "the document is not XML"),
            ("<publish project='p' contquery='c' window='w'>", "the document is not XML"),
        ] {
            assert_eq!(read(text).unwrap_err().0.message, message, "{text}");
        }
        assert!(read("<frob/>").unwrap_err().0.message.starts_with("'frob' is no command"));
    }

    proptest::proptest! {
        /// Whatever comes, a command or a refusal: no panic.
        #[test]
        fn any_document(text in "(<(start|publish|query|engine)? ?(project='[^<]?'|\\PC)*/?>|\\PC){0,4}") {
            let _outcome = read(&text);
        }
    }
}
