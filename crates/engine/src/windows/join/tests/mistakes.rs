//! What a load refuses: rules 90 to 94 of model-xml 20.

use tidegate_model::MistakeKind;

use crate::testing::{Run, build};

fn model(join: &str, conditions: &str, output: &str) -> String {
    format!(
        "<project name=\"p\" threads=\"1\" pubsub=\"auto\"><contqueries><contquery name=\"cq\"><windows>\
         <window-source name=\"f\"><schema-string>id*:int32,k:int32,t:string</schema-string></window-source>\
         <window-source name=\"d\"><schema-string>k*:int32,name:string</schema-string></window-source>\
         <window-join name=\"j\"><join {join}><conditions>{conditions}</conditions></join><output>{output}</output></window-join>\
         </windows><edges><edge source=\"f d\" target=\"j\"/></edges></contquery></contqueries></project>"
    )
}

fn kinds(join: &str, conditions: &str, output: &str) -> Vec<MistakeKind> {
    match build(&model(join, conditions, output)) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.sorted().iter().map(|mistake| mistake.kind).collect(),
    }
}

const BY_KEY: &str = "<fields left=\"k\" right=\"k\"/>";

#[test]
fn types_and_conditions_are_checked() {
    assert_eq!(kinds("", BY_KEY, ""), [MistakeKind::MissingAttribute]);
    assert_eq!(kinds("type=\"outer\"", BY_KEY, ""), [MistakeKind::BadValue]);
    assert_eq!(kinds("type=\"inner\"", "", ""), [MistakeKind::BadJoin]);
    assert_eq!(
        kinds("type=\"inner\"", "<fields left=\"x\" right=\"y\"/>", ""),
        [MistakeKind::UnknownField, MistakeKind::UnknownField]
    );
    assert_eq!(kinds("type=\"inner\"", "<fields left=\"t\" right=\"k\"/>", ""), [MistakeKind::BadJoin]);
}

#[test]
fn only_allowed_combinations_load() {
    let off_key = "<fields left=\"t\" right=\"name\"/>";
    assert_eq!(kinds("type=\"leftouter\"", BY_KEY, ""), []);
    assert_eq!(kinds("type=\"leftouter\"", off_key, ""), [MistakeKind::BadJoin]);
    assert_eq!(kinds("type=\"rightouter\"", BY_KEY, ""), [MistakeKind::BadJoin]);
    assert_eq!(kinds("type=\"fullouter\"", BY_KEY, ""), [MistakeKind::BadJoin]);
    assert_eq!(kinds("type=\"fullouter\"", "<fields left=\"id\" right=\"k\"/>", ""), []);
    assert_eq!(kinds("type=\"inner\"", off_key, ""), []);
    assert_eq!(kinds("type=\"inner\" no-regenerates=\"true\"", off_key, ""), [MistakeKind::BadJoin]);
    assert_eq!(kinds("type=\"leftouter\" right-index=\"pi_EMPTY\"", BY_KEY, ""), [MistakeKind::BadIndex]);
}

#[test]
fn outputs_are_checked() {
    let output = |text: &str| kinds("type=\"leftouter\"", BY_KEY, text);
    assert_eq!(output("<field-selection name=\"a\" source=\"k\"/>"), [MistakeKind::BadOutput]);
    assert_eq!(output("<field-selection name=\"a\" source=\"l_x\"/>"), [MistakeKind::UnknownField]);
    assert_eq!(
        output("<field-selection name=\"a\" source=\"l_k\"/><field-selection name=\"a\" source=\"r_k\"/>"),
        [MistakeKind::DuplicateField]
    );
    // The key again: a warning when the type is the same.
    assert_eq!(output("<field-selection name=\"id\" source=\"l_id\"/>"), []);
    assert_eq!(output("<field-selection name=\"id\" source=\"l_t\"/>"), [MistakeKind::DuplicateField]);
    assert_eq!(output("<field-expr name=\"a\">l_k</field-expr>"), [MistakeKind::MissingAttribute]);
    assert_eq!(
        output("<field-expr name=\"a\" type=\"int33\">l_k</field-expr>"),
        [MistakeKind::UnknownFieldType]
    );
    assert_eq!(
        output("<field-expr name=\"a\" type=\"int32\">l_none</field-expr>"),
        [MistakeKind::BadExpression]
    );
    assert_eq!(
        output("<field-plug name=\"a\" type=\"int32\" plugin=\"p\" function=\"f\"/>"),
        [MistakeKind::NotImplemented]
    );
    assert_eq!(output("<left-select exclude=\"y\">*</left-select>"), [MistakeKind::UnknownField]);
}

#[test]
fn lists_of_fields_name_outputs() {
    let schema = |output: &str| {
        let windows = "<window-source name=\"f\"><schema-string>id*:int32,k:int32,t:string</schema-string></window-source>\
            <window-source name=\"d\"><schema-string>k*:int32,name:string</schema-string></window-source>";
        let join = format!(
            "{windows}<window-join name=\"j\"><join type=\"leftouter\"><conditions>{BY_KEY}</conditions></join><output>{output}</output></window-join>"
        );
        let run = Run::new("", &join, "<edge source=\"f d\" target=\"j\"/>");
        run.project.window(run.id("j")).schema.to_string()
    };
    assert_eq!(schema(""), "id*:int32");
    assert_eq!(schema("<left-expr>*</left-expr>"), "id*:int32,k:int32,t:string");
    assert_eq!(
        schema("<right-select>name</right-select><left-select exclude=\"k\">*</left-select>"),
        "id*:int32,name:string,t:string"
    );
}
