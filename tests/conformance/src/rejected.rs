//! Events in a bad-events file. Its layout is not fixed by the semantics: a line counts when an opcode is followed
//! by flags and a value somewhere in it.

const OPCODES: &[&str] = &["i", "u", "p", "d", "s", "sd", "ub"];

/// The number of lines of `text` that hold an event.
pub(crate) fn count(text: &str) -> usize {
    text.lines().filter(|line| holds_an_event(&line.to_lowercase())).count()
}

fn holds_an_event(line: &str) -> bool {
    let starts = line.match_indices([',', ':', ';', ' ']).map(|(at, _)| at + 1);
    std::iter::once(0).chain(starts).any(|start| is_event(&line[start..]))
}

/// Whether `text` begins with an opcode, flags and a comma.
fn is_event(text: &str) -> bool {
    let mut parts = text.splitn(3, ',');
    let (Some(opcode), Some(flags), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let flags = flags.trim_start();
    OPCODES.contains(&opcode.trim_end()) && !flags.is_empty() && flags.chars().all(|c| "npr".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_count_wherever_they_stand_in_a_line() {
        assert_eq!(count("i,n,1,a\n2026 cq/w duplicate key: I, N,1\nsd,pr,1\n"), 3);
        assert_eq!(count("no event here, n,\nxi,n,1\ni,n\ni,x,1\n"), 0);
    }
}
