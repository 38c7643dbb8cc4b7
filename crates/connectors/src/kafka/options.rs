//! The parameters of class `kafka` (connectors-adapters 1.7, 1.8 and 2.2).

use tidegate_codec::{DatePattern, DecodeOptions, EncodeOptions, Format, Limits, format};
use tidegate_event::{BlockKind, FieldType, Flags};
use tidegate_host::{ConnectorError, ConnectorSetup, InputKind};
use tidegate_kafka::{Place, Settings, StartOffset};
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
    param("kafkahostport", Both, true, None, &[], "brokers, host:port,host:port"),
    param("kafkatopic", Both, true, None, &[], "the topic"),
    param("kafkatype", Both, true, None, &[], "binary, csv, json; opaquestring (pub); a string field (sub)"),
    param(
        "kafkapartition",
        Both,
        false,
        Some("0"),
        &[],
        "the partition; -1 = all (pub), chosen by key (sub)",
    ),
    param("urlhostport", Both, true, None, &[], "name part of the metadata topic; any text without failover"),
    param("kafkaglobalconfig", Both, false, None, &[], "librdkafka settings, key=value;key=value"),
    param("kafkatopicconfig", Both, false, None, &[], "librdkafka topic settings, key=value;key=value"),
    param("kafkatransport", Both, false, None, &[], "no effect"),
    param("dateformat", Both, false, None, &[], "pattern of dates and stamps; without it they are integers"),
    param("protofile", Both, false, None, &[], "Protocol Buffers: not implemented yet"),
    param("protomsg", Both, false, None, &[], "Protocol Buffers: not implemented yet"),
    param("avroschemaregistryurl", Both, false, None, &[], "Avro: not implemented yet"),
    param("avroschemanoopcode", Both, false, Some("false"), BOOLEAN, "Avro: not implemented yet"),
    param(
        "useclientmsgid",
        Both,
        false,
        Some("false"),
        BOOLEAN,
        "leave out restored blocks, by client id (pub)",
    ),
    param("kafkainitialoffset", Pub, false, Some("smallest"), &[], "smallest, largest or an offset"),
    param(
        "kafkaconsumergroupid",
        Pub,
        false,
        None,
        &[],
        "group that shares the partitions; not with failover",
    ),
    param("useoffsetmsgid", Pub, false, Some("false"), BOOLEAN, "the record's offset is the message id"),
    param("keyfromkafkakey", Pub, false, Some("false"), BOOLEAN, "the record's key is the event's key"),
    param("blocksize", Pub, false, Some("1"), &[], "events per block, csv; a record always ends one"),
    param("transactional", Pub, false, Some("false"), BOOLEAN, "make the blocks transactional, csv"),
    param("publishwithupsert", Pub, false, Some("false"), BOOLEAN, "publish inserts as upserts"),
    param("maxevents", Pub, false, None, &[], "stop after so many events"),
    param(
        "ignorecsvparseerrors",
        Pub,
        false,
        Some("false"),
        BOOLEAN,
        "leave out bad lines, not their record",
    ),
    param("csvfielddelimiter", Pub, false, Some(","), &[], "one character"),
    param("noautogenfield", Pub, false, Some("false"), BOOLEAN, "lines lack the key that the window makes"),
    param("addcsvopcode", Pub, false, Some("false"), BOOLEAN, "lines have no opcode"),
    param(
        "addcsvflags",
        Pub,
        false,
        None,
        &["none", "normal", "partialupdate"],
        "lines have no flags; these",
    ),
    param("stripnullsfromcsv", Pub, false, Some("false"), BOOLEAN, "drop NUL characters"),
    param("snapshot", Sub, false, Some("false"), BOOLEAN, "write the window's content first"),
    param("numbufferedmsgs", Sub, false, Some("10000"), &[], "records that may wait for the brokers"),
    param("hotfailover", Sub, false, Some("false"), BOOLEAN, "take part in a failover group"),
    param("zookeeperhostport", Sub, false, None, &[], "ZooKeeper, host:port,host:port/chroot"),
    param("failovergroup", Sub, false, Some("ESP"), &[], "name of the failover group"),
    param("exactlyonce", Sub, false, None, &["transactions", "ids", "none"], "how output is written once"),
    param("streamepoch", Sub, false, Some(""), &[], "begins a new sequence of output ids when changed"),
    param("spillmax", Sub, false, None, &[], "bytes that a standby may keep on disk"),
    param("collapse", Sub, false, Some("false"), BOOLEAN, "write an update pair as one update"),
    param("rmretdel", Sub, false, Some("false"), BOOLEAN, "leave out deletes caused by retention"),
    param("csvincludeschema", Sub, false, Some("never"), &["never", "once", "pereventblock"], "schema first"),
    param("csvmsgperevent", Sub, false, Some("false"), &["true", "false", "1", "0"], "one record per event"),
    param("csvmsgpereventblock", Sub, false, Some("false"), &["true", "false", "1", "0"], "one per block"),
    param("doubleprecision", Sub, false, None, &[], "decimals of doubles"),
    param("avroschemadefinition", Sub, false, None, &[], "Avro: not implemented yet"),
    param("avroschemaname", Sub, false, None, &[], "Avro: not implemented yet"),
];

