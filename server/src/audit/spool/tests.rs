//! The spool over sinks that do as they are told.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;
use crate::audit::Record;

/// A sink that asks the test what to do with each batch.
struct Told {
    verdicts: Receiver<io::Result<()>>,
    taken: Sender<Vec<u64>>,
}

impl Sink for Told {
    fn name(&self) -> String {
        "told".to_owned()
    }

    fn take(&mut self, lines: &[Arc<Line>]) -> io::Result<Option<u64>> {
        // A test that is over lets everything pass.
        self.verdicts.recv().unwrap_or(Ok(()))?;
        let _ = self.taken.send(lines.iter().map(|line| line.sequence).collect());
        Ok(None)
    }
}

struct Hand {
    verdicts: Sender<io::Result<()>>,
    taken: Receiver<Vec<u64>>,
}

impl Hand {
    fn pass(&self) {
        self.verdicts.send(Ok(())).unwrap();
    }

    fn fail(&self) {
        self.verdicts.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
    }
}

fn told(required: bool) -> (Port, Hand) {
    let ((verdicts, asked), (tell, taken)) = (channel(), channel());
    let sink = Box::new(Told { verdicts: asked, taken: tell });
    (Port { sink, required }, Hand { verdicts, taken })
}

fn spool<const N: usize>(ports: [Port; N]) -> (Arc<Spool>, Vec<JoinHandle<()>>) {
    let metrics = Metrics::new().unwrap();
    Spool::start(Chain::new("n", None), ports.into(), 3, metrics).unwrap()
}

#[test]
fn record_is_taken_when_any_sink_has_it() {
    let ((slow, _hand), (quick, hand)) = (told(false), told(false));
    let (spool, _threads) = spool([slow, quick]);
    let sequence = spool.append(Kind::Intent, "").unwrap();
    hand.pass();
    spool.settle(sequence).unwrap();
    assert_eq!(hand.taken.recv().unwrap(), [1]);
}

#[test]
fn record_is_not_taken_before_a_required_sink_has_it() {
    let ((required, slow), (other, quick)) = (told(true), told(false));
    let (spool, _threads) = spool([required, other]);
    let sequence = spool.append(Kind::Intent, "").unwrap();
    quick.pass();
    quick.taken.recv().unwrap();
    assert!(!spool.state().has_taken(sequence));
    slow.pass();
    spool.settle(sequence).unwrap();
    slow.fail();
    let sequence = spool.append(Kind::Intent, "").unwrap();
    quick.pass();
    assert_eq!(spool.settle(sequence), Err(Refused));
}

#[test]
fn stuck_sink_refuses_within_the_deadline_and_the_next_at_once() {
    let (port, hand) = told(false);
    let (spool, _threads) = spool([port]);
    let began = Instant::now();
    let sequence = spool.append(Kind::Intent, "").unwrap();
    assert_eq!(spool.settle(sequence), Err(Refused));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let began = Instant::now();
    assert_eq!(spool.append(Kind::Intent, ""), Err(Refused));
    assert!(began.elapsed() < Duration::from_millis(500));
    // Once it goes on, so does the service, and the log says how many were refused.
    hand.pass();
    hand.taken.recv().unwrap();
    let sequence = loop {
        match spool.append(Kind::Intent, "") {
            Ok(sequence) => break sequence,
            Err(Refused) => std::thread::yield_now(),
        }
    };
    assert_eq!(sequence, 3, "the first, the count of those refused, and this one");
    hand.pass();
    hand.pass();
    spool.settle(sequence).unwrap();
}

#[test]
fn failing_sink_refuses_at_once_and_loses_nothing_it_was_given() {
    let (port, hand) = told(false);
    let (spool, threads) = spool([port]);
    hand.fail();
    let sequence = spool.append(Kind::Intent, "").unwrap();
    assert_eq!(spool.settle(sequence), Err(Refused));
    let outcome = spool.append_always(Kind::Outcome, "");
    assert_eq!(spool.sinks()[0].waiting, 1, "the outcome waits behind what the sink has in hand");
    hand.pass();
    hand.pass();
    assert_eq!(hand.taken.recv().unwrap(), [sequence]);
    assert_eq!(hand.taken.recv().unwrap(), [outcome]);
    spool.end(Instant::now() + Duration::from_secs(10));
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn sink_that_is_behind_loses_the_oldest_and_says_how_many() {
    let ((port, hand), (other, quick)) = (told(false), told(false));
    let (spool, threads) = spool([port, other]);
    drop(quick);
    hand.fail();
    let first = spool.append(Kind::Intent, "").unwrap();
    spool.settle(first).unwrap();
    while spool.sinks()[0].up {
        std::thread::yield_now();
    }
    let most = u64::try_from(MOST_WAITING).unwrap();
    (0..most + 7).for_each(|_| {
        spool.append_always(Kind::Outcome, "");
    });
    let state = spool.sinks()[0].clone();
    // The first one is in its hands.
    assert_eq!((state.lost, state.waiting), (7, MOST_WAITING));
    drop(hand);
    spool.end(Instant::now() + Duration::from_secs(30));
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn end_writes_what_waits_and_gives_up_on_a_sink_that_fails() {
    let ((broken, failing), (working, hand)) = (told(false), told(false));
    let (spool, threads) = spool([broken, working]);
    (0..100).for_each(|_| failing.fail());
    (0..100).for_each(|_| hand.pass());
    let last = (0..10).map(|_| spool.append_always(Kind::Outcome, "")).max().unwrap();
    spool.end(Instant::now() + Duration::from_millis(200));
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let taken: Vec<u64> = hand.taken.iter().flatten().collect();
    assert_eq!(taken.last(), Some(&last));
    assert_eq!(spool.append(Kind::Intent, ""), Err(Refused), "it is over");
}

#[test]
fn head_is_due_after_so_many_records_and_not_for_heads_alone() {
    let (port, hand) = told(false);
    let (spool, _threads) = spool([port]);
    drop(hand);
    assert_eq!(spool.wait_for_head(Duration::ZERO), Some(None), "nothing has come");
    (0..3).for_each(|_| {
        spool.append_always(Kind::Outcome, "");
    });
    let due = spool.wait_for_head(Duration::from_secs(60)).unwrap().unwrap();
    assert_eq!(due.sequence, 3);
    spool.append_always(Kind::Head, "");
    spool.signed(due.sequence);
    assert_eq!(spool.wait_for_head(Duration::ZERO), Some(None));
    spool.end_heads();
    assert_eq!(spool.wait_for_head(Duration::from_secs(60)), None);
}

#[test]
fn callers_of_many_threads_make_one_chain() {
    let (port, hand) = told(false);
    let (spool, threads) = spool([port]);
    let numbers: Vec<u64> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    (0..50).map(|_| spool.append_always(Kind::Outcome, "")).collect::<Vec<_>>()
                })
            })
            .collect();
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    });
    assert_eq!(numbers.len(), 400);
    drop(hand.verdicts);
    spool.end(Instant::now() + Duration::from_secs(30));
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let taken: Vec<u64> = hand.taken.iter().flatten().collect();
    assert_eq!(taken, (1..=400).collect::<Vec<u64>>());
}

#[test]
fn facts_of_a_record_are_in_its_line() {
    let facts = Facts { operation: Some("Create".to_owned()), ..Facts::default() };
    let line = Chain::new("n", None).append(Kind::Intent, &facts.encoded());
    let record = Record::read(line.text.strip_suffix(b"\n").unwrap()).unwrap();
    assert_eq!(record.facts, facts);
}
