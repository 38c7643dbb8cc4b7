//! The command line (connectors-adapters 3.2 and 3.4).

use std::collections::BTreeMap;

use super::error::AdapterError;

/// What the usage text says.
pub(super) const USAGE: &str = "\
Usage: dfesp_fs_adapter -C type=pub|sub,url=dfESP://HOST:PORT/PROJECT/QUERY/WINDOW,fsname=FILE,fstype=TYPE,
                          transport=kafka[,KEY=VALUE...]

Publishes the events of a file to a window, or writes the events of a window to a file, over Kafka topics.

  -C KEY=VALUE,...        all parameters in one argument; a piece without '=' belongs to the value before it

Both directions:
  type                    pub or sub
  url                     the window; options follow it as ?NAME=VALUE (sub: collapse, rmretdel)
  fsname                  path of the file
  fstype                  pub: csv, json or binary; sub: csv or json
  transport               kafka; native and others are not there yet
  transportconfigfile     groups 'kafka { }' and 'sas { }'; kafka.cfg when not given
  dateformat              pattern of dates and stamps; without it they are integers
  loglevel                trace, debug, info, warn (default), error, fatal, off

type=pub:
  blocksize               events per event block (default 1)
  rate                    events per second (default 0: as fast as possible)
  header                  leading lines to skip (default 0)
  growinginputfile        true: at the end of the file wait for more
  repeatcount             passes over the file after the first (default 0)
  maxevents               end after so many events
  ignorecsvparseerrors    true: leave out lines that are no event; otherwise the first one ends the adapter
  csvfielddelimiter, noautogenfield, addcsvopcode, addcsvflags, publishwithupsert, transactional, stripnullsfromcsv

type=sub:
  header                  true: first line with the field names; full: with opcode and flags before them
  doubleprecision         decimals of doubles

Letters may stand for keys: -k type, -h url, -f fsname, -t fstype, -b blocksize, -d dateformat, -A noautogenfield,
-O addcsvopcode, -F addcsvflags, -r rate, -m maxevents, -e transactional, -x header, -i growinginputfile, -l transport,
-j loglevel.

Exit code: 0 when the input was published whole and acknowledged, or on SIGINT or SIGTERM; 1 otherwise.
";

/// Parameters by name, as given.
pub(super) type Given = BTreeMap<String, String>;

/// A letter, the key that it stands for, and its value when it takes none.
const LETTERS: &[(&str, &str, Option<&str>)] = &[
    ("-k", "type", None),
    ("-h", "url", None),
    ("-f", "fsname", None),
    ("-t", "fstype", None),
    ("-b", "blocksize", None),
    ("-d", "dateformat", None),
    ("-Q", "quiesceproject", Some("true")),
    ("-A", "noautogenfield", Some("true")),
    ("-O", "addcsvopcode", Some("true")),
    ("-F", "addcsvflags", None),
    ("-c", "periodicity", None),
    ("-s", "maxfilesize", None),
    ("-r", "rate", None),
    ("-m", "maxevents", None),
    ("-e", "transactional", Some("true")),
    ("-p", "prebuffer", Some("true")),
    ("-x", "header", None),
    ("-i", "growinginputfile", Some("true")),
    ("-n", "latencymode", Some("true")),
    ("-a", "aggrsize", None),
    ("-g", "gdconfig", None),
    ("-l", "transport", None),
    ("-j", "loglevel", None),
    ("-y", "logconfigfile", None),
];

/// Reads a command line without the program's name. Of a parameter given twice the last holds.
pub(super) fn parse(args: impl IntoIterator<Item = String>) -> Result<Given, AdapterError> {
    let mut given = Given::new();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let mut value =
            || args.next().ok_or_else(|| AdapterError::Usage(format!("option {arg} needs a value")));
        if arg == "-C" {
            given.extend(pairs(&value()?)?);
        } else if let Some((_, key, fixed)) = LETTERS.iter().find(|(letter, ..)| *letter == arg) {
            let value = match fixed {
                Some(fixed) => (*fixed).to_owned(),
                None => value()?,
            };
            given.insert((*key).to_owned(), value);
        } else if arg.starts_with('-') {
            return Err(AdapterError::Usage(format!("unknown option '{arg}'")));
        } else {
            let text = format!("unexpected argument '{arg}': -C takes one argument, put it in quotes");
            return Err(AdapterError::Usage(text));
        }
    }
    Ok(given)
}

