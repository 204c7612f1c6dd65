use super::*;
use crate::config::ScopeName;
use crate::identity::Origin;
use crate::metrics::Metrics;
use kmip_core::ttlv::DateTime;
use std::net::SocketAddr;
use std::sync::mpsc;

/// Serves by the first byte: `p` panics, `b` blocks until released, `l` is answered before its work,
/// which does as the second byte says, `e` is for the slow lane, anything else is echoed.
#[derive(Clone)]
struct Double {
    entered: mpsc::Sender<()>,
    release: Arc<Mutex<mpsc::Receiver<()>>>,
}

impl Double {
    fn block(&self) {
        self.entered.send(()).unwrap();
        self.release.lock().unwrap().recv().unwrap();
    }

    fn task(&self, message: &[u8]) -> Task {
        let (double, what) = (self.clone(), message.get(1).copied());
        Box::new(move || match what {
            Some(b'b') => double.block(),
            Some(b'p') => panic!("later"),
            _ => double.entered.send(()).unwrap(),
        })
    }
}

impl MessageHandler for Double {
    fn lane(&self, message: &[u8]) -> Lane {
        match message.last() {
            Some(b's') => Lane::Slow,
            Some(b'!') => panic!("lane"),
            _ => Lane::None,
        }
    }

    fn serve(&self, _: &Arc<Principal>, message: &[u8], lane: Lane) -> Served {
        match message.first() {
            Some(b'p') => panic!("served"),
            Some(b'b') => self.block(),
            Some(b'l') => return Served::Pending(b"later".to_vec(), self.task(message)),
            Some(b'e') if lane != Lane::Slow => return Served::Elsewhere(Lane::Slow),
            _ => {}
        }
        Served::Answer(message.to_vec())
    }

    fn refuse(&self, _: &[u8], why: Refusal) -> Vec<u8> {
        format!("{why:?}").into_bytes()
    }

    fn is_welcome(&self, _: &Principal) -> bool {
        true
    }

    fn turned_away(&self, _: SocketAddr, _: &'static str) {}

    fn unreadable_frame(&self, _: FrameFault) -> Option<Vec<u8>> {
        None
    }
}

struct Bench {
    workers: Arc<Workers>,
    entered: mpsc::Receiver<()>,
    release: mpsc::Sender<()>,
}

fn bench(queue_deadline: Duration) -> Bench {
    let (entered_tx, entered) = mpsc::channel();
    let (release, release_rx) = mpsc::channel();
    let lane = LaneConfig { threads: 1, queue: 1 };
    let config =
        WorkersConfig { io_threads: 1, none: lane, token: lane, slow: lane, queue_deadline };
    let double = Double { entered: entered_tx, release: Arc::new(Mutex::new(release_rx)) };
    let workers =
        Arc::new(Workers::start(&config, Arc::new(double), Metrics::new().unwrap()).unwrap());
    Bench { workers, entered, release }
}

fn principal() -> Arc<Principal> {
    Arc::new(Principal {
        issuer: String::new(),
        serial: vec![1],
        spki_sha256: [0; 32],
        subject: String::new(),
        sans: Vec::new(),
        peer: "127.0.0.1:1".parse().unwrap(),
        certificate_sha256: [0; 32],
        not_after: DateTime(i64::MAX),
        origin: Origin::Mapped,
        scope: ScopeName::parse("demo").unwrap(),
        role: None,
    })
}

/// Submits on a thread of its own; the first poll has happened when the job is queued.
fn submit(bench: &Bench, message: &[u8]) -> JoinHandle<Vec<u8>> {
    let (workers, message) = (Arc::clone(&bench.workers), Wiping::new(message.to_vec()));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(workers.submit(&principal(), message)).to_vec()
    })
}

fn wait_until_queued(bench: &Bench, jobs: usize) {
    wait_until(&bench.workers.shared.none, |state| state.jobs.len() == jobs);
}

fn wait_until(queue: &LaneQueue, is_so: impl Fn(&queue::QueueState) -> bool) {
    while !is_so(&locked(&queue.state)) {
        std::thread::yield_now();
    }
}

#[test]
fn panic_in_a_handler_costs_one_request() {
    let bench = bench(Duration::from_secs(60));
    assert_eq!(submit(&bench, b"p").join().unwrap(), b"InternalError");
    assert_eq!(submit(&bench, b"lane!").join().unwrap(), b"InternalError");
    assert_eq!(submit(&bench, b"hello").join().unwrap(), b"hello");
    assert_eq!(bench.workers.panics(), 2);
}

