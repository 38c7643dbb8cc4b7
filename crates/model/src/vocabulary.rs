//! What a build knows: window types and connector classes, as values joined by the server.

/// Where a parameter of a connector class counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Publishers only.
    Pub,
    /// Subscribers only.
    Sub,
    /// Both.
    Both,
}

/// One parameter of a connector class (connectors-adapters 1.2). A parameter that is required in one direction and optional in the
/// other has two entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParamSpec {
    /// The property's name.
    pub name: &'static str,
    /// Where it counts.
    pub direction: Direction,
    /// Whether it must be there.
    pub required: bool,
    /// Its value when absent.
    pub default: Option<&'static str>,
    /// The allowed values; empty when any text is.
    pub allowed: &'static [&'static str],
    /// Whether the server fills it in itself (`project`, `host`, ...).
    pub internal: bool,
    /// One sentence for the reference page.
    pub doc: &'static str,
}

/// One connector class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassSpec {
    /// The class as models name it, such as `fs`.
    pub name: &'static str,
    /// Its parameters.
    pub params: &'static [ParamSpec],
}

/// Whether a window type takes a schema (model-xml 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaRule {
    /// It must have one.
    Required,
    /// It may have one.
    Optional,
    /// It derives its own; one that is given is ignored with a warning.
    Derived,
}

/// How many edges a window type takes (model-xml 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inputs {
    /// The least.
    pub min: usize,
    /// The most, if there is a limit.
    pub max: Option<usize>,
}

impl Inputs {
    /// No input: a source.
    pub const NONE: Self = Self { min: 0, max: Some(0) };
    /// Exactly one.
    pub const ONE: Self = Self { min: 1, max: Some(1) };
    /// Exactly two.
    pub const TWO: Self = Self { min: 2, max: Some(2) };
    /// One or more.
    pub const MANY: Self = Self { min: 1, max: None };
    /// Any number.
    pub const ANY: Self = Self { min: 0, max: None };
}

/// What the edges out of a window type carry (model-xml 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// Events.
    Events,
    /// Models only, by edges with the role `model`.
    Models,
    /// Nothing: no edge may lead out of it.
    Nothing,
}

/// One window type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowSpec {
    /// The element's name, such as `window-copy`.
    pub element: &'static str,
    /// Whether this build can run it. If not, models that use it are refused.
    pub implemented: bool,
    /// Whether it takes a schema.
    pub schema: SchemaRule,
    /// How many edges it takes.
    pub inputs: Inputs,
    /// The edge roles it takes besides `data`.
    pub roles: &'static [crate::Role],
    /// The edge roles of which it needs at least one edge each.
    pub needs: &'static [crate::Role],
    /// What its own edges carry to other windows.
    pub gives: Gives,
    /// Whether it may have retention.
    pub retention: bool,
}

impl WindowSpec {
    const fn new(element: &'static str, schema: SchemaRule, inputs: Inputs) -> Self {
        Self {
            element,
            implemented: false,
            schema,
            inputs,
            roles: &[],
            needs: &[],
            gives: Gives::Events,
            retention: false,
        }
    }

    const fn roles(self, roles: &'static [crate::Role]) -> Self {
        Self { roles, ..self }
    }

    const fn needs(self, needs: &'static [crate::Role]) -> Self {
        Self { needs, ..self }
    }

    const fn gives(self, gives: Gives) -> Self {
        Self { gives, ..self }
    }

    const fn retention(self) -> Self {
        Self { retention: true, ..self }
    }

    /// Whether the type is `window-source`.
    pub fn is_source(&self) -> bool {
        self.element == "window-source"
    }
}

