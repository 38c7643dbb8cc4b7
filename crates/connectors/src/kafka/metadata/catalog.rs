//! What a question is answered with.

use std::sync::Arc;

use tidegate_client::{Answer, DataTopic, DfespUrl, MetadataQuery};
use tidegate_host::{Project, WindowDetails};

/// The answer to what `url` asks of these projects; none when it is not for this engine to answer.
///
/// A window is found by the topic of one of its connectors first, because engines of one failover group may have loaded
/// the project under names of their own (failover-and-server 1.2); then by the names in the URL.
pub(super) fn answer(
    projects: &[Arc<Project>],
    url: &DfespUrl,
    may_answer: &dyn Fn(&Project) -> bool,
) -> Option<Answer> {
    let mut allowed = projects.iter().filter(|project| may_answer(project)).peekable();
    if let Some((project, window)) = window_at(projects, url) {
        return may_answer(project).then(|| Answer(of_window(project, window, url)));
    }
    if let Some(name) = url.project() {
        if let Some(project) = projects.iter().find(|project| project.name() == name) {
            return may_answer(project).then(|| Answer(of_project(project, url)));
        }
        // Nobody here has it: one that may answer says so.
        return allowed.peek().map(|_| Answer(None));
    }
    allowed.peek()?;
    Some(Answer(match MetadataQuery::of(url) {
        Some(MetadataQuery::Projects) => Some(allowed.map(|project| project.name().to_owned()).collect()),
        _ => None,
    }))
}

/// The window that the URL names, and its project.
fn window_at<'a>(
    projects: &'a [Arc<Project>],
    url: &DfespUrl,
) -> Option<(&'a Arc<Project>, &'a WindowDetails)> {
    let [project_name, contquery, window] = url.window_path()?;
    let topics = [DataTopic::Inbound.name(url), DataTopic::Outbound.name(url)];
    for project in projects {
        for query in &project.model().contqueries {
            let has_topic = |window: &&tidegate_model::WindowDef| {
                window.connectors.iter().any(|connector| {
                    let topic = connector.property("kafkatopic");
                    connector.class == "kafka"
                        && topic.is_some()
                        && topics.iter().any(|t| t.as_deref() == topic)
                })
            };
            if let Some(found) = query.windows.iter().find(has_topic)
                && let Ok(details) = project.window(&query.name, &found.name)
            {
                return Some((project, details));
            }
        }
    }
    let project = projects.iter().find(|project| project.name() == project_name)?;
    Some((project, project.window(contquery, window).ok()?))
}

fn of_window(project: &Project, window: &WindowDetails, url: &DfespUrl) -> Option<Vec<String>> {
    match MetadataQuery::of(url)? {
        MetadataQuery::Schema => Some(vec![window.schema.to_string()]),
        MetadataQuery::Edges => {
            let query = project.model().contqueries.iter().find(|query| query.name == window.contquery)?;
            let edges = query.edges.iter().filter(|edge| edge.source == window.name);
            Some(edges.map(|edge| edge.target.clone()).collect())
        }
        _ => None,
    }
}

fn of_project(project: &Project, url: &DfespUrl) -> Option<Vec<String>> {
    let windows = |keep: &dyn Fn(&WindowDetails) -> bool| {
        let of_query =
            |window: &&WindowDetails| url.contquery().is_none_or(|query| query == window.contquery);
        let windows = project.windows().iter().filter(of_query).filter(|window| keep(window));
        Some(windows.map(|window| window.name.clone()).collect())
    };
    if url.window().is_some() {
        return None;
    }
    let queries = &project.model().contqueries;
    if let Some(name) = url.contquery() {
        queries.iter().find(|query| query.name == name)?;
    }
    match MetadataQuery::of(url)? {
        MetadataQuery::Queries => Some(queries.iter().map(|query| query.name.clone()).collect()),
        MetadataQuery::Windows => windows(&|_| true),
        MetadataQuery::SourceWindows => windows(&WindowDetails::is_source),
        MetadataQuery::Projects | MetadataQuery::Schema | MetadataQuery::Edges => None,
    }
}

#[cfg(test)]
mod tests {
    use tidegate_host::{BadEvents, Host, HostConfig, LoadOptions, ManualClock, Registry};
    use tidegate_model::Tokens;

    use super::*;

    const MODEL: &str = r#"<project name="p" pubsub="auto" threads="1"><contqueries><contquery name="q"><windows>
        <window-source name="in" insert-only="true" index="pi_EMPTY">
          <schema><fields><field name="id" type="int64" key="true"/><field name="v" type="double"/></fields></schema>
          <connectors><connector class="kafka" name="k"><properties>
            <property name="type">pub</property><property name="kafkahostport">127.0.0.1:1</property>
            <property name="kafkatopic">cluster_1.original.q.in.I</property>
            <property name="kafkatype">binary</property><property name="kafkapartition">0</property>
            <property name="urlhostport">cluster:1</property>
          </properties></connector></connectors>
        </window-source>
        <window-copy name="out"/>
      </windows><edges><edge source="in" target="out"/></edges></contquery></contqueries></project>"#;

    fn projects() -> Vec<Arc<Project>> {
        let host = Host::new(HostConfig {
            registry: Registry { engine: tidegate_engine::Registry::ENGINE, connectors: crate::CLASSES },
            tokens: Tokens::default(),
            clock: Arc::new(ManualClock::default()),
            bad_events: BadEvents::default(),
            queue_blocks: 8,
            allow_unsupported: false,
            date_format: None,
        });
        let options = LoadOptions { start: false, ..LoadOptions::default() };
        vec![host.load(MODEL, &options).unwrap()]
    }

    #[test]
    fn answers_come_from_the_model() {
        let projects = projects();
        let ask = |url: &str| {
            let answer = answer(&projects, &url.parse().unwrap(), &|_| true).unwrap();
            answer.to_json()
        };
        let schema = r#"["id*:int64,v:double"]"#;
        assert_eq!(ask("dfESP://cluster:1/p/q/out?get=schema"), schema);
        assert_eq!(
            ask("dfESP://cluster:1/original/q/in?get=schema"),
            schema,
            "found by its connector's topic"
        );
        assert_eq!(ask("dfESP://cluster:1/p/q/in?get=edges"), r#"["out"]"#);
        assert_eq!(ask("dfESP://cluster:1?get=projects"), r#"["p"]"#);
        assert_eq!(ask("dfESP://cluster:1/p?get=queries"), r#"["q"]"#);
        assert_eq!(ask("dfESP://cluster:1/p?get=windows"), r#"["in","out"]"#);
        assert_eq!(ask("dfESP://cluster:1/p/q?get=windows_sourceonly"), r#"["in"]"#);
        for nothing in
            ["/p/q/nowhere?get=schema", "/elsewhere?get=windows", "/p/x?get=windows", "/p?get=schema"]
        {
            assert_eq!(ask(&format!("dfESP://cluster:1{nothing}")), "null", "{nothing}");
        }
        assert_eq!(ask("dfESP://cluster:1?get=weather"), "null");
    }

    #[test]
    fn a_standby_keeps_silent() {
        let projects = projects();
        let ask = |url: &str| answer(&projects, &url.parse().unwrap(), &|_| false);
        for url in ["/p/q/out?get=schema", "/elsewhere?get=windows", "?get=projects", "/p?get=queries"] {
            assert_eq!(ask(&format!("dfESP://cluster:1{url}")), None, "{url}");
        }
    }
}
