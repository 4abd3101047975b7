//! Counting in this process, in bounded memory.

use super::{
    Policy, Subject,
    sliding::{Log, Tick, Verdict},
};
use crate::clock::{HOUR, Millis, SECOND};
use parking_lot::Mutex;
use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState},
};

/// Parts of the table, each with a lock of its own.
const SHARDS: usize = 64;
/// Places that subjects share when the table is full, for each policy. The more there are, the fewer strangers meet in one.
const SHARED_PLACES: u64 = 16_384;
/// How often a full part is looked through for what has ended, at most.
const SWEEP_FULL: Millis = SECOND;
/// How often every part is looked through at least: far below the 49 days after which a tick comes again.
const SWEEP: Millis = HOUR;

/// What was accepted lately, by subject.
///
/// A subject is found by a keyed hash of 64 bits: with a million of them the chance that any two share a place is one in
/// thirty million, and nobody outside can choose one that does. When as many subjects are known as fit, the others share
/// places by their hash; the quota holds for each place, so that no one gets more than it, and only those who share one
/// with somebody busy get less.
pub(super) struct Memory {
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
    shared_places: Mutex<HashMap<u64, Log, ByItself>>,
    most_in_shard: usize,
    began: Millis,
}

#[derive(Default)]
struct Shard {
    logs: HashMap<u64, Log, ByItself>,
    latest: Millis,
    swept: Millis,
}

/// The keys are hashes already.
type ByItself = BuildHasherDefault<AsItIs>;

#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Memory")
    }
}

impl Memory {
    /// A table for at most so many subjects, that begins at `now` on a clock that never runs backwards.
    pub(super) fn new(most: usize, now: Millis) -> Self {
        let shard = || Mutex::new(Shard { swept: now, ..Shard::default() });
        Self {
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| shard()).collect(),
            shared_places: Mutex::default(),
            most_in_shard: most.div_ceil(SHARDS).max(1),
            began: now,
        }
    }

    /// How many subjects are known, those that share a place not counted.
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().logs.len()).sum()
    }

    /// Accept one more of a subject, or not.
    pub(super) fn accept(
        &self,
        policy: &Policy,
        quota: u32,
        subject: Subject,
        generation: i64,
        now: Millis,
    ) -> Verdict {
        self.with_log(policy, subject, generation, now, |log, tick| log.accept(policy, quota, tick))
            .unwrap_or(Verdict { is_allowed: false, remaining: 0, reset: 1_000 })
    }

    /// Note what was accepted elsewhere, so that this process knows should it be alone.
    pub(super) fn note(&self, policy: &Policy, subject: Subject, generation: i64, now: Millis) {
        self.with_log(policy, subject, generation, now, |log, tick| log.note(policy, tick));
    }

    /// Take back the newest of a subject.
    pub(super) fn give_back(&self, policy: &Policy, subject: Subject, generation: i64, now: Millis) {
        self.with_log(policy, subject, generation, now, |log, _| log.give_back());
    }

    /// Forget a subject.
    pub(super) fn forget(&self, policy: &Policy, subject: Subject, generation: i64) {
        let key = self.key(policy, subject, generation);
        if let Some(shard) = self.shard(key) {
            shard.lock().logs.remove(&key);
        }
    }

    fn key(&self, policy: &Policy, subject: Subject, generation: i64) -> u64 {
        self.hasher.hash_one((policy.name, subject, generation))
    }

    fn shard(&self, key: u64) -> Option<&Mutex<Shard>> {
        // The table within a shard uses the lowest and the highest bits.
        self.shards.get(usize::try_from(key >> 32).unwrap_or_default() % SHARDS)
    }

    fn with_log<T>(
        &self,
        policy: &Policy,
        subject: Subject,
        generation: i64,
        now: Millis,
        work: impl FnOnce(&mut Log, Tick) -> T,
    ) -> Option<T> {
        let key = self.key(policy, subject, generation);
        let mut shard = self.shard(key)?.lock();
        let shard = &mut *shard;
        // Two threads may bring their times in the wrong order.
        shard.latest = shard.latest.max(now);
        let tick = self.tick(shard.latest);
        if shard.latest - shard.swept >= SWEEP {
            shard.sweep(tick);
            self.shared_places.lock().retain(|_, log| !log.is_over(tick));
        }
        if shard.logs.len() >= self.most_in_shard && !shard.logs.contains_key(&key) {
            if shard.latest - shard.swept >= SWEEP_FULL {
                shard.sweep(tick);
            }
            if shard.logs.len() >= self.most_in_shard {
                return Some(self.share(policy, key, tick, work));
            }
        }
        Some(match shard.logs.entry(key) {
            Entry::Occupied(known) => work(known.into_mut(), tick),
            Entry::Vacant(place) => work(place.insert(Log::default()), tick),
        })
    }

    /// Work on a place that several subjects of one policy share.
    fn share<T>(&self, policy: &Policy, key: u64, tick: Tick, work: impl FnOnce(&mut Log, Tick) -> T) -> T {
        let place = self.hasher.hash_one((policy.name, key % SHARED_PLACES));
        work(self.shared_places.lock().entry(place).or_default(), tick)
    }

    /// Time in the table, modulo 2^32.
    fn tick(&self, now: Millis) -> Tick {
        Tick::try_from((now - self.began).rem_euclid(1 << 32)).unwrap_or_default()
    }
}

impl Shard {
    /// Drop what has ended; everything, if nobody looked for so long that old ticks could pass for new ones.
    fn sweep(&mut self, tick: Tick) {
        if self.latest - self.swept > Millis::from(u32::MAX / 4) {
            self.logs.clear();
        }
        self.logs.retain(|_, log| !log.is_over(tick));
        self.swept = self.latest;
    }
}
