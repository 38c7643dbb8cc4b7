//! Rust source as the rules see it: code without comments and literals, product without tests.

/// `text` with comments and the insides of string literals blanked; the lines stay where they are.
pub(crate) fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = if rest.starts_with("//") {
            blank(rest, rest.find('\n').unwrap_or(rest.len()), &mut out)
        } else if rest.starts_with("/*") {
            blank(rest, rest.find("*/").map_or(rest.len(), |at| at + 2), &mut out)
        } else if let Some(end) = raw_string_end(rest, &out) {
            blank(rest, end, &mut out)
        } else if first == '"' {
            blank(rest, string_end(rest), &mut out)
        } else if let Some(end) = char_end(rest) {
            blank(rest, end, &mut out)
        } else {
            out.push(first);
            first.len_utf8()
        };
        rest = &rest[taken..];
    }
    out
}

/// The lines of `text` that are product, numbered from 1: comments and literals blanked, and nothing from
/// the first `#[cfg(test)]` on, because tests stand last in a file.
pub(crate) fn product_lines(text: &str) -> Vec<(usize, String)> {
    code(text)
        .lines()
        .take_while(|line| !line.trim_start().starts_with("#[cfg(test)]") || line.contains("use "))
        .enumerate()
        .map(|(at, line)| (at + 1, line.to_owned()))
        .collect()
}

/// Whether the file at `path` holds tests only.
pub(crate) fn is_test_file(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "benches"))
}

/// Whether `word` stands in `line` with no part of a name on either side.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    let in_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].chars().next_back().is_some_and(in_name)
            && !line[at + word.len()..].chars().next().is_some_and(in_name)
    })
}

fn blank(rest: &str, end: usize, out: &mut String) -> usize {
    out.extend(rest[..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
    end
}

fn string_end(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn raw_string_end(rest: &str, before: &str) -> Option<usize> {
    if before.ends_with(|c: char| c.is_alphanumeric() && c != 'b' || c == '_') {
        return None;
    }
    let hashes = rest.strip_prefix('r')?.chars().take_while(|c| *c == '#').count();
    let inside = rest[1 + hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let length = inside.find(&close).map_or(inside.len(), |at| at + close.len());
    Some(2 + hashes + length)
}

/// The end of a character literal; a lifetime has none.
fn char_end(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let mut chars = inside.char_indices();
    let (_, first) = chars.next()?;
    if first == '\\' {
        return inside[2..].find('\'').map(|at| at + 4);
    }
    let (at, second) = chars.next()?;
    (second == '\'').then_some(at + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked() {
        let text = "let a = \"x // y\"; // z\nlet b = r#\"q\"r\"#; /* w\nv */ let c = '\"'; fn f<'a>() {}\n";
        let code = code(text);
        let words: Vec<&str> = code.split_whitespace().collect();
        assert_eq!(
            words,
            ["let", "a", "=", ";", "let", "b", "=", ";", "let", "c", "=", ";", "fn", "f<'a>()", "{}"]
        );
        assert_eq!(code.lines().count(), 3);
    }

    #[test]
    fn escapes_end_where_they_should() {
        assert_eq!(code(r#"f("a\"b", '\'', '\\', 'x') + g"#).replace(' ', ""), "f(,,,)+g");
    }

    #[test]
    fn product_ends_at_the_tests() {
        let lines = product_lines("fn a() {}\n#[cfg(test)]\nmod tests {}\n");
        assert_eq!(lines, [(1, "fn a() {}".to_owned())]);
    }

    #[test]
    fn words_are_whole() {
        assert!(has_word("x.unwrap(); unsafe {", "unsafe"));
        assert!(!has_word("unsafe_code = 1", "unsafe"));
    }
}
