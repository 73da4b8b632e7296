//! A small generator of chances, so that a run can be repeated by its seed.

pub(crate) struct Chance(u64);

impl Chance {
    /// The seed of this run: `CH_SEED`, or always the same.
    #[expect(clippy::disallowed_methods, reason = "tests take their seed from the environment")]
    pub(crate) fn new() -> Self {
        let seed = std::env::var("CH_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_121);
        println!("CH_SEED={seed}");
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }

    pub(crate) fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    pub(crate) fn word(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len())]
    }
}
