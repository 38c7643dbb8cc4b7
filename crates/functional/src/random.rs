//! Random numbers that a replay repeats (design.md 6).

/// A generator seeded from the block's message id: the same block gives the same numbers on every engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Random {
    state: u64,
}

impl Random {
    /// A generator for one block: `place` names the window and its in-edge, the numbers are those of the block's id.
    pub fn of_block(place: &str, port: usize, input: i64, sub: u32, part: u32) -> Self {
        // FNV-1a, so that the seed is the same in every build.
        let place = place.bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        let parts = [port as u64, input.cast_unsigned(), u64::from(sub), u64::from(part)];
        Self { state: parts.into_iter().fold(place, |state, part| mix(state ^ mix(part))) }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// The next double in 0..1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The next GUID: 122 bits in the form of a version 4 UUID.
    pub fn guid(&mut self) -> String {
        let (high, low) = (self.bits(), self.bits());
        let version = high & !0xF000 | 0x4000;
        let variant = low & !(0b11 << 62) | 0b10 << 62;
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            version >> 32,
            version >> 16 & 0xFFFF,
            version & 0xFFFF,
            variant >> 48,
            variant & 0xFFFF_FFFF_FFFF
        )
    }
}

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// SplitMix64's output function.
fn mix(value: u64) -> u64 {
    let value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}
