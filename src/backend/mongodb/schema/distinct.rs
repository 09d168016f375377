//! How many different values there are, without keeping them.

use std::collections::HashSet;

/// Up to here the number is exact.
const EXACT: usize = 256;
/// 2^11 registers: the estimate is wrong by 2.3 % as a rule.
const BITS: u32 = 11;

/// Counts different values by their hashes: exactly while they are few, then with a `HyperLogLog`.
#[derive(Debug)]
pub(super) enum DistinctCount {
    Exact(HashSet<u64>),
    Estimate(Box<[u8]>),
}

impl Default for DistinctCount {
    fn default() -> Self {
        Self::Exact(HashSet::new())
    }
}

impl DistinctCount {
    pub(super) fn add(&mut self, hash: u64) {
        match self {
            Self::Exact(seen) => {
                seen.insert(hash);
                if seen.len() > EXACT {
                    let mut registers = vec![0; 1 << BITS].into_boxed_slice();
                    for hash in seen.iter() {
                        note(&mut registers, *hash);
                    }
                    *self = Self::Estimate(registers);
                }
            }
            Self::Estimate(registers) => note(registers, hash),
        }
    }

    /// How many there are, and whether that is exact.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate of a number far below 2^53, never negative"
    )]
    pub(super) fn count(&self) -> (u64, bool) {
        let registers = match self {
            Self::Exact(seen) => return (seen.len() as u64, true),
            Self::Estimate(registers) => registers,
        };
        let m = registers.len() as f64;
        let sum: f64 = registers.iter().map(|rank| (-f64::from(*rank)).exp2()).sum();
        let estimate = 0.7213 / (1.0 + 1.079 / m) * m * m / sum;
        let empty = registers.iter().map(|rank| usize::from(*rank == 0)).sum::<usize>();
        // Where many registers are empty, counting those is better.
        let estimate =
            if estimate <= 2.5 * m && empty > 0 { m * (m / empty as f64).ln() } else { estimate };
        (estimate.round() as u64, false)
    }
}

fn note(registers: &mut [u8], hash: u64) {
    let index = usize::try_from(hash >> (64 - BITS)).unwrap_or(0);
    let rest = hash << BITS | 1 << (BITS - 1);
    let rank = u8::try_from(rest.leading_zeros() + 1).unwrap_or(u8::MAX);
    registers[index] = registers[index].max(rank);
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher as _, RandomState};

    use super::*;

    fn counted(values: u64) -> (u64, bool) {
        let hasher = RandomState::new();
        let mut distinct = DistinctCount::default();
        for _ in 0..2 {
            for value in 0..values {
                distinct.add(hasher.hash_one(value));
            }
        }
        distinct.count()
    }

    #[test]
    fn few_values_are_counted_exactly() {
        assert_eq!(counted(0), (0, true));
        assert_eq!(counted(256), (256, true));
    }

    #[test]
    fn many_values_are_estimated_within_ten_percent() {
        for values in [257, 2000, 5000, 20_000, 300_000] {
            let (estimate, exact) = counted(values);
            assert!(!exact);
            // More than four standard errors away would be one in ten thousand runs.
            assert!(estimate.abs_diff(values) * 10 <= values, "{estimate} of {values}");
        }
    }
}
