//! Connectors as models write them (model-xml 10, connectors-adapters 1.1 and 1.2).

use crate::mistake::{Mistake, MistakeKind, Mistakes};
use crate::reader::Reader;
use crate::vocabulary::{ClassSpec, Direction, Vocabulary, WindowSpec};
use crate::xml::{Element, Position};

/// Which way a connector works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectorType {
    /// Into the engine.
    Publisher,
    /// Out of the engine.
    Subscriber,
}

/// One property of a connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorProperty {
    /// Its name.
    pub name: String,
    /// Its value, trimmed.
    pub value: String,
    /// Where it stands.
    pub position: Position,
}

/// One connector of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorDef {
    /// Its class, such as `fs`.
    pub class: String,
    /// Its name, unique on its window; made from class and number where the model gives none.
    pub name: String,
    /// Whether it is started with the project.
    pub active: bool,
    /// Which way it works.
    pub ty: ConnectorType,
    /// Its properties, but for `type`.
    pub properties: Vec<ConnectorProperty>,
    /// Where its element stands.
    pub position: Position,
}

impl ConnectorDef {
    /// The value of a property, if it is there and not empty.
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties
            .iter()
            .find(|p| p.name == name)
            .map(|p| p.value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub(crate) fn read_all(
        list: &Element,
        window: WindowSpec,
        label: &str,
        vocabulary: &Vocabulary,
        mistakes: &mut Mistakes,
    ) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        let mut reader = Reader::new(list);
        for element in reader.children("connector") {
            let Some(connector) = Self::read(element, list, vocabulary, mistakes) else { continue };
            if connector.ty == ConnectorType::Publisher && !window.is_source() {
                let message = format!(
                    "the publisher '{}' stands on {label}: publishers go on source windows",
                    connector.name
                );
                mistakes.add(element.position, MistakeKind::PublisherNotOnSource, message);
            }
            if found.iter().any(|other| other.name == connector.name) {
                let message = format!("{label} has two connectors called '{}'", connector.name);
                mistakes.add(element.position, MistakeKind::DuplicateConnector, message);
                continue;
            }
            found.push(connector);
        }
        reader.finish(mistakes);
        found
    }

    fn read(
        element: &Element,
        siblings: &Element,
        vocabulary: &Vocabulary,
        mistakes: &mut Mistakes,
    ) -> Option<Self> {
        let mut reader = Reader::new(element);
        reader.ignore_attr("connection-name");
        reader.ignore_child("description");
        let class = reader.required_attr("class", mistakes);
        let name = match element.value("name") {
            None | Some("") => {
                reader.ignore_attr("name");
                None
            }
            Some(text) => Some(reader.name_attr("name", mistakes).unwrap_or_else(|| text.to_owned())),
        };
        let active = reader.bool_attr("active", true, mistakes);
        let attribute = reader.attr("type").map(|ty| (ty.value.trim().to_owned(), ty.position));
        let mut properties: Vec<ConnectorProperty> = Vec::new();
        for list in reader.children("properties") {
            read_properties(list, &mut properties, mistakes);
        }
        reader.finish(mistakes);
        let class = class?;
        let class_name = class.value.trim();
        let name = name.unwrap_or_else(|| free_name(element, siblings, class_name));
        let at = properties.iter().position(|p| p.name == "type");
        let ty = at.map(|at| properties.remove(at)).map(|p| (p.value, p.position)).or(attribute);
        let Some((ty, position)) = ty else {
            let message = format!("the connector '{name}' is neither publisher nor subscriber");
            let mistake = Mistake::new(element.position, MistakeKind::NoConnectorType, message);
            mistakes.push(mistake.hint("give it the property type with the value pub or sub"));
            return None;
        };
        let ty = match ty.to_ascii_lowercase() {
            ty if ty.starts_with('p') => ConnectorType::Publisher,
            ty if ty.starts_with('s') => ConnectorType::Subscriber,
            _ => {
                let message = format!("'{ty}' is no type of a connector ('{name}')");
                mistakes.push(
                    Mistake::new(position, MistakeKind::BadProperty, message).hint("allowed: pub, sub"),
                );
                return None;
            }
        };
        let mut connector =
            Self { class: class_name.to_owned(), name, active, ty, properties, position: element.position };
        match vocabulary.class(class_name) {
            Some(spec) => connector.check(spec, mistakes),
            None if !active => {}
            None if Vocabulary::is_esp_class(class_name) => {
                let message = format!(
                    "the connector class '{class_name}' is not implemented yet ('{}')",
                    connector.name
                );
                let mistake = Mistake::new(class.position, MistakeKind::NotImplemented, message);
                mistakes.push(mistake.hint("a connector with active=\"false\" is accepted"));
                // Where the model is loaded all the same, it never starts.
                connector.active = false;
            }
            None => {
                let message = format!("'{class_name}' is no connector class ('{}')", connector.name);
                let mistake = Mistake::new(class.position, MistakeKind::UnknownConnectorClass, message);
                mistakes
                    .push(mistake.nearest(class_name, vocabulary.classes().iter().map(|class| class.name)));
            }
        }
        Some(connector)
    }

