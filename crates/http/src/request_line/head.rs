//! One request head: checked and rewritten.

use super::{MAX_HEADERS, Refusal};

/// Added to a request that asks for an upgrade; whoever answers it tells the [`UpgradeSwitch`](super::UpgradeSwitch).
pub const UPGRADE_HEADER: &str = "tidegate-upgrade";

/// What follows a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// So many bytes, perhaps none.
    Length(u64),
    /// Chunks.
    Chunked,
    /// Nothing, until it is clear whether the protocol changes.
    Upgrade,
}

/// Appends `head` (its lines and the empty one) with a target that is fit for hyper, and says what follows.
pub(super) fn rewrite(head: &[u8], out: &mut Vec<u8>) -> Result<Body, Refusal> {
    let mut lines = head.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let line = lines.next().unwrap_or_default();
    let is_1_1 = request_line(line, out)?;

    let mut framing = Framing::default();
    let mut count = 0;
    for line in lines.take_while(|line| !line.is_empty()) {
        count += 1;
        if count > MAX_HEADERS {
            return Err(Refusal::HeadTooLarge);
        }
        let (name, value) = header(line).ok_or(Refusal::Malformed)?;
        if name.eq_ignore_ascii_case(UPGRADE_HEADER.as_bytes()) {
            continue;
        }
        framing.header(name, value).ok_or(Refusal::Malformed)?;
        out.extend_from_slice(name);
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }
    let body = framing.body(is_1_1).ok_or(Refusal::Malformed)?;
    if body == Body::Upgrade {
        out.extend_from_slice(UPGRADE_HEADER.as_bytes());
        out.extend_from_slice(b": asked\r\n");
    }
    out.extend_from_slice(b"\r\n");
    Ok(body)
}

/// Rewrites `METHOD TARGET HTTP/1.x`; whether it is 1.1. The target is all between the first blank and the
/// version, without the blanks around it. Scheme and authority of an absolute one are left out: nothing here
/// depends on them.
fn request_line(line: &[u8], out: &mut Vec<u8>) -> Result<bool, Refusal> {
    let line = line.trim_ascii_end();
    let blank = line.iter().position(|&byte| byte == b' ').ok_or(Refusal::Malformed)?;
    let (method, rest) = line.split_at(blank);
    if method.is_empty() || !method.iter().all(|&byte| is_token(byte)) || method == b"CONNECT" {
        return Err(Refusal::Malformed);
    }
    let (target, is_1_1) = match (rest.strip_suffix(b" HTTP/1.1"), rest.strip_suffix(b" HTTP/1.0")) {
        (Some(target), _) => (target, true),
        (_, Some(target)) => (target, false),
        _ => return Err(Refusal::Malformed),
    };
    let target = without_authority(target.trim_ascii());
    if !target.starts_with(b"/") && target != b"*" {
        return Err(Refusal::Malformed);
    }
    out.extend_from_slice(method);
    out.push(b' ');
    for &byte in target {
        if is_in_targets(byte) {
            out.push(byte);
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            out.extend_from_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
    out.extend_from_slice(if is_1_1 { b" HTTP/1.1\r\n" } else { b" HTTP/1.0\r\n" });
    Ok(is_1_1)
}

/// The path of `http://authority/path`; other targets as they are.
fn without_authority(target: &[u8]) -> &[u8] {
    let scheme = [&b"http://"[..], b"https://"]
        .into_iter()
        .find(|scheme| target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let Some(scheme) = scheme else { return target };
    let rest = &target[scheme.len()..];
    match rest.iter().position(|&byte| byte == b'/') {
        Some(slash) => &rest[slash..],
        None => b"/",
    }
}

/// A header line's name and value.
fn header(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
    let is_value = |&byte: &u8| byte == b'\t' || (byte >= b' ' && byte != 0x7f);
    (!name.is_empty() && name.iter().all(|&byte| is_token(byte)) && value.iter().all(is_value))
        .then_some((name, value))
}

/// What the headers say about the body.
#[derive(Debug, Default)]
struct Framing {
    length: Option<u64>,
    is_chunked: bool,
    has_upgrade: bool,
    may_upgrade: bool,
}

impl Framing {
    /// Takes a header in. `None` when it leaves the length of the body in doubt.
    fn header(&mut self, name: &[u8], value: &[u8]) -> Option<()> {
        if name.eq_ignore_ascii_case(b"content-length") {
            let digits = std::str::from_utf8(value).ok().filter(|t| t.bytes().all(|b| b.is_ascii_digit()))?;
            let length = digits.parse().ok()?;
            if self.length.is_some_and(|earlier| earlier != length) {
                return None;
            }
            self.length = Some(length);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return None;
            }
            self.is_chunked = true;
        } else if name.eq_ignore_ascii_case(b"upgrade") {
            self.has_upgrade = true;
        } else if name.eq_ignore_ascii_case(b"connection") {
            let mut options = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
            self.may_upgrade |= options.any(|option| option.eq_ignore_ascii_case(b"upgrade"));
        }
        Some(())
    }

    fn body(&self, is_1_1: bool) -> Option<Body> {
        match (self.is_chunked, self.length) {
            (true, Some(_)) => None,
            (true, None) => is_1_1.then_some(Body::Chunked),
            (false, Some(length)) if length > 0 => Some(Body::Length(length)),
            (false, _) if self.has_upgrade && self.may_upgrade && is_1_1 => Some(Body::Upgrade),
            (false, _) => Some(Body::Length(0)),
        }
    }
}

/// Whether a byte may stand in a method or a header's name (RFC 9110, 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether a byte may stand in a request target (RFC 3986, without brackets). A percent sign stays: the client
/// may have encoded the rest, and a stray one is kept as it is when parameters are read.
fn is_in_targets(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&byte)
}
