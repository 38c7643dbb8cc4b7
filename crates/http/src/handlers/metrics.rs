//! `GET metrics`: gauges in Prometheus' text form (rest-api 3.5; design.md 7, Names).

use std::fmt::Write as _;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use tidegate_host::{ConnectorState, FailoverRole, Host, ProjectState};

use crate::call::Call;

/// Media type of the text form.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /metrics`, and below the roots.
pub(crate) async fn show(call: Call) -> Response {
    ([(CONTENT_TYPE, PROMETHEUS)], text(&call.app.host)).into_response()
}

/// Samples by metric: a metric's samples must stand together.
#[derive(Default)]
struct Gauges(Vec<(&'static str, String)>);

impl Gauges {
    fn add(&mut self, name: &'static str, labels: &[(&str, &str)], value: i64) {
        let mut sample = String::from(name);
        for (at, (label, text)) in labels.iter().enumerate() {
            sample.push(if at == 0 { '{' } else { ',' });
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            write!(sample, "{label}=\"{text}\"").expect("writing into a string does not fail");
        }
        sample.push_str(if labels.is_empty() { " " } else { "} " });
        writeln!(sample, "{value}").expect("writing into a string does not fail");
        self.0.push((name, sample));
    }

    fn unsigned(&mut self, name: &'static str, labels: &[(&str, &str)], value: u64) {
        self.add(name, labels, i64::try_from(value).unwrap_or(i64::MAX));
    }
}

fn text(host: &Host) -> String {
    let mut gauges = Gauges::default();
    gauges.add("esp_primary_server", &[], i64::from(host.is_primary()));
    for project in host.projects() {
        let name = ("project_name", project.name());
        let state = match project.state() {
            ProjectState::Loaded => 0,
            ProjectState::Running => 1,
            ProjectState::Stopped => 2,
            ProjectState::Failed => 3,
        };
        gauges.add("esp_project_state", &[name], state);
        if let Some(age) = project.snapshot_age_s() {
            gauges.unsigned("esp_snapshot_age_seconds", &[name], age);
        }
        for connector in project.connectors() {
            let labels = [
                name,
                ("window_name", connector.window.as_str()),
                ("connector_name", connector.name.as_str()),
            ];
            let state = match connector.state {
                ConnectorState::Uninitialized => 0,
                state => state.code(),
            };
            gauges.add("esp_connector_state", &labels, i64::from(state));
            gauges.unsigned("esp_connector_cur_rate", &[labels[0], labels[2]], connector.rate);
            if let Some(log) = connector.log {
                gauges.add("esp_connector_log_position", &labels, log.position);
                gauges.add("esp_connector_log_end", &labels, log.end);
                gauges.unsigned("esp_connector_log_rate", &labels, log.rate);
                if let Some(estimate) = log.estimate_s {
                    gauges.unsigned("esp_connector_catch_up_seconds", &labels, estimate);
                }
            }
        }
        for (connector, failover) in project.failovers() {
            let labels = [name, ("connector", connector.as_str()), ("group", failover.group.as_str())];
            for role in [FailoverRole::Active, FailoverRole::Standby, FailoverRole::Held] {
                let named = role.to_string();
                let labels = [labels[0], labels[1], labels[2], ("role", named.as_str())];
                gauges.add("esp_failover_role", &labels, i64::from(failover.role == role));
            }
            gauges.unsigned("esp_failover_lag", &labels, failover.lag);
            gauges.add("esp_failover_in_sync", &labels, i64::from(failover.in_sync));
            gauges.unsigned("esp_failover_gate", &labels, failover.gate);
            gauges.unsigned("esp_failover_lease_ms", &labels, failover.lease_ms);
            if let Some(input) = failover.last_committed.as_deref().and_then(input_of) {
                gauges.add("esp_failover_last_committed", &labels, input);
            }
        }
    }
    gauges.0.sort_by_key(|(name, _)| *name);
    let mut text = String::new();
    let mut last = "";
    for (name, sample) in &gauges.0 {
        if *name != last {
            writeln!(text, "# TYPE {name} gauge").expect("writing into a string does not fail");
            last = name;
        }
        text.push_str(sample);
    }
    text
}

/// The input id of an output id `STREAM:INPUT:SUB:PART`.
fn input_of(id: &str) -> Option<i64> {
    id.split(':').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_ids_give_their_input() {
        let mut gauges = Gauges::default();
        gauges.add("m", &[("a", "x\"y\\z"), ("b", "1")], -3);
        assert_eq!(gauges.0[0].1, "m{a=\"x\\\"y\\\\z\",b=\"1\"} -3\n");
        assert_eq!(input_of("1f2e:41:0:0"), Some(41));
        assert_eq!(input_of("41"), None);
    }
}
