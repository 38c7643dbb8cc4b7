//! Copying the words of a row: too few of them for a call to pay.

/// Copies the words of a row over those of another.
///
/// # Panics
/// When the lengths differ.
#[inline(always)]
pub fn copy_words(to: &mut [u64], from: &[u64]) {
    // Both halves overlap where a row is shorter than two of them.
    if (4..=8).contains(&from.len())
        && to.len() == from.len()
        && let (Some(first), Some(last)) = (from.first_chunk::<4>(), from.last_chunk::<4>())
    {
        if let Some(to) = to.first_chunk_mut::<4>() {
            *to = *first;
        }
        if let Some(to) = to.last_chunk_mut::<4>() {
            *to = *last;
        }
        return;
    }
    if (9..=16).contains(&from.len())
        && to.len() == from.len()
        && let (Some(first), Some(last)) = (from.first_chunk::<8>(), from.last_chunk::<8>())
    {
        if let Some(to) = to.first_chunk_mut::<8>() {
            *to = *first;
        }
        if let Some(to) = to.last_chunk_mut::<8>() {
            *to = *last;
        }
        return;
    }
    to.copy_from_slice(from);
}

/// Adds the words of a row.
#[inline(always)]
pub(super) fn push_words(to: &mut Vec<u64>, from: &[u64]) {
    if from.len() > 16 {
        return to.extend_from_slice(from);
    }
    let (fours, rest) = from.as_chunks::<4>();
    for four in fours {
        to.extend_from_slice(four);
    }
    let (twos, rest) = rest.as_chunks::<2>();
    if let [two] = twos {
        to.extend_from_slice(two);
    }
    if let [one] = rest {
        to.push(*one);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_any_length_are_copied() {
        for len in 0..40 {
            let from: Vec<u64> = (1..=len).collect();
            let mut to = vec![0; from.len()];
            copy_words(&mut to, &from);
            assert_eq!(to, from);
            let mut pushed = vec![7];
            push_words(&mut pushed, &from);
            assert_eq!(pushed[1..], from);
        }
    }
}
