//! Models in the spelling of each of the tools that write them are read whole.

#[path = "read/mod.rs"]
mod read;

use read::load;
use tidegate_event::FieldType;
use tidegate_model::{
    ConnectorType, Document, IndexType, Mistakes, Project, Pubsub, RetentionPolicy, Role, TargetState,
};

fn whole(text: &str, environment: &[(&str, &str)]) -> (Document, Project, Mistakes) {
    let (document, project, mistakes) = load(text, environment);
    assert!(mistakes.is_empty(), "{}", mistakes.display("model"));
    (document.expect("a model without mistakes is a document"), project.expect("and has a project"), mistakes)
}

#[test]
fn an_engine_written_by_hand() {
    let text = include_str!("models/engine_rooted.xml");
    let (document, project, mistakes) = whole(text, &[("DATA", "/data/"), ("Retention", "300")]);
    assert_eq!(mistakes.warnings(), Vec::<&tidegate_model::Mistake>::new());
    assert_eq!((document.port, document.http_port), (Some(55555), Some(8080)));
    assert_eq!((project.threads, project.index), (1, Some(IndexType::RbTree)));
    let query = &project.contqueries[0];
    assert_eq!(query.trace, ["agg"], "unknown names of trace are left out (rule 21)");
    assert_eq!(query.timing_threshold_micros, Some(50));
    let source = &query.windows[0];
    let fields: Vec<_> =
        source.schema.as_ref().unwrap().fields.iter().map(|f| (f.name.as_str(), f.ty, f.key)).collect();
    assert_eq!(
        fields,
        [("id", FieldType::Int64, true), ("sym", FieldType::String, false), ("px", FieldType::Double, false)]
    );
    assert_eq!(source.connectors[0].property("fsname"), Some("/data//in.csv"));
    let RetentionPolicy::ByTimeSliding(span) = query.windows[1].retention.as_ref().unwrap().policy else {
        panic!()
    };
    assert_eq!(span.micros(), 300_000_000);
    assert_eq!(query.edges[1].slot, None, "slot -1 carries every event");
}

#[test]
fn a_project_of_studio() {
    let text = include_str!("models/project_rooted.xml");
    let (_, project, mistakes) = whole(text, &[("ACTIVE", "true")]);
    assert_eq!(mistakes.warnings(), Vec::<&tidegate_model::Mistake>::new());
    assert_eq!((project.threads, project.pubsub, project.use_tagged_token), (4, Pubsub::Manual, true));
    let query = &project.contqueries[0];
    assert_eq!(query.index, Some(IndexType::Empty));
    let source = query.windows.iter().find(|w| w.name == "s").unwrap();
    assert_eq!(source.pubsub, Some(true));
    assert_eq!(source.connectors[0].property("fsname"), Some("/opt/data/in.csv"));
    let splitter = source.splitter.as_ref().unwrap();
    assert_eq!(splitter.expression.trimmed(), "half(id) % 2");
    assert_eq!(splitter.expr_initialize.as_ref().unwrap().udfs[0].name, "half");
    assert!(query.windows.iter().any(|w| w.name == "alone"), "include-singletons keeps it");
    let roles: Vec<_> = query.edges.iter().map(|e| (e.source.as_str(), e.role, e.slot)).collect();
    assert_eq!(
        roles,
        [
            ("s", None, Some(0)),
            ("s", Some(Role::Data), Some(1)),
            ("odd", Some(Role::Right), None),
            ("even", Some(Role::Left), None)
        ]
    );
    assert_eq!(project.connector_groups[0].entries[0].connector, "fs_1", "made from class and number");
    assert_eq!(project.connector_groups[1].entries[0].state, TargetState::Finished);
    // The echo has its tokens expanded and is else the text that was loaded.
    let body = text.split_once("?>\n").unwrap().1.trim_end();
    let expanded = body
        .replace("@ACTIVE@", "true")
        .replace("@BASE@", "/opt/data")
        .replace("@INPUT@", "/opt/data/in.csv");
    assert_eq!(project.source.to_xml(), expanded);
}

#[test]
fn a_project_of_esppy() {
    let (_, project, mistakes) = whole(include_str!("models/esppy.xml"), &[]);
    assert_eq!(mistakes.warnings(), Vec::<&tidegate_model::Mistake>::new());
    let connector = &project.contqueries[0].windows[0].connectors[0];
    assert_eq!(connector.ty, ConnectorType::Publisher, "type as an attribute");
    assert_eq!(connector.property("fsname"), Some("/data/in.csv"), "a property in a literal CDATA wrapper");
    let edges: Vec<_> = project.group_edges.iter().map(|e| (e.source.as_str(), e.target.as_str())).collect();
    assert_eq!(edges, [("a", "b"), ("a", "c")], "lists with commas");
}

#[test]
fn the_environment_wins_and_the_rest_stays() {
    let text = r#"<project name="p" threads="@N@" pubsub="auto"><properties><property name="N">3</property>
        </properties><contqueries><contquery name="cq"><windows><window-source name="s"><description>mail a@b.org @NONE@
        </description><schema-string>id*:int64</schema-string></window-source></windows></contquery></contqueries></project>"#;
    let (_, project, mistakes) = whole(text, &[]);
    assert_eq!(project.threads, 3);
    let warnings: Vec<_> = mistakes.warnings().iter().map(|w| w.kind.code()).collect();
    assert_eq!(warnings, ["unresolved-token"]);
    assert!(project.source.to_xml().contains("mail a@b.org @NONE@"));
    assert_eq!(whole(text, &[("N", "7")]).1.threads, 7);
}

/// Ids are offsets with one publisher that says so, and with a failover in any case (design.md 7, "Names").
#[test]
fn ids_are_offsets_of_the_one_log_that_is_read() {
    let model = |publishers: &[&str], subscriber: &str| {
        let connector = |ty: &str, properties: &str| {
            format!(
                "<connector class='fs'><properties><property name='type'>{ty}</property>\
                 <property name='fsname'>f</property><property name='fstype'>csv</property>{properties}\
                 </properties></connector>"
            )
        };
        let property = |name: &str| format!("<property name='{name}'>true</property>");
        let name = |name: &str| if name.is_empty() { String::new() } else { property(name) };
        let connectors: String = publishers
            .iter()
            .map(|publisher| connector("pub", &name(publisher)))
            .chain([connector("sub", &name(subscriber))])
            .collect();
        let text = format!(
            "<project name='p' pubsub='auto' threads='1'><contqueries><contquery name='q'><windows>\
             <window-source name='s'><schema><fields><field name='id' type='int64' key='true'/></fields></schema>\
             <connectors>{connectors}</connectors></window-source></windows></contquery></contqueries></project>"
        );
        let (_, project, mistakes) = load(&text, &[]);
        project.unwrap_or_else(|| panic!("{}", mistakes.display("model"))).has_offset_ids()
    };
    assert!(model(&["useoffsetmsgid"], ""));
    assert!(!model(&[""], ""), "nobody says so");
    assert!(!model(&["useoffsetmsgid", "useoffsetmsgid"], ""), "two logs have no common order");
    assert!(model(&[""], "hotfailover"));
}
