//! Sums of about 106 bits: an unevaluated pair of doubles. Adding a value and subtracting it again leaves an error
//! of some 2^-104 of the largest sum between, so that a group which comes back to the same rows comes back to the
//! same value. (Dekker 1971; Knuth's two-sum.)

/// A number as the sum of two doubles, the second at most half a unit in the last place of the first.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct DoubleDouble {
    hi: f64,
    lo: f64,
}

fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

fn split(a: f64) -> (f64, f64) {
    // 2^27 + 1 cuts a double into two halves of 26 bits.
    let big = 134_217_729.0 * a;
    let hi = big - (big - a);
    (hi, a - hi)
}

impl DoubleDouble {
    fn normal(hi: f64, lo: f64) -> Self {
        let sum = hi + lo;
        if sum.is_finite() { Self { hi: sum, lo: lo - (sum - hi) } } else { Self { hi: sum, lo: 0.0 } }
    }

    /// The exact product of two doubles, unless it overflows.
    pub(super) fn product(a: f64, b: f64) -> Self {
        let product = a * b;
        let ((a_hi, a_lo), (b_hi, b_lo)) = (split(a), split(b));
        Self::normal(product, ((a_hi * b_hi - product) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo)
    }

    /// The nearest such number to an integer.
    pub(super) fn from_integer(value: i128) -> Self {
        let hi = value as f64;
        Self::normal(hi, value.wrapping_sub(hi as i128) as f64)
    }

    #[inline]
    pub(super) fn add(self, value: f64) -> Self {
        let (sum, error) = two_sum(self.hi, value);
        Self::normal(sum, error + self.lo)
    }

    #[inline]
    pub(super) fn plus(self, other: Self) -> Self {
        let (sum, error) = two_sum(self.hi, other.hi);
        let (low, low_error) = two_sum(self.lo, other.lo);
        let first = Self::normal(sum, error + low);
        Self::normal(first.hi, first.lo + low_error)
    }

    pub(super) fn minus(self, other: Self) -> Self {
        self.plus(Self { hi: -other.hi, lo: -other.lo })
    }

    pub(super) fn times(self, other: Self) -> Self {
        let product = Self::product(self.hi, other.hi);
        Self::normal(product.hi, product.lo + (self.hi * other.lo + self.lo * other.hi))
    }

    pub(super) fn over(self, divisor: f64) -> Self {
        let first = self.hi / divisor;
        let rest = self.minus(Self::product(first, divisor));
        Self::normal(first, rest.hi / divisor)
    }

    /// The nearest double.
    pub(super) fn value(self) -> f64 {
        self.hi
    }

    pub(super) fn save(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.hi.to_bits().to_le_bytes());
        out.extend_from_slice(&self.lo.to_bits().to_le_bytes());
    }

    pub(super) fn load(from: &mut dyn crate::state::StateReader) -> Result<Self, crate::state::StateError> {
        Ok(Self { hi: f64::from_bits(from.get_u64()?), lo: f64::from_bits(from.get_u64()?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_can_be_taken_away() {
        let values = [1e16, 0.1, -3.7e-9, 1e9, 0.3];
        let mut sum = DoubleDouble::default().add(0.7);
        for value in values {
            sum = sum.add(value);
        }
        for value in values {
            sum = sum.add(-value);
        }
        assert_eq!(sum.value(), 0.7);
    }

    #[test]
    fn products_and_integers_are_exact() {
        let a = 134_217_729.0;
        let square = DoubleDouble::product(a, a);
        assert_eq!(square, DoubleDouble::from_integer(134_217_729_i128 * 134_217_729));
        let third = DoubleDouble::default().add(1.0).over(3.0).times(DoubleDouble::default().add(3.0));
        assert!((third.minus(DoubleDouble::default().add(1.0))).value().abs() < 1e-30);
    }
}
