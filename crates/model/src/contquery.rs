//! stub
use crate::*;
#[derive(Debug, Clone)]
pub struct ContQuery {
    pub name: String,
    pub index: Option<IndexType>,
    pub windows: Vec<WindowDef>,
    pub edges: Vec<Edge>,
}
