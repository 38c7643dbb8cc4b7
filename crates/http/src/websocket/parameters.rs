//! What a subscriber asks for (websocket-api 4.1), and how it changes that (4.6).

use std::time::Duration;

use tidegate_api::{Filter, Query};
use tidegate_event::Schema;

use super::control::Changes;
use super::frame::FrameFormat;

/// How a window is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// A page of the window's content.
    Updating,
    /// All that the window emits.
    Streaming,
}

/// Order of a page: a field's position, and whether the largest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sort {
    pub(super) field: usize,
    pub(super) descending: bool,
}

/// What a subscriber asks for.
#[derive(Debug, Clone)]
pub(super) struct Parameters {
    pub(super) mode: Mode,
    pub(super) format: FrameFormat,
    pub(super) schema: bool,
    /// Most events of a page or frame; 0: no limit.
    pub(super) page_size: usize,
    /// Whoever passes one of them passes.
    pub(super) filters: Vec<Filter>,
    pub(super) sort: Option<Sort>,
    /// How long events are gathered.
    pub(super) interval: Duration,
    pub(super) separator: String,
    pub(super) precision: u8,
    pub(super) snapshot: bool,
    /// How often the number of pages is told.
    pub(super) info: Option<Duration>,
}

/// Most events of a page or frame where nothing is said.
const PAGE_SIZE: usize = 50;

/// Decimals of doubles where nothing is said.
const PRECISION: u8 = 6;

/// Longest interval.
const MAX_INTERVAL_MS: u64 = 3_600_000;

impl Parameters {
    pub(super) fn new(query: &Query, schema: &Schema) -> Result<Self, String> {
        let number = |name| query.number(name).map_err(|error| error.to_string());
        let mode = query.get("mode").map_or(Ok(Mode::Updating), mode)?;
        let format = match query.get("format") {
            None => FrameFormat::Xml,
            Some(name) => format(name, &FrameFormat::NAMES)?,
        };
        let page_size = match (mode, number("maxevents")?) {
            (Mode::Streaming, Some(most)) => Some(most),
            _ => number("pagesize")?,
        };
        let precision = number("precision")?.unwrap_or(u64::from(PRECISION));
        Ok(Self {
            mode,
            format,
            schema: query.flag("schema", false).map_err(|error| error.to_string())?,
            page_size: page_size.map_or(PAGE_SIZE, |size| usize::try_from(size).unwrap_or(0)),
            filters: filters(&query.list("filter"))?,
            sort: query.get("sort").map(|text| sort(text, schema)).transpose()?,
            interval: interval(number("interval")?.unwrap_or(0))?,
            separator: query.get("separator").unwrap_or_default().to_owned(),
            precision: u8::try_from(precision)
                .ok()
                .filter(|&decimals| decimals <= 17)
                .ok_or_else(|| format!("parameter 'precision' is '{precision}', expected 0 to 17"))?,
            snapshot: query.flag("snapshot", false).map_err(|error| error.to_string())?,
            info: number("info")?.filter(|&seconds| seconds > 0).map(Duration::from_secs),
        })
    }

    /// Makes the changes that can be made; a wrong one is left out, as no reply is expected.
    pub(super) fn change(&mut self, changes: &Changes, schema: &Schema) {
        let number = |text: &Option<String>| text.as_deref().and_then(|text| text.trim().parse::<u64>().ok());
        if let Some(Ok(mode)) = changes.mode.as_deref().map(mode) {
            self.mode = mode;
        }
        if let Some(size) = number(&changes.page_size) {
            self.page_size = usize::try_from(size).unwrap_or(0);
        }
        match changes.sort.as_deref().map(|text| (text, sort(text, schema))) {
            Some(("" | "null", _)) => self.sort = None,
            Some((_, Ok(sort))) => self.sort = Some(sort),
            Some((_, Err(_))) | None => {}
        }
        if let Some(Ok(interval)) = number(&changes.interval).map(interval) {
            self.interval = interval;
        }
        if let Some(separator) = &changes.separator {
            self.separator.clone_from(separator);
        }
        match &changes.filter {
            Some(None) => self.filters.clear(),
            Some(Some(text)) => {
                if let Ok(filter) = Filter::parse(text) {
                    self.filters = vec![filter];
                }
            }
            None => {}
        }
    }
}

/// The value called `name` in a list of formats.
pub(super) fn format<T: Copy>(name: &str, known: &[(&str, T)]) -> Result<T, String> {
    let found = known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|&(_, format)| format);
    found.ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|&(name, _)| name).collect();
        format!("parameter 'format' is '{name}', expected one of {}", names.join(", "))
    })
}

fn mode(name: &str) -> Result<Mode, String> {
    match name {
        "updating" => Ok(Mode::Updating),
        "streaming" => Ok(Mode::Streaming),
        other => Err(format!("parameter 'mode' is '{other}', expected 'updating' or 'streaming'")),
    }
}

fn filters(texts: &[&str]) -> Result<Vec<Filter>, String> {
    texts.iter().map(|text| Filter::parse(text).map_err(|error| error.to_string())).collect()
}

fn interval(millis: u64) -> Result<Duration, String> {
    if millis > MAX_INTERVAL_MS {
        return Err(format!(
            "parameter 'interval' is '{millis}', expected at most {MAX_INTERVAL_MS} milliseconds"
        ));
    }
    Ok(Duration::from_millis(millis))
}

fn sort(text: &str, schema: &Schema) -> Result<Sort, String> {
    let (name, order) = text.rsplit_once(':').unwrap_or((text, "ascending"));
    let descending = match order {
        "ascending" => false,
        "descending" => true,
        _ => {
            return Err(format!(
                "parameter 'sort' is '{text}', expected a field and ':ascending' or ':descending'"
            ));
        }
    };
    let field = schema.position(name).ok_or_else(|| format!("sort: there is no field '{name}'"))?;
    Ok(Sort { field, descending })
}
