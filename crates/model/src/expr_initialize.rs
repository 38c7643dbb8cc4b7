//! `<expr-initialize>`: variables and functions that a window's expressions share (model-xml 9).

use tidegate_event::FieldType;

use crate::mistake::{Mistake, MistakeKind, Mistakes};
use crate::reader::Reader;
use crate::xml::{Element, SourceText};

/// Statements that run once and declare variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initializer {
    /// The declared type of their value, which nobody reads.
    pub ty: FieldType,
    /// The statements.
    pub source: SourceText,
}

/// A function that the window's expressions may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Udf {
    /// Its name.
    pub name: String,
    /// The type of its result.
    pub ty: FieldType,
    /// Its body.
    pub source: SourceText,
}

/// What a window's expressions share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExprInitialize {
    /// The initializer.
    pub initializer: Option<Initializer>,
    /// The functions, in document order.
    pub udfs: Vec<Udf>,
}

impl ExprInitialize {
    pub(crate) fn read(element: &Element, mistakes: &mut Mistakes) -> Self {
        let mut reader = Reader::new(element);
        let initializer = reader.child("initializer", mistakes).map(|element| {
            let mut reader = Reader::new(element);
            let ty = result_type(&mut reader, mistakes);
            reader.finish(mistakes);
            Initializer { ty, source: element.text.clone() }
        });
        let mut udfs: Vec<Udf> = Vec::new();
        if let Some(list) = reader.child("udfs", mistakes) {
            let mut list = Reader::new(list);
            for element in list.children("udf") {
                let mut reader = Reader::new(element);
                let name = reader.name_attr("name", mistakes);
                let ty = result_type(&mut reader, mistakes);
                reader.finish(mistakes);
                let Some(name) = name else { continue };
                if udfs.iter().any(|other| other.name.eq_ignore_ascii_case(&name)) {
                    let message = format!("the function '{name}' is declared twice");
                    mistakes.add(element.position, MistakeKind::DuplicateFunction, message);
                    continue;
                }
                udfs.push(Udf { name, ty, source: element.text.clone() });
            }
            list.finish(mistakes);
        }
        reader.finish(mistakes);
        Self { initializer, udfs }
    }
}

/// The attribute `type`, by default double as in ESP's client (functions.md 1.7).
fn result_type(reader: &mut Reader<'_>, mistakes: &mut Mistakes) -> FieldType {
    let Some(attribute) = reader.attr("type") else { return FieldType::Double };
    let text = attribute.value.trim();
    let scalar = |ty: &FieldType| !ty.is_array() && *ty != FieldType::Blob;
    FieldType::parse(text).filter(scalar).unwrap_or_else(|| {
        let message = format!("'{text}' is no type of an expression ({})", reader.label());
        let mistake = Mistake::new(attribute.position, MistakeKind::UnknownFieldType, message);
        mistakes
            .push(mistake.nearest(text, FieldType::ALL.iter().filter(|ty| scalar(ty)).map(|ty| ty.name())));
        FieldType::Double
    })
}
