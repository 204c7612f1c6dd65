//! Whether an object of another scope can be told from none by the time of the answer: a measurement,
//! run by hand, since a test must not hang on a clock:
//!
//! ```sh
//! CARGO_PROFILE_DEV_OPT_LEVEL=2 cargo test -p server --test pipeline -- --ignored isolation::timing
//! ```

use std::time::Instant;

use kmip_core::types::{Operation, Tag};

use super::requests::{self, Way, ways};
use super::{docs, message, mighty};
use crate::support::ask::{custom, uid};
use crate::support::random::Random;
use crate::support::tree::text;
use crate::support::{Client, World};

/// Samples of each class. Each is of another identifier: where it comes to lie costs something, too, and
/// with few of them that would be measured.
const SAMPLES: usize = 10_000;
/// Beyond this two means are taken to differ; the usual bound of tests for leaks.
const BOUND: f64 = 4.5;
/// The slowest samples tell of the machine's other work, and are left out: one in ten.
const KEPT_TENTHS: usize = 9;

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
    format!("{}-{}-{}-{}-{}", hex(8), hex(4), hex(4), hex(4), hex(12))
}

/// How long each message of each class took to be answered. The classes are mixed by lot, and the
/// messages made in the order of their use: where one lies in memory must not depend on its class.
fn measured<const N: usize>(
    asks: &Client<'_>,
    classes: &[Vec<String>; N],
    message: impl Fn(&str) -> Vec<u8>,
) -> [Vec<f64>; N] {
    let mut random = Random::new(2);
    let all = classes.iter().enumerate();
    let mut order: Vec<_> =
        all.flat_map(|(class, ids)| ids.iter().map(move |id| (class, id))).collect();
    for place in (1..order.len()).rev() {
        order.swap(place, random.below(place + 1));
    }
    let messages: Vec<_> = order.into_iter().map(|(class, id)| (class, message(id))).collect();
    let mut times = [const { Vec::new() }; N];
    for (class, message) in messages {
        let begun = Instant::now();
        let answer = asks.raw(&message);
        times[class].push(begun.elapsed().as_secs_f64());
        drop(answer);
    }
    times
}

/// The samples without the slowest of all, and the median in microseconds.
fn trimmed<const N: usize>(times: [Vec<f64>; N]) -> ([Vec<f64>; N], f64) {
    let mut all = times.concat();
    all.sort_by(f64::total_cmp);
    let limit = all[all.len() / 10 * KEPT_TENTHS];
    let kept = times.map(|times| times.into_iter().filter(|time| *time <= limit).collect());
    (kept, all[all.len() / 2] * 1e6)
}

#[test]
#[ignore = "a measurement"]
fn answers_take_as_long_for_another_scopes_object_as_for_none() {
    let world = World::assisted();
    let (owner, asks) = (mighty(&world, "demo"), mighty(&world, "mighty"));
    requests::equip(&asks);
    let mut random = Random::new(1);
    let mut never = || (0..SAMPLES).map(|_| invented(&mut random)).collect::<Vec<_>>();
    let foreign: Vec<_> = (0..SAMPLES).map(|_| owner.active(vec![custom("x-own", "1")])).collect();
    let classes = [foreign, never(), never()];
    // Both scopes have a past.
    for _ in 0..100 {
        asks.active(Vec::new());
    }
    let mut worst: f64 = 0.0;
    // What leaves something behind of the asker's own takes longer each time.
    let leaves = |way: &Way| {
        matches!(way.operation, Operation::Import | Operation::Register)
            || way.name.starts_with("AddAttribute,")
    };
    for way in ways().into_iter().filter(|way| !leaves(way)) {
        let times = measured(&asks, &classes, |id| message(&asks, &way, id));
        let (kept, median) = trimmed(times);
        let [foreign, never, again] = &kept;
        let (t, none) = (welch(foreign, never), welch(again, never));
        let figures = format!("|t| = {:5.2}, of none and none {:5.2}", t.abs(), none.abs());
        docs::say(&format!("{:32} {figures}, median {median:5.1} us", way.name));
        worst = worst.max(t.abs());
    }
    assert!(worst < BOUND, "|t| = {worst}");
}

/// The measure finds what there is to be found: an object of one's own.
#[test]
#[ignore = "a measurement"]
fn answers_take_another_time_for_an_object_of_ones_own() {
    let world = World::assisted();
    let asks = mighty(&world, "mighty");
    let mut random = Random::new(1);
    let own: Vec<_> = (0..SAMPLES).map(|_| asks.active(Vec::new())).collect();
    let never: Vec<_> = (0..SAMPLES).map(|_| invented(&mut random)).collect();
    // An answer without attributes: what it takes to find the object, and little else.
    let message = |id: &str| {
        let asked = vec![uid(id), text(Tag::AttributeName, "x-none")];
        asks.request().named(b"id", Operation::GetAttributes, asked).bytes()
    };
    let (kept, _) = trimmed(measured(&asks, &[own, never], message));
    let t = welch(&kept[0], &kept[1]).abs();
    docs::say(&format!("an own object and none: |t| = {t:.0}"));
    assert!(t > 10.0 * BOUND, "|t| = {t}");
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
