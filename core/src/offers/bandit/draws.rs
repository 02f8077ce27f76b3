//! Random numbers without state: a counter and a key give the same number everywhere and in any order.
//!
//! Philox4x32-10 (J. Salmon, M. Moraes, R. Dror and D. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
//! SC 2011), tested against its authors' known answers. Normal numbers by G. Box and M. Muller's transform
//! (1958), with the logarithm and the circular functions of `libm`.

use sha2::{Digest, Sha256};

const ROUNDS: usize = 10;
const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// The block of four words of a counter under a key.
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..ROUNDS {
        let product = |at: usize, word: u32| u64::from(MULTIPLIERS[at]) * u64::from(word);
        let (first, second) = (product(0, counter[0]), product(1, counter[2]));
        let high = |product: u64| (product >> 32) as u32;
        counter = [
            high(second) ^ counter[1] ^ key[0],
            second as u32,
            high(first) ^ counter[3] ^ key[1],
            first as u32,
        ];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

/// The numbers of one seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Draws {
    key: [u32; 2],
}

/// The first eight bytes of a text's SHA-256 as a number.
pub(super) fn hash(text: &str) -> u64 {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    digest.iter().take(8).fold(0, |number, &byte| number << 8 | u64::from(byte))
}

impl Draws {
    pub(super) const fn new(seed: u64) -> Self {
        Self { key: [seed as u32, (seed >> 32) as u32] }
    }

    /// Two 53-bit numbers of a stream: the first above 0 and up to 1, the second from 0 and below 1.
    fn pair(self, stream: u64, at: u64) -> (f64, f64) {
        const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
        let block = philox([at as u32, (at >> 32) as u32, stream as u32, (stream >> 32) as u32], self.key);
        let bits = |high: u32, low: u32| (u64::from(high) << 32 | u64::from(low)) >> 11;
        ((bits(block[0], block[1]) + 1) as f64 * STEP, bits(block[2], block[3]) as f64 * STEP)
    }

    /// A number from 0 and below 1.
    pub(super) fn uniform(self, stream: u64, at: u64) -> f64 {
        self.pair(stream, at).1
    }

    /// A number of the standard normal distribution.
    pub(super) fn normal(self, stream: u64, at: u64) -> f64 {
        let (radius, angle) = self.pair(stream, at);
        libm::sqrt(-2.0 * libm::log(radius)) * libm::cos(2.0 * std::f64::consts::PI * angle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_its_authors_answers() {
        // The file kat_vectors of the Random123 library, philox4x32 with 10 rounds.
        for (counter, key, answer) in [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ] {
            assert_eq!(philox(counter, key), answer);
        }
    }

    #[test]
    fn numbers_have_the_moments_of_their_distributions() {
        let draws = Draws::new(7);
        let count = 100_000;
        let normals: Vec<f64> = (0..count).map(|at| draws.normal(3, at)).collect();
        let moment = |power: i32| normals.iter().map(|number| number.powi(power)).sum::<f64>() / count as f64;
        // Standard errors: 0.0032, 0.0045, 0.012 and 0.031.
        for (power, wanted, error) in [(1, 0.0, 0.0032), (2, 1.0, 0.0045), (3, 0.0, 0.012), (4, 3.0, 0.031)] {
            assert!((moment(power) - wanted).abs() < 4.0 * error, "moment {power} is {}", moment(power));
        }
        let mean = (0..count).map(|at| draws.uniform(4, at)).sum::<f64>() / count as f64;
        assert!((mean - 0.5).abs() < 4.0 * 0.000_92, "{mean}");
        assert!(normals.iter().all(|number| number.is_finite()));
    }

    #[test]
    fn seeds_and_streams_differ() {
        let (a, b) = (Draws::new(1), Draws::new(2));
        assert_eq!(a.normal(1, 1), Draws::new(1).normal(1, 1));
        assert_ne!(a.normal(1, 1), b.normal(1, 1));
        assert_ne!(a.normal(1, 1), a.normal(2, 1));
        assert_ne!(hash("gold"), hash("silver"));
    }
}
