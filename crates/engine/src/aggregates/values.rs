//! The values of a group, of which any may leave.
//!
//! Few lie in a list, the largest first and the others without order: one is added at its end and taken out by a look through
//! all, which costs less than keeping them sorted as long as they fill a few cache lines. More are counted in a tree, so
//! that a change costs O(log n). Which of the two it is shows in no result.

use std::collections::BTreeMap;

/// Words, each as often as it was added and not yet taken away.
#[derive(Debug)]
pub(super) enum Values {
    /// Each as often as it is there; the largest comes first.
    Few(Vec<u64>),
    /// More than fit into a list.
    Many(Box<Tree>),
}

/// Distinct values with how often each is there.
#[derive(Debug, Default)]
pub(super) struct Tree {
    counts: BTreeMap<u64, u32>,
    /// Sum of all counts.
    len: u64,
}

/// Longest list.
pub(super) const FEW_MAX: usize = 64;

impl Default for Values {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Values {
    /// The values of `counts`; more than `few_max` of them lie in a tree.
    pub(super) fn of(counts: BTreeMap<u64, u32>, few_max: usize) -> Self {
        let len = counts.values().map(|&count| u64::from(count)).sum();
        let mut values = Self::Many(Box::new(Tree { counts, len }));
        if len <= few_max as u64 {
            values.make_few();
        }
        values
    }

    /// Adds a value; beyond `few_max` they move into a tree.
    #[inline]
    pub(super) fn add(&mut self, value: u64, few_max: usize) {
        match self {
            Self::Few(values) if values.len() < few_max => {
                values.push(value);
                let last = values.len() - 1;
                if value > values[0] {
                    values.swap(0, last);
                }
            }
            _ => self.add_to_many(value),
        }
    }

    #[inline(never)]
    fn add_to_many(&mut self, value: u64) {
        if let Self::Few(values) = self {
            let mut tree = Tree::default();
            values.iter().for_each(|&value| tree.add(value));
            *self = Self::Many(Box::new(tree));
        }
        if let Self::Many(tree) = self {
            tree.add(value);
        }
    }

    /// Takes a value away once, if it is there.
    #[inline]
    pub(super) fn take(&mut self, value: u64, few_max: usize) {
        match self {
            Self::Few(values) => {
                if let Some(at) = values.iter().position(|&other| other == value) {
                    values.swap_remove(at);
                    if at == 0 {
                        largest_first(values);
                    }
                }
            }
            Self::Many(tree) => {
                tree.take(value);
                if tree.len <= few_max as u64 / 2 {
                    self.make_few();
                }
            }
        }
    }

    #[cold]
    fn make_few(&mut self) {
        if let Self::Many(tree) = self {
            let repeated = |(&value, &count): (&u64, &u32)| std::iter::repeat_n(value, count as usize);
            *self = Self::Few(tree.counts.iter().rev().flat_map(repeated).collect());
        }
    }

    /// Forgets all but the smallest and the largest value.
    #[inline]
    pub(super) fn keep_ends(&mut self) {
        if let (Some(smallest), Some(largest)) = (self.smallest(), self.largest())
            && let Self::Few(values) = self
            && values.len() > 2
        {
            values.clear();
            values.extend([largest, smallest]);
        }
    }

    /// The largest value.
    #[inline]
    pub(super) fn largest(&self) -> Option<u64> {
        match self {
            Self::Few(values) => values.first().copied(),
            Self::Many(tree) => tree.counts.last_key_value().map(|(&value, _)| value),
        }
    }

    /// The smallest value.
    #[inline]
    pub(super) fn smallest(&self) -> Option<u64> {
        match self {
            Self::Few(values) => {
                let mut rest = values.iter();
                let mut smallest = *rest.next()?;
                while let Some(&smaller) = rest.find(|&&value| value < smallest) {
                    smallest = smaller;
                }
                Some(smallest)
            }
            Self::Many(tree) => tree.counts.first_key_value().map(|(&value, _)| value),
        }
    }

    /// Number of distinct values. Looks at each pair of a list: whoever asks keeps lists short.
    pub(super) fn distinct(&self) -> u64 {
        match self {
            Self::Few(values) => {
                (0..values.len()).filter(|&at| !values[..at].contains(&values[at])).count() as u64
            }
            Self::Many(tree) => tree.counts.len() as u64,
        }
    }

    /// Distinct values in ascending order, each with how often it is there.
    pub(super) fn counts(&self) -> BTreeMap<u64, u32> {
        match self {
            Self::Few(values) => {
                let mut counts = BTreeMap::new();
                values.iter().for_each(|&value| *counts.entry(value).or_insert(0) += 1);
                counts
            }
            Self::Many(tree) => tree.counts.clone(),
        }
    }

    /// Where a look through the values begins, to bring them nearer; what it answers means nothing.
    pub(super) fn touch(&self) -> u64 {
        match self {
            Self::Few(values) => values.first().copied().unwrap_or_default(),
            Self::Many(tree) => tree.len,
        }
    }

    /// Forgets all values, but keeps a list's memory.
    pub(super) fn clear(&mut self) {
        match self {
            Self::Few(values) => values.clear(),
            Self::Many(_) => *self = Self::default(),
        }
    }
}

fn largest_first(values: &mut [u64]) {
    let mut largest = 0;
    for at in 1..values.len() {
        if values[at] > values[largest] {
            largest = at;
        }
    }
    if largest > 0 {
        values.swap(0, largest);
    }
}

impl Tree {
    fn add(&mut self, value: u64) {
        let count = self.counts.entry(value).or_insert(0);
        if *count < u32::MAX {
            *count += 1;
            self.len += 1;
        }
    }

    fn take(&mut self, value: u64) {
        if let Some(count) = self.counts.get_mut(&value) {
            *count -= 1;
            self.len -= 1;
            if *count == 0 {
                self.counts.remove(&value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn many_values_move_into_a_tree_and_back() {
        let mut values = Values::default();
        (0..1000).for_each(|i| values.add(i % 500, FEW_MAX));
        assert!(matches!(values, Values::Many(_)));
        assert_eq!((values.distinct(), values.smallest(), values.largest()), (500, Some(0), Some(499)));
        (0..1000).filter(|i| i % 500 > 2).for_each(|i| values.take(i % 500, FEW_MAX));
        assert!(matches!(values, Values::Few(_)));
        assert_eq!((values.distinct(), values.smallest(), values.largest()), (3, Some(0), Some(2)));
        assert_eq!(values.counts(), BTreeMap::from([(0, 2), (1, 2), (2, 2)]));
    }

    proptest! {
        #[test]
        fn lists_and_trees_are_the_same_multiset(
            steps in prop::collection::vec((any::<bool>(), 0_u64..12), 0..200),
            few_max in 0_usize..20,
        ) {
            let mut values = Values::default();
            let mut model: BTreeMap<u64, u32> = BTreeMap::new();
            for (add, value) in steps {
                if add {
                    values.add(value, few_max);
                    *model.entry(value).or_insert(0) += 1;
                } else {
                    values.take(value, few_max);
                    model.entry(value).and_modify(|count| *count -= 1);
                    model.retain(|_, count| *count > 0);
                }
                prop_assert_eq!(values.distinct(), model.len() as u64);
                prop_assert_eq!(values.largest(), model.keys().next_back().copied());
                prop_assert_eq!(values.smallest(), model.keys().next().copied());
                prop_assert_eq!(&values.counts(), &model);
            }
            let loaded = Values::of(model.clone(), few_max);
            prop_assert_eq!(loaded.counts(), model);
        }
    }
}
