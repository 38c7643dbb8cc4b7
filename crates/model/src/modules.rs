//! What a project holds for windows with foreign code: DATA step, MAS modules, modules of scripts (model-xml 2.5 to 2.7).
//! It is checked; the project's element keeps it for the echo. Windows that would use it are refused.

use crate::mistake::{Mistake, MistakeKind, Mistakes};
use crate::reader::Reader;
use crate::xml::Element;

/// Languages of a MAS module (model-xml 2.6).
const MAS_LANGUAGES: [(&str, ()); 4] = [("ds2", ()), ("python", ()), ("c", ()), ("astore", ())];

/// Checks what stands between a project's properties and its queries, and refuses what would run by itself.
pub(crate) fn check(project: &mut Reader<'_>, mistakes: &mut Mistakes) {
    if let Some(element) = project.child("ds-initialize", mistakes) {
        let mut reader = Reader::new(element);
        ["sas-log-location", "sas-connection-key", "sas-command"]
            .iter()
            .for_each(|name| reader.ignore_attr(name));
        reader.finish(mistakes);
    }
    if let Some(list) = project.child("mas-modules", mistakes) {
        check_list(list, "mas-module", "module", mistakes, check_mas_module);
    }
    for (list, module) in [("lua-modules", "lua-module"), ("python-modules", "python-module")] {
        if let Some(list) = project.child(list, mistakes) {
            check_list(list, module, "name", mistakes, check_script_module);
        }
    }
    ["lua-snippets", "python-snippets", "mcp"].iter().for_each(|name| project.refuse_child(name, mistakes));
}

/// Checks each `item` of a list, and that none has the name of another.
fn check_list(
    list: &Element,
    item: &'static str,
    name: &'static str,
    mistakes: &mut Mistakes,
    check: fn(&mut Reader<'_>, &mut Mistakes),
) {
    let mut reader = Reader::new(list);
    let mut names: Vec<String> = Vec::new();
    for element in reader.children(item) {
        let mut reader = Reader::new(element);
        reader.ignore_child("description");
        let name = reader.name_attr(name, mistakes);
        check(&mut reader, mistakes);
        reader.finish(mistakes);
        let Some(name) = name else { continue };
        if names.contains(&name) {
            let message = format!("the {item} '{name}' is declared twice");
            mistakes.add(element.position, MistakeKind::DuplicateName, message);
        }
        names.push(name);
    }
    reader.finish(mistakes);
}

fn check_mas_module(reader: &mut Reader<'_>, mistakes: &mut Mistakes) {
    reader.required_attr("language", mistakes);
    reader.enum_attr("language", &MAS_LANGUAGES, mistakes);
    reader.required_attr("func-names", mistakes);
    ["mas-store", "mas-store-version"].iter().for_each(|name| reader.ignore_attr(name));
    check_code(reader, mistakes);
    if let Some(list) = reader.child("module-members", mistakes) {
        let mut list = Reader::new(list);
        for element in list.children("module-member") {
            let mut member = Reader::new(element);
            ["SHAkey", "type"].iter().for_each(|name| member.ignore_attr(name));
            member.required_attr("member", mistakes);
            ["description", "code", "code-file"].iter().for_each(|name| member.ignore_child(name));
            member.finish(mistakes);
        }
        list.finish(mistakes);
    }
}

fn check_script_module(reader: &mut Reader<'_>, mistakes: &mut Mistakes) {
    check_code(reader, mistakes);
}

/// One of `code` and `code-file`; where both are, `code` counts.
fn check_code(reader: &mut Reader<'_>, mistakes: &mut Mistakes) {
    let code = reader.child("code", mistakes);
    let file = reader.child("code-file", mistakes);
    if let Some(code) = code {
        let mut code = Reader::new(code);
        code.ignore_attr("file");
        code.finish(mistakes);
    }
    if code.or(file).is_none() {
        let message = format!("{} has neither 'code' nor 'code-file'", reader.element().name);
        mistakes.push(Mistake::new(reader.element().position, MistakeKind::MissingElement, message));
    }
}
