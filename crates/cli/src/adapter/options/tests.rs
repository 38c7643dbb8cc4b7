//! Options of the command line against the published examples.

use std::io::Write as _;

use tidegate_codec::HeaderLine;
use tidegate_event::BlockKind;
use tidegate_kafka::StartOffset;

use super::super::arguments;
use super::{Job, Options};

const FILE: &str = "kafka { hostport = \"h:9092\"\n metatopic = \"replies\" }\n";

/// Options from an argument of `-C`, in which FILE stands for a transport configuration file with this text.
fn options(argument: &str, file: &str) -> Result<Options, String> {
    let mut config = tempfile::NamedTempFile::new().unwrap();
    config.write_all(file.as_bytes()).unwrap();
    let argument = argument.replace("FILE", config.path().to_str().unwrap());
    let given = arguments::parse(["-C".to_owned(), argument]).unwrap();
    Options::new(given).map_err(|error| error.to_string())
}

const PUB: &str =
    "type=pub,url=dfESP://h:1/p/q/w,fsname=in.csv,fstype=csv,transport=kafka,transportconfigfile=FILE";
const SUB: &str = "type=sub,url=dfESP://h:1/p/q/w?collapse=true?rmretdel=false,fsname=out.csv,fstype=CSV,transport=kafka,transportconfigfile=FILE";

#[test]
fn defaults_of_a_publisher() {
    let read = options(PUB, FILE).unwrap();
    assert_eq!((read.bus.partition, read.bus.start), (0, StartOffset::Beginning));
    assert_eq!((read.bus.reply_topic.as_str(), read.format.name), ("replies", "csv"));
    let Job::Publish(job) = read.job else { panic!("a publisher") };
    assert_eq!((job.block_events, job.kind, job.rate, job.passes), (1, BlockKind::Normal, 0, 1));
    assert_eq!((job.events_max, job.growing, job.ignore_bad), (u64::MAX, false, false));
}

#[test]
fn parameters_of_a_publisher() {
    let argument = format!(
        "{PUB},blocksize=256,rate=1000,repeatcount=2,maxevents=9,transactional=true,header=2,csvfielddelimiter=;"
    );
    let Job::Publish(job) = options(&argument, FILE).unwrap().job else { panic!("a publisher") };
    assert_eq!((job.block_events, job.kind, job.rate, job.passes), (256, BlockKind::Transactional, 1000, 3));
    assert_eq!((job.events_max, job.decode.header_lines, job.decode.delimiter), (9, 2, b';'));
}

#[test]
fn a_subscriber_takes_collapse_from_the_url() {
    let file = format!("{FILE}sas {{ dateformat = \"%Y\" }}");
    let read = options(&format!("{SUB},header=full"), &file).unwrap();
    let Job::Subscribe(job) = read.job else { panic!("a subscriber") };
    assert!(job.collapse && !job.rmretdel && job.date_format.is_some());
    assert_eq!(job.header, HeaderLine::Full);
    let warned = options(&format!("{SUB},blocksize=2"), FILE).unwrap().warnings;
    assert_eq!(warned, ["parameter 'blocksize' has no effect with type=sub"]);
}

#[test]
fn mistakes_name_parameter_value_and_reason() {
    let wrong = |argument: &str, file: &str| options(argument, file).unwrap_err();
    assert_eq!(wrong("url=x", FILE), "parameter 'type', value '': pub or sub (PARM_MISSING)");
    assert_eq!(
        wrong(&format!("{PUB},frob=1"), FILE),
        "parameter 'frob', value '1': there is no such parameter (INVALID_PARM)"
    );
    assert_eq!(
        wrong(&format!("{PUB},blocksize=0"), FILE),
        "parameter 'blocksize', value '0': a number of at least 1 (INVALID_VALUE)"
    );
    assert_eq!(
        wrong(&PUB.replace("transport=kafka", "transport=native"), FILE),
        "parameter 'transport', value 'native': this transport is not implemented yet; transport=kafka is \
         (INVALID_VALUE)"
    );
    assert_eq!(
        wrong(&format!("{PUB},gdconfig=x"), FILE),
        "parameter 'gdconfig', value 'x': it is not implemented yet (INVALID_VALUE)"
    );
    assert_eq!(
        wrong(&format!("{SUB},snapshot=true"), FILE),
        "parameter 'snapshot', value 'true': it stands in the url: ...?NAME=VALUE (INVALID_PARM)"
    );
    assert_eq!(
        wrong(PUB, "kafka { hostport = \"h:1\" }"),
        "parameter 'kafka.metatopic', value '': a topic of this adapter alone, for answers to its metadata \
         questions (PARM_MISSING)"
    );
    assert_eq!(
        wrong(PUB, &format!("{FILE}sas {{ hotfailover=true }}")),
        "parameter 'sas.hotfailover', value 'true': failover of adapters is not implemented yet (INVALID_VALUE)"
    );
    assert_eq!(
        wrong(
            PUB,
            "kafka { hostport = \"h:1\"\nmetatopic=m\nglobalconfig=\"isolation.level=read_uncommitted\" }"
        ),
        "parameter 'kafka.globalconfig', value 'isolation.level=read_uncommitted': the adapter reads committed \
         records (INVALID_VALUE)"
    );
    assert!(wrong(&SUB.replace("fstype=CSV", "fstype=binary"), FILE).contains("csv or json"));
    assert!(wrong(&PUB.replace("in.csv", "h:5555"), FILE).contains("sockets"));
    assert!(wrong(&PUB.replace("/w,", ","), FILE).contains("it must name a window"));
    assert!(
        wrong(&PUB.replace("FILE", "nowhere.cfg"), FILE).starts_with("cannot read the file 'nowhere.cfg'")
    );
}
