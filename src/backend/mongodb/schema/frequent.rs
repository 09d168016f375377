//! The values that come most often, with a bounded number of counters.

/// A value, and how often it comes.
#[derive(Debug)]
pub(super) struct Counted {
    hash: u64,
    pub(super) kind: u8,
    pub(super) value: Box<[u8]>,
    /// Never too small.
    pub(super) count: u64,
    /// By how much it may be too large.
    pub(super) error: u64,
}

/// Counts values as the "space-saving" sketch does: a new value takes the place of the rarest one, and
/// its count. A value that makes up more than one in as many values as there are counters is never
/// lost.
#[derive(Debug, Default)]
pub(super) struct Frequent {
    counters: Vec<Counted>,
}

impl Frequent {
    pub(super) fn add(&mut self, hash: u64, kind: u8, value: &[u8], capacity: usize) {
        if let Some(counter) = self.counters.iter_mut().find(|counter| counter.hash == hash) {
            counter.count += 1;
            return;
        }
        if self.counters.len() < capacity {
            self.counters.push(Counted { hash, kind, value: value.into(), count: 1, error: 0 });
            return;
        }
        let Some(rarest) = self.counters.iter_mut().min_by_key(|counter| counter.count) else {
            return;
        };
        let error = rarest.count;
        *rarest = Counted { hash, kind, value: value.into(), count: error + 1, error };
    }

    /// The most frequent values that are known to come more than once; all of them where none was
    /// ever pushed out and they are few.
    pub(super) fn top(&self, most: usize) -> Vec<&Counted> {
        let whole = self.counters.len() <= most && self.counters.iter().all(|c| c.error == 0);
        let mut found: Vec<&Counted> =
            self.counters.iter().filter(|c| whole || c.count - c.error > 1).collect();
        found.sort_by(|a, b| b.count.cmp(&a.count).then(a.error.cmp(&b.error)));
        found.truncate(most);
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sketch(values: &[u8], capacity: usize) -> Frequent {
        let mut sketch = Frequent::default();
        for value in values {
            sketch.add(u64::from(*value), 0x10, &[*value], capacity);
        }
        sketch
    }

    #[test]
    fn few_values_are_all_there_with_their_counts() {
        let sketch = sketch(&[1, 2, 1, 3, 1, 2], 10);
        let top: Vec<_> = sketch.top(10).iter().map(|c| (c.value[0], c.count, c.error)).collect();
        assert_eq!(top, [(1, 3, 0), (2, 2, 0), (3, 1, 0)]);
        // Of more than are asked for, those that come once are not worth telling.
        assert_eq!(sketch.top(2).len(), 2);
    }

    proptest! {
        #[test]
        fn a_count_is_never_too_small_and_says_how_much_it_may_be_too_large(
            values in prop::collection::vec(0..40_u8, 0..400),
        ) {
            let sketch = sketch(&values, 8);
            prop_assert!(sketch.counters.len() <= 8);
            let count = |value: u8| values.iter().map(|v| u64::from(*v == value)).sum::<u64>();
            for counter in &sketch.counters {
                let real = count(counter.value[0]);
                prop_assert!(counter.count >= real && counter.count - counter.error <= real);
            }
            for value in 0..40 {
                let often = count(value) * 8 > values.len() as u64;
                let kept = sketch.counters.iter().any(|c| c.value[0] == value);
                prop_assert!(kept || !often, "{value} was lost");
            }
        }
    }
}
