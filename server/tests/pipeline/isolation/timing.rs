//! Whether an object of another scope can be told from none by the time of the answer: a measurement,
//! run by hand, since a test must not hang on a clock:
//!
//! ```sh
//! CARGO_PROFILE_DEV_OPT_LEVEL=2 cargo test -p server --test pipeline -- --ignored isolation::timing
//! ```

use std::time::Instant;

use kmip_core::ttlv::Item;
use kmip_core::types::Operation;

use super::requests::{self, ways};
use super::{docs, message, mighty};
use crate::support::World;
use crate::support::ask::custom;
use crate::support::random::Random;

/// Samples of each class.
const SAMPLES: usize = 10_000;
/// Objects of each class.
const OBJECTS: usize = 100;
/// Beyond this two means are taken to differ; the usual bound of tests for leaks.
const BOUND: f64 = 4.5;
/// The slowest samples tell of the machine's other work, and are left out: one in ten.
const KEPT: f64 = 0.9;

/// Welch's t of two samples.
fn welch(a: &[f64], b: &[f64]) -> f64 {
    let moments = |sample: &[f64]| {
        let count = f64::from(u32::try_from(sample.len()).unwrap());
        let mean = sample.iter().sum::<f64>() / count;
        let variance = sample.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    };
    let ((mean_a, error_a), (mean_b, error_b)) = (moments(a), moments(b));
    (mean_a - mean_b) / (error_a + error_b).sqrt()
}

/// An identifier of the form that the server makes.
fn invented(random: &mut Random) -> String {
    let mut hex = |digits: usize| -> String {
        (0..digits).map(|_| char::from_digit(u32::from(random.byte() & 15), 16).unwrap()).collect()
    };
    format!("{}-{}-4{}-a{}-{}", hex(8), hex(4), hex(3), hex(3), hex(12))
}

#[test]
#[ignore = "a measurement"]
fn answers_take_as_long_for_another_scopes_object_as_for_none() {
    let world = World::assisted();
    let owner = mighty(&world, "demo");
    let asks = mighty(&world, "mighty");
    requests::equip(&asks);
    let mut random = Random::new(1);
    let foreign: Vec<_> = (0..OBJECTS).map(|_| owner.active(vec![custom("x-own", "1")])).collect();
    let never: Vec<_> = (0..OBJECTS).map(|_| invented(&mut random)).collect();
    // Both scopes have a past, and the asker has objects of its own.
    for _ in 0..OBJECTS {
        asks.active(Vec::<Item>::new());
    }
    let mut worst: f64 = 0.0;
    for way in ways().into_iter().filter(|way| way.operation != Operation::Import) {
        let class =
            |ids: &[String]| -> Vec<_> { ids.iter().map(|id| message(&asks, &way, id)).collect() };
        // A Link is written to the asker's own object, so there is nothing to tell.
        if way.name.starts_with("AddAttribute,") {
            continue;
        }
        let classes = [class(&foreign), class(&never)];
        let mut times = [Vec::new(), Vec::new()];
        let warm_up = SAMPLES / 10;
        for round in 0..2 * (SAMPLES + warm_up) {
            let which = random.below(2);
            let message = &classes[which][random.below(OBJECTS)];
            let begun = Instant::now();
            let answer = asks.raw(message);
            let took = begun.elapsed().as_secs_f64();
            drop(answer);
            if round >= 2 * warm_up {
                times[which].push(took);
            }
        }
        let mut pooled = times.concat();
        pooled.sort_by(f64::total_cmp);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place in a list"
        )]
        let limit = pooled[(pooled.len() as f64 * KEPT) as usize];
        let kept = times
            .map(|sample| sample.into_iter().filter(|time| *time <= limit).collect::<Vec<_>>());
        let t = welch(&kept[0], &kept[1]);
        let median = pooled[pooled.len() / 2] * 1e6;
        docs::say(&format!("{:40} |t| = {:5.2}  median {median:7.1} us", way.name, t.abs()));
        worst = worst.max(t.abs());
    }
    assert!(worst < BOUND, "|t| = {worst}");
}

#[test]
fn welch_tells_samples_apart_that_differ() {
    let sample = |mean: f64| -> Vec<f64> {
        let mut random = Random::new(7);
        (0..1_000).map(|_| mean + f64::from(random.byte()) / 255.0).collect()
    };
    assert!(welch(&sample(1.0), &sample(1.0)).abs() < 0.01);
    assert!(welch(&sample(1.0), &sample(1.1)).abs() > 4.5);
}
