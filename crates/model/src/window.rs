//! stub
use crate::*;
#[derive(Debug, Clone)]
pub struct WindowDef {
    pub name: String,
    pub position: Position,
    pub element: Element,
    pub index: Option<IndexType>,
    pub output_insert_only: bool,
    pub schema: Option<SchemaDef>,
    pub retention: Option<Retention>,
    pub splitter: Option<Splitter>,
    pub expr_initialize: Option<ExprInitialize>,
    pub exp_max_string: u32,
    pub connectors: Vec<ConnectorDef>,
}
impl WindowDef {
    pub fn reader(&self) -> Reader<'_> {
        Reader::new(&self.element)
    }
}
