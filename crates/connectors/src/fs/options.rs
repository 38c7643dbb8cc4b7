//! The parameters of class `fs` (connectors-adapters 1.7, 1.8 and 2.1).

use tidegate_codec::{DatePattern, DecodeOptions, EncodeOptions, Format, HeaderLine, Limits, file_format};
use tidegate_event::Flags;
use tidegate_host::{ConnectorError, ConnectorSetup};
use tidegate_model::Direction::{Both, Pub, Sub};
use tidegate_model::{Direction, ParamSpec};

const BOOLEAN: &[&str] = &["true", "false"];

const fn param(
    name: &'static str,
    direction: Direction,
    required: bool,
    default: Option<&'static str>,
    allowed: &'static [&'static str],
    doc: &'static str,
) -> ParamSpec {
    ParamSpec { name, direction, required, default, allowed, internal: false, doc }
}

/// Every parameter.
pub(super) const PARAMS: &[ParamSpec] = &[
    param("fsname", Both, true, None, &[], "a file, host:port (connects) or :port (listens)"),
    param(
        "fstype",
        Both,
        true,
        None,
        &["csv", "xml", "json", "binary", "syslog", "cef", "hdat"],
        "format; syslog, cef and hdat are not implemented: the connector fails",
    ),
    param("dateformat", Both, false, None, &[], "pattern of dates and stamps; without it they are integers"),
    param("snapshot", Both, false, Some("false"), BOOLEAN, "write the window's content first"),
    param("collapse", Sub, false, Some("false"), BOOLEAN, "write an update pair as one update"),
    param("rmretdel", Sub, false, Some("false"), BOOLEAN, "leave out deletes caused by retention"),
    param("header", Sub, false, Some("false"), &["true", "false", "full"], "first line with the field names"),
    param("doubleprecision", Sub, false, None, &[], "decimals of doubles"),
    param("unbufferedoutputstreams", Sub, false, Some("false"), BOOLEAN, "write each block at once"),
    param("periodicity", Sub, false, Some("0"), &[], "seconds after which a new file is opened; 0 = never"),
    param("maxfilesize", Sub, false, Some("0"), &[], "bytes after which a new file is opened; 0 = never"),
    param("rate", Sub, false, Some("false"), BOOLEAN, "only in latency mode, which is not there: no effect"),
    param("blocksize", Pub, false, Some("1"), &[], "events per block"),
    param("transactional", Pub, false, Some("false"), BOOLEAN, "make the blocks transactional"),
    param("publishwithupsert", Pub, false, Some("false"), BOOLEAN, "publish inserts as upserts"),
    param("maxevents", Pub, false, None, &[], "stop after so many events"),
    param("ignorecsvparseerrors", Pub, false, Some("false"), BOOLEAN, "leave out lines that are no event"),
    param("ignoreparseerrors", Pub, false, Some("false"), BOOLEAN, "leave out pieces that are no event"),
    param("csvfielddelimiter", Pub, false, Some(","), &[], "one character"),
    param("noautogenfield", Pub, false, Some("false"), BOOLEAN, "lines lack the key that the window makes"),
    param("addcsvopcode", Pub, false, Some("false"), BOOLEAN, "lines have no opcode"),
    param(
        "addcsvflags",
        Pub,
        false,
        None,
        &["none", "normal", "partialupdate"],
        "lines have no flags; these are meant",
    ),
    param("stripnullsfromcsv", Pub, false, Some("false"), BOOLEAN, "drop NUL characters"),
    param("rate", Pub, false, Some("0"), &[], "events per second; 0 = as fast as possible"),
    param("repeatcount", Pub, false, Some("0"), &[], "passes over the file after the first"),
    param("prebuffer", Pub, false, Some("false"), BOOLEAN, "read the whole file before injecting"),
    param("growinginputfile", Pub, false, Some("false"), BOOLEAN, "at the end of the file wait for more"),
    param("header", Pub, false, Some("0"), &[], "leading lines to skip"),
];

/// How much of one line, object or block is held.
const LIMITS: Limits = Limits { max_unit_bytes: 64 << 20, max_depth: 64, max_unit_events: 1 << 20 };

/// The format.
pub(super) fn file_type(setup: &ConnectorSetup) -> Result<&'static Format, ConnectorError> {
    let kind = setup.required("fstype")?;
    let absent = match kind.to_ascii_lowercase().as_str() {
        "syslog" | "cef" => "csv, xml, json or binary: its source schema is not public",
        "hdat" => "csv, xml, json or binary: there is no SAS table server to write to",
        name => {
            return file_format(name)
                .ok_or_else(|| setup.invalid("fstype", kind, "csv, xml, json or binary"));
        }
    };
    Err(setup.invalid("fstype", kind, absent))
}

fn date_pattern(setup: &ConnectorSetup) -> Result<Option<DatePattern>, ConnectorError> {
    let Some(text) = setup.get("dateformat") else { return Ok(None) };
    DatePattern::new(text).map(Some).map_err(|error| setup.invalid("dateformat", text, &error.to_string()))
}

/// How a publisher reads.
pub(super) fn decode_options(setup: &ConnectorSetup) -> Result<DecodeOptions, ConnectorError> {
    let delimiter = setup.get("csvfielddelimiter").unwrap_or(",");
    let &[delimiter] = delimiter.as_bytes() else {
        return Err(setup.invalid("csvfielddelimiter", delimiter, "one ASCII character"));
    };
    let add_flags = match setup.get("addcsvflags").map(str::to_ascii_lowercase).as_deref() {
        Some("normal") => Some(Flags::NORMAL),
        Some("partialupdate") => Some(Flags::PARTIAL),
        _ => None,
    };
    Ok(DecodeOptions {
        date_format: date_pattern(setup)?,
        delimiter,
        header_lines: setup.number("header", 0)?.unwrap_or(0),
        // Lines lack no key that the window does not make.
        no_autogen_field: setup.flag("noautogenfield")? && setup.autogen_key,
        add_opcode: setup.flag("addcsvopcode")?,
        add_flags,
        upsert: setup.flag("publishwithupsert")?,
        strip_nulls: setup.flag("stripnullsfromcsv")?,
        ..DecodeOptions::new(LIMITS)
    })
}

/// How a subscriber writes.
pub(super) fn encode_options(setup: &ConnectorSetup) -> Result<EncodeOptions, ConnectorError> {
    let header = match setup.get("header").map(str::to_ascii_lowercase).as_deref() {
        Some("true") => HeaderLine::Names,
        Some("full") => HeaderLine::Full,
        _ => HeaderLine::None,
    };
    Ok(EncodeOptions {
        collapse: setup.flag("collapse")?,
        rmretdel: setup.flag("rmretdel")?,
        date_format: date_pattern(setup)?,
        double_precision: setup.number("doubleprecision", 0)?,
        header,
    })
}
