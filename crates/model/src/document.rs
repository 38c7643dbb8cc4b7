//! A model file or request body: an `<engine>` with projects, or one bare `<project>` (model-xml 1).

use crate::mistake::{Mistake, MistakeKind, Mistakes};
use crate::reader::Reader;
use crate::token::Tokens;
use crate::xml::{Element, Limits, parse};

/// The projects of a model file, with tokens expanded, not yet read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The publish/subscribe port of `<engine port>`; the command line wins over it.
    pub port: Option<u16>,
    /// The port of `<http-servers>`; the command line wins over it.
    pub http_port: Option<u16>,
    /// The `<project>` elements, for [`Project::read`](crate::Project::read).
    pub projects: Vec<Element>,
}

impl Document {
    /// Reads a document and expands its tokens. None when it is no model at all; then `mistakes` says why.
    pub fn parse(text: &str, tokens: &Tokens, limits: &Limits, mistakes: &mut Mistakes) -> Option<Self> {
        let mut root = match parse(text, limits) {
            Ok(root) => root,
            Err(mistake) => {
                mistakes.push(mistake);
                return None;
            }
        };
        tokens.expand_document(&mut root, limits, mistakes);
        match root.name.as_str() {
            "project" => Some(Self { port: None, http_port: None, projects: vec![root] }),
            "engine" => Self::engine(root, mistakes),
            "esp-router" => {
                mistakes.add(root.position, MistakeKind::NotImplemented, "routers are not implemented yet");
                None
            }
            other => {
                mistakes.push(
                    Mistake::new(
                        root.position,
                        MistakeKind::BadRoot,
                        format!("'{other}' is no root element of a model"),
                    )
                    .hint("allowed: engine, project"),
                );
                None
            }
        }
    }

    fn engine(mut root: Element, mistakes: &mut Mistakes) -> Option<Self> {
        let mut reader = Reader::new(&root);
        reader.ignore_child("description");
        let port = reader.port_attr("port", mistakes);
        let http_port = reader.child("http-servers", mistakes).and_then(|servers| {
            let mut servers = Reader::new(servers);
            let server = servers.child("http-admin-server", mistakes);
            let server = server.or(servers.child("http-server", mistakes));
            servers.finish(mistakes);
            let mut server = Reader::new(server?);
            let port = server.port_attr("port", mistakes);
            server.finish(mistakes);
            port
        });
        reader.refuse_child("esp-routers", mistakes);
        let list = reader.required_child("projects", mistakes);
        reader.finish(mistakes);
        if let Some(element) = list {
            let mut list = Reader::new(element);
            if list.children("project").is_empty() {
                mistakes.add(element.position, MistakeKind::MissingElement, "'projects' holds no project");
            }
            list.finish(mistakes);
            let projects: Vec<&Element> = element.children_named("project").collect();
            for (i, project) in projects.iter().enumerate() {
                let name = project.value("name").filter(|name| !name.is_empty());
                if name.is_some() && projects[..i].iter().any(|other| other.value("name") == name) {
                    let message = format!("the project name '{}' is taken already", name.unwrap_or_default());
                    mistakes.add(project.position, MistakeKind::DuplicateName, message);
                }
            }
        }
        let projects = root
            .children
            .iter_mut()
            .filter(|child| child.name == "projects")
            .flat_map(|list| std::mem::take(&mut list.children))
            .filter(|child| child.name == "project")
            .collect();
        Some(Self { port, http_port, projects })
    }
}
