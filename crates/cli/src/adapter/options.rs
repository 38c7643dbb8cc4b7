//! What an adapter is to do, from its parameters and its transport configuration file.

use std::path::PathBuf;

use tidegate_client::DfespUrl;
use tidegate_codec::{DatePattern, DecodeOptions, EncodeOptions, Format, HeaderLine, Limits, format};
use tidegate_event::{BlockKind, Flags};
use tidegate_kafka::{Settings, SettingsError, StartOffset};

use super::arguments::Given;
use super::error::AdapterError;
use super::log::Level;
use super::parameters::{Parameters, flag};
use super::transport_file::TransportFile;

/// Everything that an adapter is told.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) level: Level,
    pub(super) url: DfespUrl,
    pub(super) bus: BusOptions,
    pub(super) path: PathBuf,
    pub(super) format: &'static Format,
    pub(super) job: Job,
    /// What has no effect, one line each.
    pub(super) warnings: Vec<String>,
}

/// Where the topics are.
#[derive(Debug)]
pub(super) struct BusOptions {
    pub(super) settings: Settings,
    pub(super) partition: i32,
    pub(super) start: StartOffset,
    pub(super) reply_topic: String,
}

/// Which way events go.
#[derive(Debug)]
pub(super) enum Job {
    Publish(PublishOptions),
    Subscribe(EncodeOptions),
}

/// How a publisher reads and sends.
#[derive(Debug)]
pub(super) struct PublishOptions {
    pub(super) decode: DecodeOptions,
    pub(super) block_events: usize,
    pub(super) kind: BlockKind,
    pub(super) rate: u64,
    pub(super) passes: u64,
    pub(super) events_max: u64,
    pub(super) growing: bool,
    pub(super) ignore_bad: bool,
}

/// How much of one line, object or block is held.
pub(super) const LIMITS: Limits =
    Limits { max_unit_bytes: 64 << 20, max_depth: 64, max_unit_events: 1 << 20 };

/// The file that is read when `transportconfigfile` does not name one.
const DEFAULT_FILE: &str = "kafka.cfg";

impl Options {
    /// Reads the parameters, and the transport configuration file that they name.
    pub(super) fn new(given: Given) -> Result<Self, AdapterError> {
        let publishes = match given.get("type").map(|value| value.trim().to_ascii_lowercase()).as_deref() {
            Some("pub" | "publish") => true,
            Some("sub" | "subscribe") => false,
            Some(other) => return Err(AdapterError::invalid("type", other, "pub or sub")),
            None => return Err(AdapterError::missing("type", "pub or sub")),
        };
        let (parameters, mut warnings) = Parameters::new(given, publishes)?;
        let url: DfespUrl =
            parameters.required("url", "dfESP://host:port/project/contquery/window")?.parse()?;
        if url.window().is_none() {
            let text = "it must name a window: dfESP://host:port/project/contquery/window";
            return Err(AdapterError::invalid("url", &url.to_string(), text));
        }
        let level = parameters.get("loglevel").map_or(Ok(Level::Warn), Level::parse)?;
        transport(&parameters)?;
        let path = PathBuf::from(parameters.get("transportconfigfile").unwrap_or(DEFAULT_FILE));
        let file = TransportFile::open(&path)?;
        let bus = BusOptions::new(&file, &mut warnings)?;
        let date_format = date_pattern(&parameters, &file)?;
        let (path, format) = input_or_output(&parameters, publishes)?;
        let job = if publishes {
            Job::Publish(PublishOptions::new(&parameters, date_format)?)
        } else {
            Job::Subscribe(encode_options(&parameters, &url, date_format)?)
        };
        Ok(Self { level, url, bus, path, format, job, warnings })
    }
}

fn transport(parameters: &Parameters) -> Result<(), AdapterError> {
    match parameters.get("transport").unwrap_or("native").to_ascii_lowercase().as_str() {
        "kafka" => Ok(()),
        name @ ("native" | "rabbitmq" | "solace" | "tervela") => {
            let text = "this transport is not implemented yet; transport=kafka is";
            Err(AdapterError::invalid("transport", name, text))
        }
        other => Err(AdapterError::invalid("transport", other, "kafka")),
    }
}

/// The file with the events, and its format.
fn input_or_output(
    parameters: &Parameters,
    publishes: bool,
) -> Result<(PathBuf, &'static Format), AdapterError> {
    let name = parameters.required("fsname", "the path of a file")?;
    let is_socket = name.rsplit_once(':').is_some_and(|(host, port)| {
        let host = host.chars().all(|c| c.is_alphanumeric() || "_.-".contains(c));
        host && !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
    });
    if is_socket {
        return Err(AdapterError::invalid("fsname", name, "a file: sockets are not implemented yet"));
    }
    let allowed = if publishes { "csv, json or binary" } else { "csv or json" };
    let kind = parameters.required("fstype", allowed)?;
    let format = format(&kind.to_ascii_lowercase()).filter(|format| publishes || format.name != "binary");
    let format = format.ok_or_else(|| AdapterError::invalid("fstype", kind, allowed))?;
    Ok((PathBuf::from(name), format))
}

/// The date format of the command line, else that of the group `sas`.
fn date_pattern(parameters: &Parameters, file: &TransportFile) -> Result<Option<DatePattern>, AdapterError> {
    let text = parameters.get("dateformat").or_else(|| file.get("sas", "dateformat"));
    let Some(text) = text else { return Ok(None) };
    let pattern = DatePattern::new(text);
    pattern.map(Some).map_err(|error| AdapterError::invalid("dateformat", text, &error.to_string()))
}

