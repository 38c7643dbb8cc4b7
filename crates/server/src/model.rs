//! The model that the server is started with, and the state that it starts from.

use std::path::Path;
use std::sync::Arc;

use tidegate_api::FileUrl;
use tidegate_host::{Host, HostError, LoadOptions, Project};
use tidegate_model::{Document, Limits, Mistakes, Tokens};

use crate::config::ModelSource;
use crate::messages;

/// A model's text, and what messages call it.
#[derive(Debug)]
pub(crate) struct ModelText {
    text: String,
    name: String,
}

/// The models in a persisted server's directory.
const STATE_FILE: &str = "server.state";

impl ModelText {
    /// Reads a model from where it lies.
    pub(crate) fn read(source: &ModelSource) -> Result<Self, String> {
        let url = match source {
            ModelSource::Text(text) => {
                return Ok(Self { text: text.clone(), name: "server.xml".to_owned() });
            }
            ModelSource::Url(url) => url,
        };
        match FileUrl::parse(url) {
            Ok(FileUrl::Path(path)) => Self::read_file(&path),
            Ok(FileUrl::Http(url)) => {
                let text = tidegate_http::fetch_model(&url).map_err(|error| format!("model: {error}"))?;
                Ok(Self { text, name: url })
            }
            Err(error) => Err(format!("model: {error}")),
        }
    }

    /// Reads the models of a persisted server.
    pub(crate) fn read_state(directory: &Path) -> Result<Self, String> {
        Self::read_file(&directory.join(STATE_FILE))
    }

    fn read_file(path: &Path) -> Result<Self, String> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("the model '{name}' cannot be read: {error}"))?;
        Ok(Self { text, name })
    }

    /// The ports that an `<engine>` names for publish/subscribe and HTTP. What is wrong with the model, its load tells.
    pub(crate) fn ports(&self, tokens: &Tokens) -> (Option<u16>, Option<u16>) {
        let document = Document::parse(&self.text, tokens, &Limits::MODEL, &mut Mistakes::new());
        document.map_or((None, None), |document| (document.port, document.http_port))
    }

    /// Loads and starts its projects, with their connectors.
    pub(crate) fn load(&self, host: &Host) -> Result<(), Vec<String>> {
        self.load_with(host, &LoadOptions::default()).map(drop)
    }

    /// Loads its projects, restores each from its folder in `directory`, and starts them.
    pub(crate) fn restore(&self, host: &Host, directory: &Path) -> Result<(), Vec<String>> {
        let options = LoadOptions { start: false, ..LoadOptions::default() };
        let projects = self.load_with(host, &options)?;
        for project in projects {
            let restored = project.restore(&directory.join(project.name()).to_string_lossy());
            let started = restored.and_then(|()| project.start()).and_then(|()| project.start_connectors());
            started.map_err(|error| {
                let mut reasons = vec![error.to_string()];
                reasons.extend(error.details());
                reasons
            })?;
        }
        Ok(())
    }

    fn load_with(&self, host: &Host, options: &LoadOptions) -> Result<Vec<Arc<Project>>, Vec<String>> {
        match host.load_all(&self.text, options) {
            Ok(projects) => Ok(projects),
            Err(HostError::BadModel(mistakes)) => {
                for mistake in mistakes.sorted() {
                    messages::MODEL_MISTAKE.log(format_args!("{}:{mistake}", self.name));
                }
                Err(vec![format!("the model '{}' has {} mistake(s)", self.name, mistakes.len())])
            }
            Err(error) => Err(vec![error.to_string()]),
        }
    }
}

/// Puts the server back to the model that it was started with (rest-api 3.3): all projects go, and that model's come again,
/// started.
pub(crate) fn reload(host: &Host, model: Option<&ModelText>) -> Result<(), Vec<String>> {
    for project in host.projects() {
        // One that another request has deleted meanwhile is gone all the same.
        let _gone = host.delete(project.name());
    }
    model.map_or(Ok(()), |model| model.load(host))
}
