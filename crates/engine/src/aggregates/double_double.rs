//! Sums of about 106 bits: an unevaluated pair of doubles. Adding a value and subtracting it again leaves an error
//! of some 2^-104 of the largest sum between, so that a group which comes back to the same rows comes back to the
//! same value. (Dekker 1971; Knuth's two-sum.)

/// A number as the sum of two doubles, the second at most half a unit in the last place of the first.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct DoubleDouble {
    hi: f64,
    lo: f64,
}

#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

#[inline(always)]
fn split(a: f64) -> (f64, f64) {
    // 2^27 + 1 cuts a double into two halves of 26 bits.
    let big = 134_217_729.0 * a;
    let hi = big - (big - a);
    (hi, a - hi)
}

/// Every operation runs as `QUICK` first, without a look at intermediate values: a sum or product beyond the doubles ends as an
/// infinity or NaN, whatever follows, and is then computed again with care.
impl DoubleDouble {
    #[inline(always)]
    fn normal<const QUICK: bool>(hi: f64, lo: f64) -> Self {
        let sum = hi + lo;
        if QUICK || sum.is_finite() {
            Self { hi: sum, lo: lo - (sum - hi) }
        } else {
            Self { hi: sum, lo: 0.0 }
        }
    }

    #[inline(always)]
    fn or(self, with_care: impl FnOnce() -> Self) -> Self {
        if (self.hi + self.lo).is_finite() { self } else { with_care() }
    }

    #[inline(always)]
    fn product_as<const QUICK: bool>(a: f64, b: f64) -> Self {
        let product = a * b;
        let ((a_hi, a_lo), (b_hi, b_lo)) = (split(a), split(b));
        let rest = ((a_hi * b_hi - product) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo;
        Self::normal::<QUICK>(product, rest)
    }

    #[inline(always)]
    fn add_as<const QUICK: bool>(self, value: f64) -> Self {
        let (sum, error) = two_sum(self.hi, value);
        Self::normal::<QUICK>(sum, error + self.lo)
    }

    #[inline(always)]
    fn plus_as<const QUICK: bool>(self, other: Self) -> Self {
        let (sum, error) = two_sum(self.hi, other.hi);
        let (low, low_error) = two_sum(self.lo, other.lo);
        let first = Self::normal::<QUICK>(sum, error + low);
        Self::normal::<QUICK>(first.hi, first.lo + low_error)
    }

    #[inline(always)]
    fn negative(self) -> Self {
        Self { hi: -self.hi, lo: -self.lo }
    }

    #[inline(always)]
    fn times_as<const QUICK: bool>(self, other: Self) -> Self {
        let product = Self::product_as::<QUICK>(self.hi, other.hi);
        Self::normal::<QUICK>(product.hi, product.lo + (self.hi * other.lo + self.lo * other.hi))
    }

    #[inline(always)]
    fn over_as<const QUICK: bool>(self, divisor: f64) -> Self {
        let first = self.hi / divisor;
        let rest = self.plus_as::<QUICK>(Self::product_as::<QUICK>(first, divisor).negative());
        Self::normal::<QUICK>(first, rest.hi / divisor)
    }

    #[inline(always)]
    fn less_square_as<const QUICK: bool>(self, root: Self, divisor: f64) -> Self {
        self.plus_as::<QUICK>(root.times_as::<QUICK>(root).over_as::<QUICK>(divisor).negative())
    }

    /// The exact product of two doubles, unless it overflows.
    #[inline]
    pub(super) fn product(a: f64, b: f64) -> Self {
        Self::product_as::<true>(a, b).or(|| Self::product_as::<false>(a, b))
    }

    /// The nearest such number to an integer.
    pub(super) fn from_integer(value: i128) -> Self {
        let hi = value as f64;
        Self::normal::<false>(hi, value.wrapping_sub(hi as i128) as f64)
    }

    #[inline]
    pub(super) fn add(self, value: f64) -> Self {
        self.add_as::<true>(value).or(|| self.add_as::<false>(value))
    }

    #[inline]
    pub(super) fn plus(self, other: Self) -> Self {
        self.plus_as::<true>(other).or(|| self.plus_as::<false>(other))
    }

    #[inline]
    pub(super) fn minus(self, other: Self) -> Self {
        self.plus(other.negative())
    }

    /// `self - root² / divisor`.
    #[inline]
    pub(super) fn less_square(self, root: Self, divisor: f64) -> Self {
        self.less_square_as::<true>(root, divisor).or(|| self.less_square_as::<false>(root, divisor))
    }

    /// The nearest double.
    #[inline]
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
        let one = DoubleDouble::default().add(1.0);
        let third = one.over_as::<false>(3.0).times_as::<false>(DoubleDouble::default().add(3.0));
        assert!((third.minus(one)).value().abs() < 1e-30);
    }

    #[test]
    fn what_overflows_has_no_rest() {
        let large = DoubleDouble::default().add(1e300);
        assert!(!DoubleDouble::product(1e200, 1e200).value().is_finite());
        assert_eq!(large.less_square(large, 2.0).lo, 0.0);
        assert_eq!(DoubleDouble::default().add(f64::MAX).add(f64::MAX).lo, 0.0);
    }
}