#[test]
fn full_queue_refuses_and_leaves_other_lanes_alone() {
    let bench = bench(Duration::from_secs(60));
    let blocked = submit(&bench, b"b");
    bench.entered.recv().unwrap();
    let waiting = submit(&bench, b"waiting");
    wait_until_queued(&bench, 1);
    assert_eq!(submit(&bench, b"more").join().unwrap(), b"Overloaded");
    assert_eq!(submit(&bench, b"slow lanes").join().unwrap(), b"slow lanes");
    bench.release.send(()).unwrap();
    assert_eq!(blocked.join().unwrap(), b"b");
    assert_eq!(waiting.join().unwrap(), b"waiting");
    assert_eq!(bench.workers.overloads(), 1);
}

#[test]
fn job_that_waited_beyond_the_deadline_is_refused() {
    let bench = bench(Duration::ZERO);
    assert_eq!(submit(&bench, b"late").join().unwrap(), b"Overloaded");
}

#[test]
fn stop_finishes_what_is_queued_and_refuses_the_rest() {
    let bench = bench(Duration::from_secs(60));
    let blocked = submit(&bench, b"b");
    bench.entered.recv().unwrap();
    let waiting = submit(&bench, b"waiting");
    wait_until_queued(&bench, 1);
    bench.release.send(()).unwrap();
    bench.workers.stop();
    assert_eq!(blocked.join().unwrap(), b"b");
    assert_eq!(waiting.join().unwrap(), b"waiting");
    assert_eq!(submit(&bench, b"late").join().unwrap(), b"ShuttingDown");
}

#[test]
fn work_goes_on_in_the_slow_lane_after_its_message_was_answered() {
    let bench = bench(Duration::from_secs(60));
    assert_eq!(submit(&bench, b"lb").join().unwrap(), b"later");
    bench.entered.recv().unwrap();
    assert_eq!(submit(&bench, b"quick").join().unwrap(), b"quick");
    let slow = submit(&bench, b"of the slow lanes");
    wait_until(&bench.workers.shared.slow, |state| state.jobs.len() == 1);
    assert!(!slow.is_finished(), "its only thread is at work");
    bench.release.send(()).unwrap();
    assert_eq!(slow.join().unwrap(), b"of the slow lanes");
}

#[test]
fn panic_in_work_that_goes_on_ends_no_thread() {
    let bench = bench(Duration::from_secs(60));
    assert_eq!(submit(&bench, b"lp").join().unwrap(), b"later");
    assert_eq!(submit(&bench, b"l").join().unwrap(), b"later");
    bench.entered.recv().unwrap();
    assert_eq!(bench.workers.panics(), 1);
}

#[test]
fn message_for_another_lane_waits_for_a_thread_of_that_one() {
    let bench = bench(Duration::from_secs(60));
    assert_eq!(submit(&bench, b"elsewhere").join().unwrap(), b"elsewhere");
    let blocked = submit(&bench, b"blocks");
    bench.entered.recv().unwrap();
    let waiting = submit(&bench, b"elsewhere");
    wait_until(&bench.workers.shared.slow, |state| state.jobs.len() == 1);
    assert_eq!(submit(&bench, b"elsewhere").join().unwrap(), b"Overloaded");
    bench.release.send(()).unwrap();
    assert_eq!(blocked.join().unwrap(), b"blocks");
    assert_eq!(waiting.join().unwrap(), b"elsewhere");
}

#[test]
fn messages_and_tasks_take_turns() {
    let queue = LaneQueue::new(LaneConfig { threads: 1, queue: 9 });
    for message in [b"1", b"2", b"3"] {
        let (answer, _) = oneshot::channel();
        let message = Wiping::new(message.to_vec());
        let queued_at = Instant::now();
        assert!(queue.push(Job { principal: principal(), message, queued_at, answer }).is_ok());
        assert!(queue.push_task(Box::new(|| ())).is_none());
    }
    let turns: Vec<_> = (0..6)
        .map(|_| match queue.pop() {
            Some(Work::Message(job)) => job.message.first().copied(),
            Some(Work::Task(_)) => None,
            None => panic!("closed"),
        })
        .collect();
    assert_eq!(turns, [Some(b'1'), None, Some(b'2'), None, Some(b'3'), None]);
}

#[test]
fn stop_finishes_work_that_has_begun_and_drops_the_rest() {
    let bench = bench(Duration::from_secs(60));
    assert_eq!(submit(&bench, b"lb").join().unwrap(), b"later");
    bench.entered.recv().unwrap();
    assert_eq!(submit(&bench, b"l").join().unwrap(), b"later");
    assert!(!bench.workers.stop_within(Duration::ZERO), "it is at work");
    bench.release.send(()).unwrap();
    assert!(bench.workers.stop_within(Duration::from_secs(60)));
    assert!(bench.entered.try_recv().is_err(), "the second was never begun");
}
