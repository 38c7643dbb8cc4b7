//! Counters of a project, for listings and the closing summary.

/// Counters of one window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowCounts {
    /// Name of the contquery.
    pub contquery: String,
    /// Name of the window.
    pub window: String,
    /// Its element in the model, such as `window-copy`.
    pub element: &'static str,
    /// Events emitted since the project was loaded or restored; both halves of an update pair count.
    pub emitted: u64,
    /// Events refused.
    pub rejected: u64,
    /// Faults of expressions.
    pub faults: u64,
    /// Rows that the window lists as its content.
    pub rows: u64,
}

/// Counters of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectStats {
    /// The project.
    pub project: String,
    /// Blocks injected since the project was loaded.
    pub input_blocks: u64,
    /// Events in them.
    pub input_events: u64,
    /// Microseconds from the first of these blocks to the last.
    pub input_micros: u64,
    /// The windows in order of declaration.
    pub windows: Vec<WindowCounts>,
}

impl ProjectStats {
    /// Events injected per second, when that can be told.
    pub fn input_rate(&self) -> Option<u64> {
        let rate = u128::from(self.input_events) * 1_000_000 / u128::from(self.input_micros.max(1));
        (self.input_micros > 0).then(|| u64::try_from(rate).unwrap_or(u64::MAX))
    }

    /// Events refused by all windows.
    pub fn rejected(&self) -> u64 {
        self.windows.iter().map(|window| window.rejected).sum()
    }
}
