//! The nearest known name to a name that is not known.

/// The candidate that most likely was meant by `name`: the one with the fewest edits (insertions, deletions, replacements,
/// swaps of neighbours; letter case does not count), if there are at most a third of the name's letters, and at least
/// one is allowed. Of equals the first wins.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name: Vec<char> = name.chars().take(LONGEST).flat_map(char::to_lowercase).collect();
    let limit = (name.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let letters: Vec<char> = candidate.chars().take(LONGEST).flat_map(char::to_lowercase).collect();
        let edits = distance(&name, &letters);
        if edits <= limit && best.is_none_or(|(fewest, _)| edits < fewest) {
            best = Some((edits, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Names are compared up to this many characters, so that a hostile name costs little.
const LONGEST: usize = 128;

/// Edit distance with swaps of neighbours (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let mut table = vec![0usize; (a.len() + 1) * width];
    for (j, edits) in table[..width].iter_mut().enumerate() {
        *edits = j;
    }
    for i in 1..=a.len() {
        table[i * width] = i;
        for j in 1..width {
            let same = a[i - 1] == b[j - 1];
            let mut edits = (table[(i - 1) * width + j] + 1)
                .min(table[i * width + j - 1] + 1)
                .min(table[(i - 1) * width + j - 1] + usize::from(!same));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                edits = edits.min(table[(i - 2) * width + j - 2] + 1);
            }
            table[i * width + j] = edits;
        }
    }
    table[a.len() * width + b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        let d = |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(d("kitten", "sitting"), 3);
        assert_eq!(d("ab", "ba"), 1);
        assert_eq!(d("", "abc"), 3);
        assert_eq!(d("same", "same"), 0);
    }

    #[test]
    fn suggestions() {
        assert_eq!(nearest("soucre", ["source", "copy"]), Some("source"));
        assert_eq!(nearest("pi_hash", ["pi_HASH", "pi_EMPTY"]), Some("pi_HASH"));
        assert_eq!(nearest("zebra", ["source", "copy"]), None);
        assert_eq!(nearest("x", ["y"]), Some("y"));
        assert_eq!(nearest("", [""]), Some(""));
    }
}
