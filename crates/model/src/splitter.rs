//! stub
use crate::*;
#[derive(Debug, Clone)]
pub struct Splitter {
    pub expression: SourceText,
    pub expr_initialize: Option<ExprInitialize>,
}
