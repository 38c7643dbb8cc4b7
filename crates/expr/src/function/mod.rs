//! Functions: what a name in front of parentheses means.

/// A function of the language.
#[derive(Debug)]
pub struct Function {
    /// Its name in lower case.
    pub name: &'static str,
}

/// Every function, in alphabetical order of families.
pub static FUNCTIONS: &[&Function] = &[];