/// How much of one record is held.
const LIMITS: Limits = Limits { max_unit_bytes: 256 << 20, max_depth: 64, max_unit_events: 1 << 20 };

/// Properties that would choose something that is not there.
const ABSENT: &[&str] =
    &["protofile", "protomsg", "avroschemaregistryurl", "avroschemadefinition", "avroschemaname"];

/// What a record holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum RecordType {
    /// Events in a format.
    Events(&'static Format),
    /// Text for one field.
    OpaqueString,
    /// What one field holds.
    Field(usize),
}

/// What both directions have.
#[derive(Debug, Clone)]
pub(super) struct Common {
    pub(super) settings: Settings,
    pub(super) topic: String,
    /// None = -1.
    pub(super) partition: Option<i32>,
    pub(super) record: RecordType,
}

impl Common {
    pub(super) fn new(setup: &ConnectorSetup) -> Result<Self, ConnectorError> {
        let settings = client_settings(setup)?;
        setup.required("urlhostport")?;
        for name in ABSENT {
            if let Some(value) = setup.get(name) {
                return Err(setup.invalid(name, value, "it is not implemented yet"));
            }
        }
        Ok(Self {
            settings,
            topic: setup.required("kafkatopic")?.to_owned(),
            partition: setup.number("kafkapartition", -1)?.filter(|&number: &i32| number >= 0),
            record: record_type(setup)?,
        })
    }
}

/// The brokers, and the client settings that the user has given.
pub(super) fn client_settings(setup: &ConnectorSetup) -> Result<Settings, ConnectorError> {
    let hosts = setup.required("kafkahostport")?;
    Settings::new(hosts, setup.get("kafkaglobalconfig"), setup.get("kafkatopicconfig")).map_err(refused)
}

/// The error of a wrong setting.
pub(super) fn refused(error: tidegate_kafka::SettingsError) -> ConnectorError {
    ConnectorError::InvalidValue {
        name: error.property.to_owned(),
        value: error.value,
        allowed: error.reason,
    }
}

/// In whose name the clients speak.
pub(super) fn place(setup: &ConnectorSetup) -> Place {
    Place { connector: setup.name.clone(), window: setup.window.clone() }
}