    /// Checks the properties against what the class declares.
    fn check(&self, class: &ClassSpec, mistakes: &mut Mistakes) {
        let counts = |direction| match direction {
            Direction::Both => true,
            Direction::Pub => self.ty == ConnectorType::Publisher,
            Direction::Sub => self.ty == ConnectorType::Subscriber,
        };
        let params = || class.params.iter().filter(move |param| counts(param.direction) && !param.internal);
        for param in params().filter(|param| param.required && self.property(param.name).is_none()) {
            let message = format!(
                "the connector '{}' of class {} needs the property '{}'",
                self.name, class.name, param.name
            );
            mistakes.push(Mistake::new(self.position, MistakeKind::MissingProperty, message).hint(param.doc));
        }
        for property in &self.properties {
            match params().find(|param| param.name == property.name) {
                Some(param) => {
                    let fits = param.allowed.is_empty()
                        || property.value.is_empty()
                        || param.allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(&property.value));
                    if !fits {
                        let message = format!(
                            "'{}' is no value of the property '{}' (connector '{}')",
                            property.value, property.name, self.name
                        );
                        let mistake = Mistake::new(property.position, MistakeKind::BadProperty, message);
                        mistakes.push(mistake.nearest(&property.value, param.allowed.iter().copied()));
                    }
                }
                None => {
                    let message = format!(
                        "the property '{}' of the connector '{}' is not known to the class {} and ignored",
                        property.name, self.name, class.name
                    );
                    let warning = Mistake::new(property.position, MistakeKind::UnknownProperty, message);
                    mistakes.warn(warning.nearest(&property.name, params().map(|param| param.name)));
                }
            }
        }
    }
}

/// The name of a connector without one: its class and its number among the window's connectors (model-xml 20,
/// rule 124), with a step over names that the model has taken.
fn free_name(element: &Element, siblings: &Element, class: &str) -> String {
    let place = siblings.children.iter().position(|other| other.position == element.position).unwrap_or(0);
    let taken = |name: &str| siblings.children.iter().any(|other| other.value("name") == Some(name));
    let mut number = place + 1;
    while taken(&format!("{class}_{number}")) {
        number += siblings.children.len();
    }
    format!("{class}_{number}")
}

/// Adds a `<properties>` list; a property that is there already is replaced.
fn read_properties(list: &Element, properties: &mut Vec<ConnectorProperty>, mistakes: &mut Mistakes) {
    let mut reader = Reader::new(list);
    for element in reader.children("property") {
        let mut property = Reader::new(element);
        let name = property.required_attr("name", mistakes).map(|name| name.value.trim().to_owned());
        property.finish(mistakes);
        let Some(name) = name else { continue };
        properties.retain(|other| other.name != name);
        let value = element.text.trimmed().to_owned();
        properties.push(ConnectorProperty { name, value, position: element.position });
    }
    reader.finish(mistakes);
}
