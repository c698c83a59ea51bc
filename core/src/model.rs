//! The model of a session: what takes long to load and is quick to use, as a stand-in for everything of that kind.

use crate::ids::ClientId;
use std::time::Duration;

/// How long the loading takes, as if the weights came from somewhere else.
pub const LOADING: Duration = Duration::from_millis(800);
/// How long an answer of a loaded model takes.
pub const ANSWERING: Duration = Duration::from_millis(5);
/// The bytes of a model's weights.
pub const WEIGHTS: usize = 16 * 1_024;

/// A loaded model.
#[derive(Debug)]
pub struct Model(Box<[u8]>);

impl Model {
    /// The session's model: the same in every worker.
    #[must_use]
    pub fn load(id: &ClientId) -> Self {
        // FNV-1a over the id, then xorshift64*: any spread of bytes will do, and it needs no library.
        let seed = id.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mut state = seed | 1;
        let weights = (0..WEIGHTS).map(|_| {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 56) as u8
        });
        Self(weights.collect())
    }

    /// What it answers, 0 to 999. It reads every weight.
    #[must_use]
    pub fn answer(&self) -> u32 {
        self.0.iter().fold(0, |sum: u32, weight| (sum * 31 + u32::from(*weight)) % 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_one_model_everywhere_and_another_session_another() {
        let (one, other) = (ClientId::from_random([1; 16]), ClientId::from_random([2; 16]));
        assert_eq!(Model::load(&one).answer(), Model::load(&one).answer());
        assert_eq!(Model::load(&one).0.len(), WEIGHTS);
        assert_ne!(Model::load(&one).0, Model::load(&other).0);
    }

    #[test]
    fn every_weight_counts() {
        let mut model = Model::load(&ClientId::from_random([1; 16]));
        let before = model.answer();
        for place in [0, WEIGHTS / 2, WEIGHTS - 1] {
            model.0[place] ^= 1;
            assert_ne!(model.answer(), before, "{place}");
            model.0[place] ^= 1;
        }
    }

    #[test]
    fn the_weights_are_spread() {
        let model = Model::load(&ClientId::from_random([0; 16]));
        let mut counts = [0_usize; 256];
        model.0.iter().for_each(|weight| counts[usize::from(*weight)] += 1);
        assert!(counts.iter().all(|count| (16..=128).contains(count)), "about {} each", WEIGHTS / 256);
    }
}
