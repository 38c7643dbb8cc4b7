//! The closing summary: what each project has done.

use tidegate_host::{ConnectorState, Host};

use crate::messages::SUMMARY;

/// Logs the counters of every project; answers whether a connector has failed.
pub(crate) fn log(host: &Host) -> bool {
    let mut failed = false;
    for project in host.projects() {
        let Ok(stats) = project.stats() else { continue };
        for window in &stats.windows {
            SUMMARY.log(format_args!(
                "project {}: {}/{}: {} events emitted, {} rows kept, {} rejected, {} faults",
                stats.project,
                window.contquery,
                window.window,
                window.emitted,
                window.rows,
                window.rejected,
                window.faults
            ));
        }
        for connector in project.connectors().iter().filter(|c| c.state == ConnectorState::Failed) {
            failed = true;
            SUMMARY.log(format_args!(
                "project {}: the connector {}/{}/{} has failed: {}",
                stats.project,
                connector.contquery,
                connector.window,
                connector.name,
                connector.error.as_deref().unwrap_or("unknown")
            ));
        }
        let rate = stats.input_rate().map(|rate| format!(", {rate} per second")).unwrap_or_default();
        SUMMARY.log(format_args!(
            "project {}: {} events in {} blocks published{rate}, {} bad events",
            stats.project,
            stats.input_events,
            stats.input_blocks,
            stats.rejected()
        ));
    }
    failed
}
