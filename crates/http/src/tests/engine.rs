//! The server's projects on plain engines: each step is run by whoever injects. There are no connectors, and a snapshot
//! holds only the project's name.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tidegate_api::ErrorBody;
use tidegate_engine::{Notice, Registry, Reject, Sink, WindowId, build_project};
use tidegate_event::{BlockHeader, BlockKind, EngineTime, EventBlock};
use tidegate_model::{Document, Limits, Mistakes, Tokens, Vocabulary};

use crate::projects::{LoadOptions, Project, ProjectState, Projects, WindowDetails};

#[derive(Default)]
pub(super) struct Engines(Mutex<BTreeMap<String, Arc<Engine>>>);

pub(super) struct Engine {
    model: tidegate_model::Project,
    windows: Vec<WindowDetails>,
    engine: Mutex<tidegate_engine::Project>,
    state: Mutex<ProjectState>,
}

/// Drops what comes out.
struct Nowhere;

impl Sink for Nowhere {
    fn emitted(&mut self, _: WindowId, _: &BlockHeader, _: &Arc<EventBlock>) {}
    fn rejected(&mut self, _: WindowId, _: &BlockHeader, _: &EventBlock, _: usize, _: Reject) {}
    fn noticed(&mut self, _: WindowId, _: Notice) {}
}

fn build(
    text: &str,
    name: Option<&str>,
    mistakes: &mut Mistakes,
) -> Option<(tidegate_model::Project, tidegate_engine::Project)> {
    let registry = Registry::ENGINE;
    let elements: Vec<&str> = registry.windows.iter().map(|window| window.element).collect();
    let document = Document::parse(text, &Tokens::default(), &Limits::MODEL, mistakes)?;
    let mut element = document.projects.into_iter().next()?;
    if let Some(name) = name {
        element.set_attribute("name", name);
    }
    let model = tidegate_model::Project::read(&element, &Vocabulary::new(&elements, &[]), mistakes)?;
    let (engine, _) = build_project(&model, &registry, mistakes)?;
    Some((model, engine))
}

impl Projects for Engines {
    fn list(&self) -> Vec<Arc<dyn Project>> {
        self.0.lock().values().map(|engine| Arc::clone(engine) as Arc<dyn Project>).collect()
    }

    fn load(&self, text: &str, options: LoadOptions) -> Result<(), ErrorBody> {
        let mut projects = self.0.lock();
        if projects.contains_key(&options.name) && !options.overwrite {
            return Err(ErrorBody::project_exists(&options.name));
        }
        let mut mistakes = Mistakes::new();
        let built = build(text, Some(&options.name), &mut mistakes);
        let Some((model, engine)) = built.filter(|_| mistakes.is_empty()) else {
            let error = ErrorBody::new(400, format!("model has {} mistake(s)", mistakes.len()));
            return Err(mistakes
                .sorted()
                .iter()
                .fold(error, |error, mistake| error.detail(mistake.to_string())));
        };
        let windows = engine.windows().map(|window| WindowDetails {
            id: window.id,
            contquery: window.contquery.to_owned(),
            name: window.name.to_owned(),
            element: window.element,
            index: window.index,
            schema: Arc::clone(window.schema),
        });
        let windows = windows.collect();
        let state = if options.start { ProjectState::Running } else { ProjectState::Loaded };
        let engine = Engine { model, windows, engine: Mutex::new(engine), state: Mutex::new(state) };
        projects.insert(options.name, Arc::new(engine));
        Ok(())
    }

    fn delete(&self, name: &str) -> Result<(), ErrorBody> {
        self.0.lock().remove(name).map(drop).ok_or_else(|| ErrorBody::unknown_project(name))
    }

    fn validate(&self, model: &str) -> Mistakes {
        let mut mistakes = Mistakes::new();
        build(model, None, &mut mistakes);
        mistakes
    }
}

impl Project for Engine {
    fn name(&self) -> &str {
        &self.model.name
    }

    fn state(&self) -> ProjectState {
        *self.state.lock()
    }

    fn model(&self) -> &tidegate_model::Project {
        &self.model
    }

    fn windows(&self) -> &[WindowDetails] {
        &self.windows
    }

    fn start(&self) -> Result<(), ErrorBody> {
        *self.state.lock() = ProjectState::Running;
        Ok(())
    }

    fn stop(&self) -> Result<(), ErrorBody> {
        *self.state.lock() = ProjectState::Stopped;
        Ok(())
    }

    fn start_connectors(&self) -> Result<(), ErrorBody> {
        Ok(())
    }

    fn stop_connectors(&self) -> Result<(), ErrorBody> {
        Ok(())
    }

    /// Writes the project's name where esppy looks for a snapshot.
    fn persist(&self, path: &str) -> Result<(), ErrorBody> {
        let failed = |cause: std::io::Error| ErrorBody::not_saved(self.name(), path, cause.to_string());
        std::fs::create_dir_all(format!("{path}/queries")).map_err(failed)?;
        std::fs::write(format!("{path}/project.state"), self.name()).map_err(failed)
    }

    fn restore(&self, path: &str) -> Result<(), ErrorBody> {
        if self.state() == ProjectState::Running {
            return Err(ErrorBody::must_be_stopped(self.name()));
        }
        let file = format!("{path}/project.state");
        let found = std::fs::read_to_string(file).map_err(|_| ErrorBody::nothing_persisted(path))?;
        if found == self.name() { Ok(()) } else { Err(ErrorBody::other_project(&found, self.name())) }
    }

    fn inject(&self, window: WindowId, block: EventBlock, _: Duration) -> Result<(), ErrorBody> {
        if self.state() != ProjectState::Running {
            return Err(ErrorBody::new(400, format!("project '{}' is not running", self.name())));
        }
        let mut engine = self.engine.lock();
        let input = engine.input() + 1;
        engine.begin_step(input, EngineTime::UNSET, &mut Nowhere);
        engine.inject(window, BlockKind::Normal, 0, Arc::new(block), &mut Nowhere);
        Ok(())
    }

    fn quiesce(&self) -> Result<(), ErrorBody> {
        Ok(())
    }

    fn content(&self, window: WindowId) -> Result<Vec<Arc<EventBlock>>, ErrorBody> {
        let mut blocks = Vec::new();
        self.engine.lock().content(window, 256, &mut |block| blocks.push(block));
        Ok(blocks)
    }

    fn counts(&self) -> Result<Vec<u64>, ErrorBody> {
        Ok(self.engine.lock().windows().map(|window| window.rows as u64).collect())
    }
}
