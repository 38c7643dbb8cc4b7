//! stub
use crate::*;
use tidegate_event::FieldType;
#[derive(Debug, Clone)]
pub struct Initializer {
    pub ty: FieldType,
    pub source: SourceText,
}
#[derive(Debug, Clone)]
pub struct Udf {
    pub name: String,
    pub ty: FieldType,
    pub source: SourceText,
}
#[derive(Debug, Clone)]
pub struct ExprInitialize {
    pub initializer: Option<Initializer>,
    pub udfs: Vec<Udf>,
}
