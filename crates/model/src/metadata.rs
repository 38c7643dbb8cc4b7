//! `<metadata>`: what tools keep with a project or query (model-xml 2.3).

use std::collections::BTreeMap;

use crate::mistake::Mistakes;
use crate::reader::Reader;

/// Reads the metadata among the children of a project or query: each `meta` has its key in `id`, or in `name` as older
/// tools write it. Of a key given twice the last holds.
pub(crate) fn read(parent: &mut Reader<'_>, mistakes: &mut Mistakes) -> BTreeMap<String, String> {
    let mut metadata = BTreeMap::new();
    for list in parent.children("metadata") {
        let mut list = Reader::new(list);
        for element in list.children("meta") {
            let mut meta = Reader::new(element);
            let (id, name) = (meta.attr("id"), meta.attr("name"));
            let key = match id.or(name) {
                Some(key) => Some(key),
                None => meta.required_attr("id", mistakes),
            };
            meta.finish(mistakes);
            if let Some(key) = key {
                metadata.insert(key.value.trim().to_owned(), element.text.trimmed().to_owned());
            }
        }
        list.finish(mistakes);
    }
    metadata
}
