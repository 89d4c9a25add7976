//! New keys: UUIDv7 (RFC 9562), rising within a process and made without a system call each.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ring::rand::{SecureRandom, SystemRandom};
use uuid::Uuid;

use crate::clock::Clock;

/// Bits of the counter below the millisecond: the 12 of `rand_a` and the first 4 of `rand_b`.
const COUNTER_BITS: u32 = 16;
/// A millisecond's counter starts at random in its lower half, so that 32 768 keys a millisecond
/// are left before it runs into the next one (RFC 9562, section 6.2, method 1).
const SEED_BITS: u32 = COUNTER_BITS - 1;
/// Random bits behind the counter: a key cannot be guessed from the one before it.
const TAIL_BITS: u32 = 58;
/// Numbers drawn at a time: one system call for 512 keys.
const POOL_LENGTH: usize = 512;

/// Makes keys. Clones share the counter, so that keys rise across them.
#[derive(Clone, Debug)]
pub struct Ids {
    clock: Clock,
    /// The millisecond of the last key and its counter, `ms << COUNTER_BITS | counter`.
    last: Arc<AtomicU64>,
    randomness: Randomness,
}

#[derive(Clone, Debug)]
enum Randomness {
    System,
    /// The same keys on each run, for tests.
    Seeded(Arc<AtomicU64>),
}

impl Ids {
    /// Makes keys from the operating system's clock and randomness.
    pub fn system() -> Self {
        Self::new(Clock::system())
    }

    /// Makes keys that carry a clock's time.
    pub fn new(clock: Clock) -> Self {
        Self { clock, last: Arc::new(AtomicU64::new(0)), randomness: Randomness::System }
    }

    /// Makes the same keys on each run. For tests: such keys can be guessed.
    pub fn seeded(clock: Clock, seed: u64) -> Self {
        let randomness = Randomness::Seeded(Arc::new(AtomicU64::new(seed)));
        Self { clock, last: Arc::new(AtomicU64::new(0)), randomness }
    }

    /// Returns a key higher than those made before it by this process, also where the clock was
    /// set back.
    pub fn next(&self) -> Uuid {
        let millis = u64::try_from(self.clock.now().0 / 1000).unwrap_or(0);
        let random = self.randomness.draw();
        let tail = random & ((1 << TAIL_BITS) - 1);
        let tick = self.tick(millis, random >> TAIL_BITS);
        let (high, low) = (tick >> 4, tick & 0xf);
        let millis = high >> 12;
        let uuid = u128::from(millis) << 80
            | 0x7 << 76
            | u128::from(high & 0xfff) << 64
            | 0b10 << 62
            | u128::from(low) << TAIL_BITS
            | u128::from(tail);
        Uuid::from_u128(uuid)
    }

    /// Moves the counter. When it runs over, the key borrows the next millisecond.
    fn tick(&self, millis: u64, spare: u64) -> u64 {
        let mut last = self.last.load(Ordering::Relaxed);
        // Drawn only once a millisecond: the six spare bits do not fill the seed.
        let mut fresh = None;
        loop {
            let next = if millis > last >> COUNTER_BITS {
                let seed = *fresh.get_or_insert_with(|| {
                    (self.randomness.draw() ^ spare) & ((1 << SEED_BITS) - 1)
                });
                millis << COUNTER_BITS | seed
            } else {
                last + 1
            };
            match self.last.compare_exchange_weak(last, next, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return next,
                Err(now) => last = now,
            }
        }
    }
}

/// Random numbers drawn ahead, of one thread.
struct Pool {
    numbers: [u8; POOL_LENGTH * 8],
    used: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { numbers: [0; POOL_LENGTH * 8], used: POOL_LENGTH }) };
}

impl Randomness {
    fn draw(&self) -> u64 {
        match self {
            Self::System => POOL.with_borrow_mut(Pool::draw),
            Self::Seeded(state) => {
                const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
                mix(state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP))
            }
        }
    }
}

impl Pool {
    fn draw(&mut self) -> u64 {
        if self.used == POOL_LENGTH {
            SystemRandom::new()
                .fill(&mut self.numbers)
                .expect("the operating system always has random numbers after boot");
            self.used = 0;
        }
        let at = self.used * 8;
        self.used += 1;
        let bytes = &mut self.numbers[at..at + 8];
        let number = u64::from_ne_bytes(bytes.try_into().expect("eight bytes are a u64"));
        // What was given out is not kept where a memory dump would show it.
        bytes.fill(0);
        number
    }
}

/// The finisher of SplitMix64.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use expr::Timestamp;
    use uuid::{Variant, Version};

    use super::*;
    use crate::clock::FakeClock;

    #[test]
    fn keys_carry_version_variant_and_time() {
        let hands = FakeClock::at(Timestamp(1_700_000_000_123_456));
        let id = Ids::new(hands.clock()).next();
        assert_eq!(id.get_version(), Some(Version::SortRand));
        assert_eq!(id.get_variant(), Variant::RFC4122);
        assert_eq!(id.as_u128() >> 80, 1_700_000_000_123);
    }

    #[test]
    fn keys_rise_within_a_millisecond_and_when_the_clock_goes_back() {
        let hands = FakeClock::at(Timestamp(1_700_000_000_000_000));
        let ids = Ids::new(hands.clock());
        let mut last = ids.next();
        // More than the counter holds, so that it runs into the next millisecond.
        for round in 0..100_000 {
            if round == 500 {
                hands.set(Timestamp(1_600_000_000_000_000));
            }
            let next = ids.next();
            assert!(next > last, "{next} after {last}");
            assert_eq!(next.get_version_num(), 7);
            last = next;
        }
        hands.set(Timestamp(1_700_000_001_000_000));
        hands.advance(Duration::from_millis(1));
        let next = ids.next();
        assert_eq!(next.as_u128() >> 80, 1_700_000_001_001);
    }

    #[test]
    fn keys_of_several_threads_differ() {
        let ids = Ids::system();
        let mut all = HashSet::new();
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..10_000).map(|_| ids.next()).collect::<Vec<_>>()))
                .collect();
            for thread in threads {
                let made = thread.join().expect("the thread ends well");
                assert!(made.is_sorted());
                all.extend(made);
            }
        });
        assert_eq!(all.len(), 40_000);
    }

    #[test]
    fn seeded_keys_are_the_same_on_each_run() {
        let hands = FakeClock::at(Timestamp(1_700_000_000_000_000));
        let run = || {
            let ids = Ids::seeded(hands.clock(), 7);
            [ids.next(), ids.next(), ids.next()]
        };
        assert_eq!(run(), run());
    }
}