/// Every window type of ESP (model-xml 4.1).
const ESP_WINDOWS: &[WindowSpec] = {
    use crate::Role::{Data, Geometry, Left, Model, Position, Request, Right};
    use SchemaRule::{Derived, Optional, Required};
    &[
        WindowSpec::new("window-source", Required, Inputs::NONE).retention(),
        WindowSpec::new("window-copy", Derived, Inputs::ONE).retention(),
        WindowSpec::new("window-filter", Derived, Inputs::ONE),
        WindowSpec::new("window-compute", Required, Inputs::ONE),
        WindowSpec::new("window-aggregate", Required, Inputs::ONE),
        WindowSpec::new("window-join", Derived, Inputs::TWO).roles(&[Left, Right]),
        WindowSpec::new("window-union", Derived, Inputs::MANY),
        WindowSpec::new("window-functional", Required, Inputs::MANY),
        WindowSpec::new("window-pattern", Required, Inputs::MANY),
        WindowSpec::new("window-counter", Derived, Inputs::MANY),
        WindowSpec::new("window-geofence", Derived, Inputs::TWO).roles(&[Position, Geometry]),
        WindowSpec::new("window-procedural", Required, Inputs::MANY),
        WindowSpec::new("window-calculate", Required, Inputs::MANY).roles(&[Request]).needs(&[Data]),
        WindowSpec::new("window-train", Derived, Inputs::MANY)
            .roles(&[Request])
            .needs(&[Data])
            .gives(Gives::Models),
        WindowSpec::new("window-score", Required, Inputs::MANY).roles(&[Model]).needs(&[Data, Model]),
        WindowSpec::new("window-model-reader", Derived, Inputs::ANY).roles(&[Request]).gives(Gives::Models),
        WindowSpec::new("window-model-supervisor", Derived, Inputs::MANY)
            .roles(&[Model, Request])
            .needs(&[Model])
            .gives(Gives::Models),
        WindowSpec::new("window-notification", Optional, Inputs::MANY).gives(Gives::Nothing),
        WindowSpec::new("window-transpose", Derived, Inputs::ONE),
        WindowSpec::new("window-remove-state", Derived, Inputs::ONE),
        WindowSpec::new("window-object-tracker", Derived, Inputs::ONE),
        WindowSpec::new("window-textcategory", Derived, Inputs::ONE),
        WindowSpec::new("window-textcontext", Derived, Inputs::ONE),
        WindowSpec::new("window-textsentiment", Derived, Inputs::ONE),
        WindowSpec::new("window-texttopic", Derived, Inputs::ONE),
        WindowSpec::new("window-lua", Required, Inputs::MANY),
        WindowSpec::new("window-python", Required, Inputs::MANY),
        WindowSpec::new("window-custom", Required, Inputs::MANY),
        WindowSpec::new("window-statedb-reader", Required, Inputs::ONE),
        WindowSpec::new("window-statedb-writer", Derived, Inputs::ONE),
    ]
};

/// The connector classes of ESP (model-xml 10).
const ESP_CLASSES: &[&str] = &[
    "adapter",
    "audio",
    "bacnet",
    "bfile",
    "db",
    "eventhubs",
    "fs",
    "kafka",
    "kinesis",
    "lua",
    "modbus",
    "mq",
    "mqtt",
    "nurego",
    "opcua",
    "pi",
    "project",
    "pylon",
    "python",
    "rmq",
    "smtp",
    "sniffer",
    "sol",
    "tdata",
    "tdlistener",
    "tervela",
    "tibrv",
    "timer",
    "tva",
    "url",
    "uvc",
    "videocap",
    "websocket",
];

/// The window types and connector classes that models of this build may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    windows: Vec<WindowSpec>,
    classes: Vec<ClassSpec>,
}

impl Vocabulary {
    /// ESP's vocabulary, of which the window elements of `windows` and the connector `classes` are implemented.
    pub fn new(windows: &[&str], classes: &[ClassSpec]) -> Self {
        let known = ESP_WINDOWS
            .iter()
            .map(|spec| WindowSpec { implemented: windows.contains(&spec.element), ..*spec })
            .collect();
        Self { windows: known, classes: classes.to_vec() }
    }

    /// Adds a window type that ESP does not have, or replaces what is known of one.
    #[must_use]
    pub fn with_window(mut self, spec: WindowSpec) -> Self {
        self.windows.retain(|known| known.element != spec.element);
        self.windows.push(spec);
        self
    }

    /// The window type of an element's name.
    pub fn window(&self, element: &str) -> Option<&WindowSpec> {
        self.windows.iter().find(|spec| spec.element == element)
    }

    /// Every window type.
    pub fn windows(&self) -> &[WindowSpec] {
        &self.windows
    }

    /// The implemented class called `name`.
    pub fn class(&self, name: &str) -> Option<&ClassSpec> {
        self.classes.iter().find(|class| class.name == name)
    }

    /// The implemented classes.
    pub fn classes(&self) -> &[ClassSpec] {
        &self.classes
    }

    /// Whether ESP has a class called `name`.
    pub(crate) fn is_esp_class(name: &str) -> bool {
        ESP_CLASSES.contains(&name)
    }
}
