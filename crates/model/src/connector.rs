//! stub
#[derive(Debug, Clone)]
pub struct ConnectorDef {
    pub name: String,
}
