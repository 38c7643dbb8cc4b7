//! Sums of about 106 bits: an unevaluated pair of doubles. Adding a value and subtracting it again leaves an error
//! of some 2^-104 of the largest sum between, so that a group which comes back to the same rows comes back to the
//! same value. (Dekker 1971; Knuth's two-sum.)

/// A number as the sum of two doubles, the second at most half a unit in the last place of the first.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct DoubleDouble {
    hi: f64,
    lo: f64,
}

/// Products of the two halves of a double and a whole number below this are exact.
const FACTOR_MAX: f64 = 67_108_864.0;

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

    /// The exact square of a double. The product is the nearest double already, so that there is nothing to be carried.
    #[inline(always)]
    fn square_quick(a: f64) -> Self {
        let square = a * a;
        let (hi, lo) = split(a);
        Self { hi: square, lo: ((hi * hi - square) + 2.0 * (hi * lo)) + lo * lo }
    }

    /// `factor * self - root²`, not carried, for a factor of at most 26 bits.
    #[inline(always)]
    fn spread_quick(self, factor: f64, root: Self) -> f64 {
        let (hi, lo) = split(self.hi);
        let scaled = factor * self.hi;
        let scaled_lo = ((factor * hi - scaled) + factor * lo) + factor * self.lo;
        let square = Self::square_quick(root.hi);
        let square_lo = square.lo + 2.0 * (root.hi * root.lo);
        let (difference, error) = two_sum(scaled, -square.hi);
        difference + (error + (scaled_lo - square_lo))
    }

    #[inline(never)]
    fn spread_with_care(self, factor: f64, root: Self) -> f64 {
        let factor = Self { hi: factor, lo: 0.0 };
        self.times_as::<false>(factor).plus_as::<false>(root.times_as::<false>(root).negative()).hi
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

    /// The nearest double to `factor * self - root²`.
    #[inline(always)]
    pub(super) fn spread(self, factor: f64, root: Self) -> f64 {
        let spread = self.spread_quick(factor, root);
        if spread.is_finite() && factor < FACTOR_MAX { spread } else { self.spread_with_care(factor, root) }
    }

    /// Adds `value` or takes it away; nothing when the result or an intermediate value is not finite.
    #[inline(always)]
    pub(super) fn with(self, value: f64, add: bool) -> Option<Self> {
        let sum = self.add_as::<true>(if add { value } else { -value });
        (sum.hi + sum.lo).is_finite().then_some(sum)
    }

    /// Adds `value` to the sum `self` and its square to `squares`, or takes both away; nothing when a result or an intermediate
    /// value is not finite.
    #[inline(always)]
    pub(super) fn with_square(self, squares: Self, value: f64, add: bool) -> Option<(Self, Self)> {
        let square = Self::square_quick(value);
        let (value, square) = if add { (value, square) } else { (-value, square.negative()) };
        let sum = self.add_as::<true>(value);
        let squares = squares.plus_as::<true>(square);
        ((sum.hi + sum.lo) + (squares.hi + squares.lo)).is_finite().then_some((sum, squares))
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
        assert_eq!(DoubleDouble::square_quick(a), square);
        let root = DoubleDouble { hi: 9_007_199_254_740_992.0, lo: 0.25 };
        let square = root.times_as::<false>(root);
        assert_eq!((square.hi, square.lo), (2_f64.powi(106), 2_f64.powi(52)));
    }

    #[test]
    fn the_spread_of_integers_is_exact() {
        let integer = |value: i128| DoubleDouble::from_integer(value);
        // 3 * (1² + 2² + 4²) - 7²; and ten values of 10^15 + 1: the squares' sum is 10^31 + 2 * 10^16 + 10.
        assert_eq!(integer(21).spread(3.0, integer(7)), 14.0);
        let ten = integer(10_i128.pow(31) + 2 * 10_i128.pow(16) + 10);
        assert_eq!(ten.spread(10.0, integer(10_i128.pow(16) + 10)), 0.0);
        // Beyond the factors of the quick way: 2^27 values, half of them 1, the others 0.
        let half = integer(1 << 26);
        assert_eq!(half.spread(134_217_728.0, half), (1_u64 << 52) as f64);
    }

    #[test]
    fn what_overflows_has_no_rest() {
        let large = DoubleDouble::default().add(1e300);
        assert!(!DoubleDouble::product(1e200, 1e200).value().is_finite());
        assert!(!large.spread(2.0, large).is_finite());
        assert_eq!(large.with_square(large, 1e200, true), None);
        assert_eq!(DoubleDouble::default().add(f64::MAX).add(f64::MAX).lo, 0.0);
    }
}
