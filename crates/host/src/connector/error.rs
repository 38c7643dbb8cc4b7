//! Why a connector failed (connectors-adapters 1.4).

/// A failure of a connector. Each has ESP's message id.
#[derive(Debug, thiserror::Error)]
pub enum ConnectorError {
    /// It runs already.
    #[error("already started")]
    AlreadyStarted,
    /// An event or block could not be made of the input.
    #[error("could not build an event block: {0}")]
    BadEvent(String),
    /// A property that is required is absent.
    #[error("required parameter '{0}' is missing")]
    Missing(String),
    /// Its thread could not be started.
    #[error("thread could not be started: {0}")]
    NoThread(std::io::Error),
    /// A property has a value that is not allowed.
    #[error("parameter '{name}' has the invalid value '{value}': {allowed}")]
    InvalidValue {
        /// The property.
        name: String,
        /// Its value.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// The project does not take its events.
    #[error("inject failed: {0}")]
    Inject(String),
    /// A property names a field that the window's schema does not have.
    #[error("parameter '{parameter}': field '{field}' is not in the window's schema")]
    NoField {
        /// The property.
        parameter: String,
        /// The field.
        field: String,
    },
    /// A file or socket failed.
    #[error("{what}: {cause}")]
    Io {
        /// The file or address, and what was done with it.
        what: String,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// Anything else, in the class's own words.
    #[error("{0}")]
    Other(String),
}

impl ConnectorError {
    /// ESP's id of the message.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::AlreadyStarted => "Connectors0001",
            Self::BadEvent(_) => "Connectors0003",
            Self::Missing(_) => "Connectors0005",
            Self::NoThread(_) => "Connectors0007",
            Self::InvalidValue { .. } => "Connectors0008",
            Self::Inject(_) => "Connectors0015",
            Self::NoField { .. } => "Connectors0076",
            Self::Io { .. } | Self::Other(_) => "Connectors0110",
        }
    }
}
