//! Random sequences of operations against a small sequential model of the life cycle.
//!
//! `CLAVIGER_MODEL_SEQUENCES` says how many, and `CLAVIGER_MODEL_SEED` with which seed the first is
//! drawn: the seed of a failing one is told with the shortest sequence that still fails.

mod attributes;
mod making;
mod object;
mod play;
mod rules;
mod step;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::support::random::Random;
use step::Step;

const SEQUENCES: u64 = 10_000;
const FIRST_SEED: u64 = 20_260_801;

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap())
}

fn sequence(seed: u64) -> Vec<Step> {
    // Neighbouring seeds would begin alike.
    let mut random = Random::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    step::sequence(&mut random)
}

/// The first difference; an answer that breaks a rule of all answers is one, too.
fn difference(steps: &[Step]) -> Option<String> {
    match catch_unwind(AssertUnwindSafe(|| play::play(steps))) {
        Ok(Ok(())) => None,
        Ok(Err(difference)) => Some(difference),
        Err(_) => Some("a panic, told above".to_owned()),
    }
}

/// A sequence that still fails, and of which nothing can be left out.
fn shrink(mut steps: Vec<Step>) -> Vec<Step> {
    loop {
        let before = steps.len();
        let mut size = steps.len().div_ceil(2);
        while size > 0 {
            let mut place = 0;
            while place < steps.len() {
                let mut fewer = steps.clone();
                fewer.drain(place..steps.len().min(place + size));
                if difference(&fewer).is_some() {
                    steps = fewer;
                } else {
                    place += size;
                }
            }
            size /= 2;
        }
        shrink_batches(&mut steps);
        if steps.len() == before {
            return steps;
        }
    }
}

fn shrink_batches(steps: &mut Vec<Step>) {
    for place in 0..steps.len() {
        let mut item = 0;
        while let Step::Batch(who, option, ops) = &steps[place]
            && item < ops.len()
            && ops.len() > 1
        {
            let mut ops = ops.clone();
            ops.remove(item);
            let mut fewer = steps.clone();
            fewer[place] = Step::Batch(*who, *option, ops);
            if difference(&fewer).is_some() {
                *steps = fewer;
            } else {
                item += 1;
            }
        }
    }
}

#[test]
fn server_does_what_the_model_does() {
    let first = variable("CLAVIGER_MODEL_SEED", FIRST_SEED);
    let last = first + variable("CLAVIGER_MODEL_SEQUENCES", SEQUENCES);
    let next = AtomicU64::new(first);
    let look = || -> Option<u64> {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= last {
                return None;
            }
            if difference(&sequence(seed)).is_some() {
                // The other threads are done, too.
                next.store(last, Ordering::Relaxed);
                return Some(seed);
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let failed = thread::scope(|scope| {
        let threads = (0..threads).map(|_| scope.spawn(look)).collect::<Vec<_>>();
        threads.into_iter().filter_map(|thread| thread.join().unwrap()).min()
    });
    if let Some(seed) = failed {
        let steps = shrink(sequence(seed));
        let what = difference(&steps).unwrap_or_else(|| "not seen again".to_owned());
        panic!("seed {seed}: {what}\nafter {steps:#?}");
    }
}
