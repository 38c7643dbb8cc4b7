//! What is wrong with a function's text.

/// A mistake in a function, a path or a pattern, with its place in the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FunctionError {
    /// Byte of the text at which it was noticed.
    pub offset: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right, when there is something to say.
    pub hint: Option<String>,
    /// A name that is not known, and those that are.
    pub unknown: Option<(String, Vec<String>)>,
}

impl FunctionError {
    /// A mistake at a byte of the text.
    pub fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into(), hint: None, unknown: None }
    }

    /// The same mistake with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
