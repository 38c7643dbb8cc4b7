//! `~/.authinfo`: users and passwords by server, as in `.netrc` (failover-and-server 4.10).
//!
//! One entry per line: `host H [port P] user U password P`, or `default user U password P`. `machine` is `host`, `protocol` is `port`, `login` and
//! `account` are `user`, `passwd` is `password`; a value may stand in double quotes. The first entry that fits counts.

/// The user and password for a server.
pub(crate) fn find(text: &str, host: &str, port: &str) -> Option<(String, String)> {
    text.lines().find_map(|line| entry(line, host, port))
}

fn entry(line: &str, host: &str, port: &str) -> Option<(String, String)> {
    let mut words = words(line).into_iter();
    let (mut fits_host, mut fits_port) = (false, true);
    let (mut user, mut password) = (None, None);
    while let Some(word) = words.next() {
        match word.to_ascii_lowercase().as_str() {
            "default" => fits_host = true,
            "host" | "machine" => fits_host = words.next()?.eq_ignore_ascii_case(host),
            "port" | "protocol" => fits_port = words.next()? == port,
            "user" | "login" | "account" => user = words.next(),
            "password" | "passwd" => password = words.next(),
            // A comment, or something that is none of ours.
            _ => return None,
        }
    }
    (fits_host && fits_port).then_some(())?;
    Some((user?, password?))
}

fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (word, behind) = match rest.strip_prefix('"').and_then(|quoted| quoted.split_once('"')) {
            Some(parts) => parts,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = behind.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# servers\nmachine other login x password y\n\
                        host esp.example port 5556 user \"a b\" password s3cret\n\
                        host esp.example user ali password \"open sesame\"\nhost broken user\n\
                        default user any passwd thing\n";

    #[test]
    fn the_first_entry_that_fits() {
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(find(FILE, "esp.example", "5556"), pair("a b", "s3cret"));
        assert_eq!(find(FILE, "ESP.example", "80"), pair("ali", "open sesame"));
        assert_eq!(find(FILE, "other", "80"), pair("x", "y"));
        assert_eq!(find(FILE, "elsewhere", "80"), pair("any", "thing"));
        assert_eq!(find("host a user b password c", "d", "80"), None);
    }
}