/// `key=value,key=value`: each piece is split at its first `=`; one without belongs to the value before.
fn pairs(text: &str) -> Result<Vec<(String, String)>, AdapterError> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for piece in text.split(',') {
        match (piece.split_once('='), pairs.last_mut()) {
            (Some((key, value)), _) => {
                let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
                pairs.push((key.trim().to_ascii_lowercase(), inner.unwrap_or(value).to_owned()));
            }
            (None, Some((_, value))) => {
                value.push(',');
                value.push_str(piece);
            }
            (None, None) => {
                return Err(AdapterError::Usage(format!("-C '{text}': '{piece}' is no key=value")));
            }
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Result<Given, String> {
        parse(args.iter().map(|arg| (*arg).to_owned())).map_err(|error| error.to_string())
    }

    fn given<const N: usize>(pairs: [(&str, &str); N]) -> Given {
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    /// The three examples of connectors-adapters 3.2, as the program sees them.
    #[test]
    fn examples_of_the_specification() {
        let args = "type=pub,url=dfESP://h:61001/p/cq/src,fsname=in.csv,fstype=csv,\
                    dateformat=%Y-%m-%d %H:%M:%S,header=2,growinginputfile=true,loglevel=trace,transport=kafka,\
                    transportconfigfile=/path/kafkapub.cfg";
        let expected = given([
            ("type", "pub"),
            ("url", "dfESP://h:61001/p/cq/src"),
            ("fsname", "in.csv"),
            ("fstype", "csv"),
            ("dateformat", "%Y-%m-%d %H:%M:%S"),
            ("header", "2"),
            ("growinginputfile", "true"),
            ("loglevel", "trace"),
            ("transport", "kafka"),
            ("transportconfigfile", "/path/kafkapub.cfg"),
        ]);
        assert_eq!(read(&["-C", args]), Ok(expected));
        let read_sub = read(&[
            "-C",
            "type=sub,url=dfESP://h:55555/p/cq/win?snapshot=true,fstype=csv,fsname=/path/out.csv",
        ]);
        assert_eq!(read_sub.unwrap()["url"], "dfESP://h:55555/p/cq/win?snapshot=true");
        let read_pub = read(&["-C", "type=pub,dateformat=%d/%b/%Y:%H:%M:%S,rate=1000"]).unwrap();
        assert_eq!(
            (read_pub["dateformat"].as_str(), read_pub["rate"].as_str()),
            ("%d/%b/%Y:%H:%M:%S", "1000")
        );
    }

    #[test]
    fn a_piece_without_equals_sign_belongs_to_the_value_before() {
        let read_codes = read(&["-C", "httpstatuscodes=200,201,type=sub"]).unwrap();
        assert_eq!(read_codes, given([("httpstatuscodes", "200,201"), ("type", "sub")]));
        assert_eq!(read(&["-C", "csvfielddelimiter=,,type=pub"]).unwrap()["csvfielddelimiter"], ",");
        assert_eq!(read(&["-C", "pub,type=pub"]).unwrap_err(), "-C 'pub,type=pub': 'pub' is no key=value");
        assert_eq!(read(&["-C", "url=\"dfESP://h:1/p/q/w\""]).unwrap()["url"], "dfESP://h:1/p/q/w");
    }

    /// The options of the worked example of connectors-adapters 3.4.
    #[test]
    fn letters_stand_for_keys() {
        let read_letters =
            read(&["-k", "pub", "-d", "%d%b%Y%I:%M:%S", "-Q", "-A", "-O", "-F", "normal", "-f", "x.csv"])
                .unwrap();
        let expected = given([
            ("type", "pub"),
            ("dateformat", "%d%b%Y%I:%M:%S"),
            ("quiesceproject", "true"),
            ("noautogenfield", "true"),
            ("addcsvopcode", "true"),
            ("addcsvflags", "normal"),
            ("fsname", "x.csv"),
        ]);
        assert_eq!(read_letters, expected);
    }

    #[test]
    fn mistakes() {
        assert_eq!(read(&["-C"]).unwrap_err(), "option -C needs a value");
        assert_eq!(read(&["-Z", "x"]).unwrap_err(), "unknown option '-Z'");
        assert!(
            read(&["-C", "type=pub,", "fsname=x"]).unwrap_err().starts_with("unexpected argument 'fsname=x'")
        );
    }
}