fn record_type(setup: &ConnectorSetup) -> Result<RecordType, ConnectorError> {
    let text = setup.required("kafkatype")?;
    let name = text.to_ascii_lowercase();
    if let Some(format) = format(&name) {
        return Ok(RecordType::Events(format));
    }
    let fields = setup.schema.fields();
    match (name.as_str(), setup.direction) {
        ("avro" | "protobuf", _) => Err(setup.invalid("kafkatype", text, "it is not implemented yet")),
        (_, Sub) => {
            let position = setup.schema.position(text).ok_or_else(|| ConnectorError::NoField {
                parameter: "kafkatype".to_owned(),
                field: text.to_owned(),
            })?;
            let is_text =
                matches!(fields[position].ty, FieldType::String | FieldType::RString | FieldType::Blob);
            if !is_text {
                return Err(setup.invalid(
                    "kafkatype",
                    text,
                    "binary, csv, json or a field of type string or blob",
                ));
            }
            Ok(RecordType::Field(position))
        }
        ("opaquestring", _) => {
            let fits = fields.len() == 2
                && fields[0].ty == FieldType::Int64
                && matches!(fields[1].ty, FieldType::String | FieldType::RString);
            if !fits {
                let allowed = "a window with the schema index*:int64,message:string";
                return Err(setup.invalid("kafkatype", text, allowed));
            }
            Ok(RecordType::OpaqueString)
        }
        _ => Err(setup.invalid("kafkatype", text, "binary, csv, json or opaquestring")),
    }
}

/// A date pattern. HA models carry a stray `'` in front of it; with formats that use no dates any text will do.
fn date_pattern(setup: &ConnectorSetup, record: RecordType) -> Result<Option<DatePattern>, ConnectorError> {
    let Some(text) = setup.get("dateformat") else { return Ok(None) };
    if !matches!(record, RecordType::Events(format) if format.name != "binary") {
        return Ok(None);
    }
    let pattern = text.strip_prefix('\'').unwrap_or(text);
    DatePattern::new(pattern).map(Some).map_err(|error| setup.invalid("dateformat", text, &error.to_string()))
}

/// How a publisher reads.
#[derive(Debug, Clone)]
pub(super) struct PublishOptions {
    pub(super) common: Common,
    pub(super) decode: DecodeOptions,
    pub(super) start: StartOffset,
    pub(super) offset_ids: bool,
    /// Leave out binary blocks whose client id is not above the greatest one of the snapshot.
    pub(super) client_ids: bool,
    pub(super) block_events: usize,
    pub(super) kind: BlockKind,
    pub(super) ignore_bad_lines: bool,
    pub(super) events_max: u64,
    pub(super) read_committed: bool,
    /// Consumer group that shares out the partitions.
    pub(super) group: Option<String>,
    /// The key field that takes the record's key.
    pub(super) key_field: Option<usize>,
}

impl PublishOptions {
    pub(super) fn new(setup: &ConnectorSetup) -> Result<Self, ConnectorError> {
        let common = Common::new(setup)?;
        let initial = setup.get("kafkainitialoffset").unwrap_or("smallest");
        let start = match initial.to_ascii_lowercase().as_str() {
            "smallest" => StartOffset::Beginning,
            "largest" => StartOffset::End,
            number => match number.parse() {
                Ok(offset @ 0..) => StartOffset::At(offset),
                _ => {
                    return Err(setup.invalid(
                        "kafkainitialoffset",
                        initial,
                        "smallest, largest or an offset",
                    ));
                }
            },
        };
        let group = setup.get("kafkaconsumergroupid").map(str::to_owned);
        if group.is_some() && matches!(start, StartOffset::At(_)) {
            let allowed = "smallest or largest with kafkaconsumergroupid";
            return Err(setup.invalid("kafkainitialoffset", initial, allowed));
        }
        let client_ids = setup.flag("useclientmsgid")?;
        if client_ids && setup.failover {
            let allowed = "false with failover: an engine that left blocks out would compute something else than the others";
            return Err(setup.invalid("useclientmsgid", "true", allowed));
        }
        let read_committed = match common.settings.get("isolation.level") {
            None | Some("read_committed") => true,
            Some(_) if setup.failover => {
                let reason = "engines of a failover group must all read committed records alone";
                return Err(refused(
                    common
                        .settings
                        .refuse(&[("isolation.level", reason)])
                        .expect_err("the setting is there because its value was just read"),
                ));
            }
            Some(_) => false,
        };
        let reason = "the connector sets it itself";
        let own = ["group.id", "enable.auto.commit", "enable.auto.offset.store", "enable.partition.eof"];
        common.settings.refuse(&own.map(|key| (key, reason))).map_err(refused)?;
        Ok(Self {
            decode: decode_options(setup, common.record)?,
            start,
            offset_ids: setup.failover || setup.flag("useoffsetmsgid")?,
            client_ids,
            block_events: setup.number("blocksize", 1)?.unwrap_or(1),
            kind: if setup.flag("transactional")? { BlockKind::Transactional } else { BlockKind::Normal },
            ignore_bad_lines: setup.flag("ignorecsvparseerrors")?,
            events_max: setup.number("maxevents", 0)?.unwrap_or(u64::MAX),
            read_committed,
            group,
            key_field: key_field(setup, common.record)?,
            common,
        })
    }