/// Settings that the adapter makes itself.
const OWN_SETTINGS: &[(&str, &str)] = &[
    ("isolation.level", "the adapter reads committed records"),
    ("enable.idempotence", "the adapter writes each event block once"),
    ("transactional.id", "the adapter writes without transactions"),
    ("group.id", "the adapter reads one partition, without a group"),
    ("enable.auto.commit", "the adapter reads one partition, without a group"),
];

impl BusOptions {
    fn new(file: &TransportFile, warnings: &mut Vec<String>) -> Result<Self, AdapterError> {
        let get = |key| file.get("kafka", key);
        if let Some(value) = file.get("sas", "hotfailover")
            && flag("sas.hotfailover", value)?
        {
            let text = "failover of adapters is not implemented yet";
            return Err(AdapterError::invalid("sas.hotfailover", value, text));
        }
        for key in ["json", "protobuf", "csv"] {
            if let Some(value) = file.get("sas", key).filter(|value| !value.eq_ignore_ascii_case("false")) {
                let text = "event blocks travel in binary form only";
                return Err(AdapterError::invalid(&format!("sas.{key}"), value, text));
            }
        }
        if get("groupid").is_some() {
            warnings
                .push("kafka.groupid has no effect: the adapter reads one partition by offset".to_owned());
        }
        let hostport = get("hostport").ok_or_else(|| {
            AdapterError::missing("kafka.hostport", "a list of brokers host:port,host:port")
        })?;
        let settings = Settings::new(hostport, get("globalconfig"), get("topicconfig")).map_err(in_file)?;
        settings.refuse(OWN_SETTINGS).map_err(in_file)?;
        let partition = match get("partition").unwrap_or("0").parse() {
            Ok(partition @ 0..) => partition,
            _ => {
                let value = get("partition").unwrap_or_default();
                return Err(AdapterError::invalid("kafka.partition", value, "the number of one partition"));
            }
        };
        let initial = get("initialoffset").unwrap_or("smallest");
        let start = match initial.to_ascii_lowercase().as_str() {
            "smallest" => StartOffset::Beginning,
            "largest" => StartOffset::End,
            number => match number.parse() {
                Ok(offset @ 0..) => StartOffset::At(offset),
                _ => {
                    let text = "smallest, largest or an offset";
                    return Err(AdapterError::invalid("kafka.initialoffset", initial, text));
                }
            },
        };
        let text = "a topic of this adapter alone, for answers to its metadata questions";
        let reply_topic = get("metatopic").ok_or_else(|| AdapterError::missing("kafka.metatopic", text))?;
        Ok(Self { settings, partition, start, reply_topic: reply_topic.to_owned() })
    }
}

/// The error under the names of the file.
fn in_file(error: SettingsError) -> AdapterError {
    let key = format!("kafka.{}", error.property.strip_prefix("kafka").unwrap_or(error.property));
    AdapterError::invalid(&key, &error.value, &error.reason)
}

impl PublishOptions {
    fn new(parameters: &Parameters, date_format: Option<DatePattern>) -> Result<Self, AdapterError> {
        let delimiter = parameters.raw("csvfielddelimiter").filter(|text| !text.is_empty()).unwrap_or(",");
        let &[delimiter] = delimiter.as_bytes() else {
            return Err(AdapterError::invalid("csvfielddelimiter", delimiter, "one ASCII character"));
        };
        let add_flags = match parameters.get("addcsvflags") {
            None => None,
            Some(value) => match value.to_ascii_lowercase().as_str() {
                "none" => None,
                "normal" => Some(Flags::NORMAL),
                "partialupdate" => Some(Flags::PARTIAL),
                _ => return Err(AdapterError::invalid("addcsvflags", value, "normal or partialupdate")),
            },
        };
        let decode = DecodeOptions {
            date_format,
            delimiter,
            header_lines: parameters.number("header", 0)?.unwrap_or(0),
            no_autogen_field: parameters.flag("noautogenfield")?,
            add_opcode: parameters.flag("addcsvopcode")?,
            add_flags,
            upsert: parameters.flag("publishwithupsert")?,
            strip_nulls: parameters.flag("stripnullsfromcsv")?,
            ..DecodeOptions::new(LIMITS)
        };
        let repeats: u64 = parameters.number("repeatcount", 0)?.unwrap_or(0);
        Ok(Self {
            decode,
            block_events: parameters.number("blocksize", 1)?.unwrap_or(1),
            kind: if parameters.flag("transactional")? {
                BlockKind::Transactional
            } else {
                BlockKind::Normal
            },
            rate: parameters.number("rate", 0)?.unwrap_or(0),
            passes: repeats.saturating_add(1),
            events_max: parameters.number("maxevents", 0)?.unwrap_or(u64::MAX),
            growing: parameters.flag("growinginputfile")?,
            ignore_bad: parameters.flag("ignorecsvparseerrors")? || parameters.flag("ignoreparseerrors")?,
        })
    }
}

fn encode_options(
    parameters: &Parameters,
    url: &DfespUrl,
    date_format: Option<DatePattern>,
) -> Result<EncodeOptions, AdapterError> {
    let header = match parameters.get("header") {
        None => HeaderLine::None,
        Some(value) => match value.to_ascii_lowercase().as_str() {
            "false" => HeaderLine::None,
            "true" => HeaderLine::Names,
            "full" => HeaderLine::Full,
            _ => return Err(AdapterError::invalid("header", value, "true, false or full")),
        },
    };
    let in_url =
        |name: &str| url.option(name).map_or(Ok(false), |value| flag(&format!("url ?{name}"), value));
    Ok(EncodeOptions {
        collapse: in_url("collapse")?,
        rmretdel: in_url("rmretdel")?,
        date_format,
        double_precision: parameters.number("doubleprecision", 0)?,
        header,
    })
}

#[cfg(test)]
mod tests;
