//! The message envelope and ESP's literal texts (rest-api 2.3, 3.3, 4.3, 4.4; failover-and-server 2.1).

use crate::node::{Document, Layout, Node, Response};

/// The answer to a command: a text in one of three envelopes. They are not consistent with each other in
/// the real server either, and clients' logs are compared with them, so each constructor knows its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    text: String,
    envelope: Envelope,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Envelope {
    /// `<message>` as the root.
    None,
    /// `<response><message>`.
    Once,
    /// `<response><message><response><message>`.
    Twice,
    /// `<response code="200"><message>`.
    Coded,
}

impl Message {
    /// A text in the usual envelope.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), envelope: Envelope::Once }
    }

    /// Several texts in the usual envelope, one per line (the bulk requests of rest-api 4.5).
    pub fn lines<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        let mut joined = String::new();
        for text in texts {
            if !joined.is_empty() {
                joined.push('\n');
            }
            joined.push_str(text.as_ref());
        }
        Self::new(joined)
    }

    /// The text without its envelope.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// `GET` of the root: the text that health checks look for, and the `200` another test looks for
    /// (rest-api 3.1).
    pub fn server_up() -> Self {
        Self { text: "esp server up and running".to_owned(), envelope: Envelope::Coded }
    }

    /// Project `project` was loaded. This one has no `<response>` around it.
    pub fn project_loaded(project: &str) -> Self {
        Self { text: format!("load project {project} succeeded"), envelope: Envelope::None }
    }

    /// Project `project` was started.
    pub fn project_started(project: &str) -> Self {
        Self::new(format!("project {project} successfully started"))
    }

    /// Project `project` was stopped.
    pub fn project_stopped(project: &str) -> Self {
        Self::new(format!("project {project} successfully stopped"))
    }

    /// Project `project` was persisted into `path`, which is echoed as it was sent. This one is wrapped twice.
    pub fn project_saved(project: &str, path: &str) -> Self {
        Self { text: format!("project {project} successfully saved to {path}"), envelope: Envelope::Twice }
    }

    /// Project `project` was restored from `path`, which is echoed as it was sent.
    pub fn project_restored(project: &str, path: &str) -> Self {
        Self::new(format!("project '{project}' successfully restored from '{path}'"))
    }

    /// The save or restore of `project` that was under way is being stopped, or there was none (texts ours).
    pub fn transfer_stopped(project: &str, was_there: bool) -> Self {
        Self::new(if was_there {
            format!("project {project} stops saving or restoring")
        } else {
            format!("project {project} is not being saved or restored")
        })
    }

    /// The connectors of `project` were started.
    pub fn connectors_started(project: &str) -> Self {
        Self::new(format!("connectors started for project '{project}'"))
    }

    /// The connectors of `project` were stopped (text ours: no real one is known).
    pub fn connectors_stopped(project: &str) -> Self {
        Self::new(format!("connectors stopped for project '{project}'"))
    }

    /// Project `project` was deleted (text ours).
    pub fn project_deleted(project: &str) -> Self {
        Self::new(format!("project {project} successfully deleted"))
    }

    /// The server is shutting down (text ours).
    pub fn server_stopped() -> Self {
        Self::new("esp server stopped")
    }

    /// The server is back at its start-up model (text ours).
    pub fn server_reloaded() -> Self {
        Self::new("esp server reloaded")
    }

    /// Every project was persisted below `path` (text ours).
    pub fn server_saved(path: &str) -> Self {
        Self::new(format!("esp server saved to {path}"))
    }

    /// `count` events were published into `window`, given as `P/CQ/W` (text ours).
    pub fn events_injected(count: u64, window: &str) -> Self {
        Self::new(format!("{count} events injected into {window}"))
    }
}

impl Response for Message {
    fn document(&self) -> Document {
        let message = Node::text("message", self.text.as_str());
        let respond = |inner: Node| Node::list("response", vec![inner]);
        let root = match self.envelope {
            Envelope::None => message,
            Envelope::Once => respond(message),
            Envelope::Twice => respond(Node::list("message", vec![respond(message)])),
            Envelope::Coded => respond(message).attribute("code", "200"),
        };
        Document { root, layout: Layout::Flat }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The literal texts of rest-api 4.4.
    #[test]
    fn the_six_known_answers() {
        let p = "dstatkafka";
        let path = "/opt/sas/dstat/failover/";
        let cases = [
            (
                Message::project_stopped(p),
                "<response>\n<message>project dstatkafka successfully stopped</message>\n</response>\n",
            ),
            (
                Message::project_saved(p, path),
                "<response>\n<message>\n<response>\n<message>project dstatkafka successfully saved to \
                 /opt/sas/dstat/failover/</message>\n</response>\n</message>\n</response>\n",
            ),
            (
                Message::project_started(p),
                "<response>\n<message>project dstatkafka successfully started</message>\n</response>\n",
            ),
            (
                Message::connectors_started(p),
                "<response>\n<message>connectors started for project 'dstatkafka'</message>\n</response>\n",
            ),
            (Message::project_loaded(p), "<message>load project dstatkafka succeeded</message>\n"),
            (
                Message::project_restored(p, path),
                "<response>\n<message>project 'dstatkafka' successfully restored from \
                 '/opt/sas/dstat/failover/'</message>\n</response>\n",
            ),
        ];
        for (message, expected) in cases {
            assert_eq!(message.to_xml(), expected);
        }
    }

    #[test]
    fn the_root_holds_both_texts_that_checks_look_for() {
        let body = Message::server_up().to_xml();
        assert_eq!(
            body,
            "<response code=\"200\">\n<message>esp server up and running</message>\n</response>\n"
        );
    }

    #[test]
    fn bulk_answers_have_one_line_per_project() {
        let texts = [Message::project_started("a"), Message::project_started("b")];
        let body = Message::lines(texts.iter().map(Message::text)).to_xml();
        let expected = "<response>\n<message>project a successfully started\nproject b successfully \
                        started</message>\n</response>\n";
        assert_eq!(body, expected);
    }

    #[test]
    fn json_follows_the_elements() {
        assert_eq!(
            Message::project_started("p").to_json(),
            r#"{"response":[{"message":"project p successfully started"}]}"#
        );
        assert_eq!(Message::project_loaded("p").to_json(), r#"{"message":"load project p succeeded"}"#);
        assert_eq!(
            Message::project_saved("p", "/d").to_json(),
            r#"{"response":[{"message":[{"response":[{"message":"project p successfully saved to /d"}]}]}]}"#
        );
    }
}