    /// Whether all engines read the same records in the same order.
    pub(super) fn input_kind(&self) -> InputKind {
        if let Some(group) = &self.group {
            let reason = "engines of a failover group must each read everything";
            return InputKind::Unordered(format!("kafkaconsumergroupid={group}: {reason}"));
        }
        match (self.common.partition, self.start) {
            (None, _) => InputKind::Unordered("kafkapartition=-1: failover needs one partition".to_owned()),
            (_, StartOffset::End) => InputKind::Unordered(
                "kafkainitialoffset=largest: engines of a failover group would begin at different records"
                    .to_owned(),
            ),
            (Some(partition), _) => InputKind::OrderedLog { topic: self.common.topic.clone(), partition },
        }
    }
}

/// The field that takes the record's key; none without `keyfromkafkakey`.
fn key_field(setup: &ConnectorSetup, record: RecordType) -> Result<Option<usize>, ConnectorError> {
    if !setup.flag("keyfromkafkakey")? {
        return Ok(None);
    }
    let refused = |allowed| Err(setup.invalid("keyfromkafkakey", "true", allowed));
    match (setup.schema.keys(), record) {
        _ if setup.autogen_key => refused("false when the window makes its keys"),
        (_, RecordType::Events(format)) if format.name == "binary" => refused("false with kafkatype=binary"),
        (&[field], _) => Ok(Some(field)),
        _ => refused("false when the window's key has several fields"),
    }
}

fn decode_options(setup: &ConnectorSetup, record: RecordType) -> Result<DecodeOptions, ConnectorError> {
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
        date_format: date_pattern(setup, record)?,
        delimiter,
        // Lines lack no key that the window does not make.
        no_autogen_field: setup.flag("noautogenfield")? && setup.autogen_key,
        add_opcode: setup.flag("addcsvopcode")?,
        add_flags,
        upsert: setup.flag("publishwithupsert")?,
        strip_nulls: setup.flag("stripnullsfromcsv")?,
        ..DecodeOptions::new(LIMITS)
    })
}

/// How a subscriber writes events.
pub(super) fn encode_options(
    setup: &ConnectorSetup,
    record: RecordType,
) -> Result<EncodeOptions, ConnectorError> {
    Ok(EncodeOptions {
        collapse: setup.flag("collapse")?,
        rmretdel: setup.flag("rmretdel")?,
        date_format: date_pattern(setup, record)?,
        double_precision: setup.number("doubleprecision", 0)?,
        ..EncodeOptions::default()
    })
}

/// A property that is true or false, where 1 and 0 are seen too.
pub(super) fn flag_or_digit(setup: &ConnectorSetup, name: &str) -> Result<bool, ConnectorError> {
    match setup.get(name) {
        Some("1") => Ok(true),
        Some("0") => Ok(false),
        _ => setup.flag(name),
    }
}
