//! The command line of `dfesp_xml_client` (failover-and-server 5.1).

use crate::ClientError;

/// What `-help` prints.
pub(crate) const HELP: &str = "\
Usage: dfesp_xml_client -url URL [METHOD] [OPTIONS]
       dfesp_xml_client -server HOST:PORT -file FILE

Sends one request and prints the answer, one XML element per line. The second form
sends an XML command to the command port of a server, as in ESP 2.x.

Methods (GET when none is given):
  -get                   GET
  -put [BODY]            PUT; BODY is a text, or file:PATH
  -post [BODY]           POST; BODY as for -put
  -delete                DELETE
  -head                  HEAD: prints the status and the headers

Options, in any order:
  -url URL               where to send the request: http or https
  -file FILE             take the body of -put or -post from FILE
  -H, -headers 'N: V'    add a header (can be repeated)
  -user U -password P    log in with Basic authentication
  -auth-token T          log in with a token (also -auth_token)
  -auth-token-file F     log in with the token in file F
  -k                     do not verify certificates
  -help                  print this text

Without a user or token the variables ESPUSER and ESPPASSWORD count, then ~/.authinfo.
Certificates are verified by the authorities of this machine, or those of the file
that the variable SSLCALISTLOC names.

Exit code: 0 status below 400, 1 no answer, 2 status 400 and above.
";

/// The method of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// PUT
    Put,
    /// POST
    Post,
    /// DELETE
    Delete,
    /// HEAD
    Head,
}

/// A command line that asks for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// Where to, as given, without typographic quotes.
    pub url: String,
    /// The method.
    pub method: Method,
    /// The argument behind `-put` or `-post`, without typographic quotes.
    pub body: Option<String>,
    /// `-file`.
    pub file: Option<String>,
    /// Headers as `Name: value`.
    pub headers: Vec<String>,
    /// `-user`.
    pub user: Option<String>,
    /// `-password`.
    pub password: Option<String>,
    /// `-auth-token`.
    pub token: Option<String>,
    /// `-auth-token-file`.
    pub token_file: Option<String>,
    /// `-k`: certificates are not verified.
    pub believe_anybody: bool,
}

/// What a command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invocation {
    /// The help text.
    Help,
    /// A request.
    Request(Box<Arguments>),
    /// `-server HOST:PORT -file FILE`: an XML command.
    Legacy {
        /// Where to, `HOST:PORT`.
        server: String,
        /// The file that holds the command.
        file: String,
    },
}

impl Arguments {
    /// Reads a command line without the program's name. Options come in any order, the body only directly
    /// behind its method; of an option given twice the last holds.
    ///
    /// # Errors
    /// For an unknown option, a missing value, a missing URL.
    pub fn parse(args: impl IntoIterator<Item = String>) -> Result<Invocation, ClientError> {
        let mut url = None;
        let mut server = None;
        let mut found = Self {
            url: String::new(),
            method: Method::Get,
            body: None,
            file: None,
            headers: Vec::new(),
            user: None,
            password: None,
            token: None,
            token_file: None,
            believe_anybody: false,
        };
        let mut args = args.into_iter().peekable();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| usage(format!("option {arg} needs a value")));
            match arg.as_str() {
                "" => {}
                "-k" => found.believe_anybody = true,
                "-help" | "--help" => return Ok(Invocation::Help),
                "-url" => url = Some(strip_quotes(&value()?).to_owned()),
                "-file" => found.file = Some(strip_quotes(&value()?).to_owned()),
                "-H" | "-headers" => found.headers.push(value()?),
                "-user" => found.user = Some(value()?),
                "-password" => found.password = Some(value()?),
                "-auth-token" | "-auth_token" => found.token = Some(value()?),
                "-auth-token-file" => found.token_file = Some(value()?),
                "-server" => server = Some(strip_quotes(&value()?).to_owned()),
                "-get" => found.method = Method::Get,
                "-delete" => found.method = Method::Delete,
                "-head" => found.method = Method::Head,
                "-put" | "-post" => {
                    found.method = if arg == "-put" { Method::Put } else { Method::Post };
                    found.body = args
                        .next_if(|next| !next.starts_with('-'))
                        .map(|body| strip_quotes(&body).to_owned());
                }
                _ => return Err(usage(format!("unknown option '{arg}'"))),
            }
        }
        if let Some(server) = server {
            if url.is_some() {
                return Err(usage("both -server and -url are given".to_owned()));
            }
            let file = found.file.ok_or_else(|| usage("option -server needs -file".to_owned()))?;
            return Ok(Invocation::Legacy { server, file });
        }
        found.url = url.ok_or_else(|| usage("option -url is missing".to_owned()))?;
        if found.file.is_some() && !matches!(found.method, Method::Put | Method::Post) {
            return Err(usage("option -file needs -put or -post".to_owned()));
        }
        if found.file.is_some() && found.body.is_some() {
            return Err(usage("both -file and a body are given".to_owned()));
        }
        Ok(Invocation::Request(Box::new(found)))
    }
}

fn usage(text: String) -> ClientError {
    ClientError::Usage(text)
}

/// Typographic quotes come from command lines pasted out of articles; the shell does not remove them.
fn strip_quotes(text: &str) -> &str {
    const QUOTES: [char; 4] = ['\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}'];
    let text = text.strip_prefix(QUOTES).unwrap_or(text);
    text.strip_suffix(QUOTES).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Arguments, String> {
        match Arguments::parse(args.iter().map(|arg| (*arg).to_owned())) {
            Ok(Invocation::Request(arguments)) => Ok(*arguments),
            Ok(other) => Err(format!("{other:?}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn forms_seen_in_scripts() {
        let a = parse(&["-url", "http://h:1/SASESP/projects"]).unwrap();
        assert_eq!((a.method, a.body), (Method::Get, None));
        let a = parse(&["-url", "u", "-put"]).unwrap();
        assert_eq!((a.method, a.body), (Method::Put, None));
        let a = parse(&["-put", "file://x.xml", "-url", "u"]).unwrap();
        assert_eq!((a.method, a.body.as_deref()), (Method::Put, Some("file://x.xml")));
        let a = parse(&["-post", "-url", "u"]).unwrap();
        assert_eq!((a.method, a.body), (Method::Post, None));
        assert_eq!(parse(&["-url", "u", "-delete"]).unwrap().method, Method::Delete);
    }

    #[test]
    fn typographic_quotes_are_dropped() {
        let a = parse(&["-url", "\u{201c}http://h/\u{201d}", "-put", "\u{201d}file://x\u{201d}"]).unwrap();
        assert_eq!((a.url.as_str(), a.body.as_deref()), ("http://h/", Some("file://x")));
        assert_eq!(parse(&["-url", "\u{2018}http://h/"]).unwrap().url, "http://h/");
    }

    #[test]
    fn mistakes() {
        assert_eq!(parse(&[]).unwrap_err(), "option -url is missing");
        assert_eq!(parse(&["-url"]).unwrap_err(), "option -url needs a value");
        assert_eq!(parse(&["-url", "u", "-frob"]).unwrap_err(), "unknown option '-frob'");
        assert_eq!(parse(&["-url", "u", "stray"]).unwrap_err(), "unknown option 'stray'");
        assert_eq!(parse(&["-server", "h:1"]).unwrap_err(), "option -server needs -file");
        assert_eq!(parse(&["-server", "h:1", "-url", "u"]).unwrap_err(), "both -server and -url are given");
        assert_eq!(parse(&["--help"]).unwrap_err(), "Help");
    }
}
