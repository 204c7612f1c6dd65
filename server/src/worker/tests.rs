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
    bench_with(queue_deadline, 1)
}

/// One thread in each lane, and room for so many messages.
fn bench_with(queue_deadline: Duration, queue: usize) -> Bench {
    let (entered_tx, entered) = mpsc::channel();
    let (release, release_rx) = mpsc::channel();
    let lane = LaneConfig { threads: 1, queue };
    let config =
        WorkersConfig { io_threads: 1, none: lane, token: lane, slow: lane, queue_deadline };
    let double = Double { entered: entered_tx, release: Arc::new(Mutex::new(release_rx)) };
    let workers =
        Arc::new(Workers::start(&config, Arc::new(double), Metrics::new().unwrap()).unwrap());
    Bench { workers, entered, release }
}

fn principal() -> Arc<Principal> {
    client("demo", 0)
}

fn client(scope: &str, number: u8) -> Arc<Principal> {
    Arc::new(Principal {
        issuer: String::new(),
        serial: vec![1],
        spki_sha256: [0; 32],
        subject: String::new(),
        sans: Vec::new(),
        peer: "127.0.0.1:1".parse().unwrap(),
        certificate_sha256: [number; 32],
        not_after: DateTime(i64::MAX),
        origin: Origin::Mapped,
        scope: ScopeName::parse(scope).unwrap(),
        role: None,
    })
}

/// Submits on a thread of its own; the first poll has happened when the job is queued.
fn submit(bench: &Bench, message: &[u8]) -> JoinHandle<Vec<u8>> {
    submit_for(bench, principal(), message)
}

fn submit_for(bench: &Bench, principal: Arc<Principal>, message: &[u8]) -> JoinHandle<Vec<u8>> {
    let (workers, message) = (Arc::clone(&bench.workers), Wiping::new(message.to_vec()));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(workers.submit(&principal, message)).to_vec()
    })
}

fn wait_until_queued(bench: &Bench, jobs: usize) {
    wait_until(&bench.workers.shared.none, |state| state.jobs == jobs);
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
    wait_until(&bench.workers.shared.slow, |state| state.jobs == 1);
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
    wait_until(&bench.workers.shared.slow, |state| state.jobs == 1);
    assert_eq!(submit(&bench, b"elsewhere").join().unwrap(), b"Overloaded");
    bench.release.send(()).unwrap();
    assert_eq!(blocked.join().unwrap(), b"blocks");
    assert_eq!(waiting.join().unwrap(), b"elsewhere");
}

fn job(principal: Arc<Principal>, message: &[u8]) -> Job {
    let (answer, _) = oneshot::channel();
    Job { principal, message: Wiping::new(message.to_vec()), queued_at: Instant::now(), answer }
}

/// The first bytes of the next `count` messages, in whose place `-` stands for tasks; each takes a
/// millisecond.
fn order(queue: &LaneQueue, count: usize) -> String {
    let mut done = None;
    let mut order = String::new();
    for _ in 0..count {
        let (owner, work) = queue.pop(done.take()).unwrap();
        order.push(match work {
            Work::Message(job) => job.message.first().copied().unwrap().into(),
            Work::Task(_) => '-',
        });
        done = Some((owner, Duration::from_millis(1)));
    }
    order
}

#[test]
fn messages_and_tasks_take_turns() {
    let queue = LaneQueue::new(LaneConfig { threads: 1, queue: 9 });
    let owner = Owner::from(&*principal());
    for message in [b"1", b"2", b"3"] {
        assert!(queue.push(job(principal(), message)).is_ok());
        assert!(queue.push_task(&owner, Box::new(|| ())).is_none());
    }
    assert_eq!(order(&queue, 6), "1-2-3-");
}

#[test]
fn scopes_take_turns_and_in_each_its_clients() {
    let queue = LaneQueue::new(LaneConfig { threads: 1, queue: 99 });
    let busy = [("a", 1, "1111"), ("a", 2, "22"), ("b", 3, "333333")];
    for (scope, number, messages) in busy {
        for message in messages.bytes() {
            assert!(queue.push(job(client(scope, number), &[message])).is_ok());
        }
    }
    assert_eq!(order(&queue, 12), "132313231313");
}

#[test]
fn full_queue_makes_room_for_those_who_have_less_in_it() {
    let queue = LaneQueue::new(LaneConfig { threads: 1, queue: 4 });
    for message in [b"1", b"2", b"3", b"4"] {
        assert!(queue.push(job(client("a", 1), message)).is_ok());
    }
    let push = |scope, number, message: &[u8; 1]| {
        let given = queue.push(job(client(scope, number), message)).err();
        given.map(|(job, why)| (char::from(job.message[0]), why))
    };
    let refused = |message| Some((message, Refusal::Overloaded));
    assert_eq!(push("b", 2, b"b"), refused('4'), "the latest of who has most");
    assert_eq!(push("a", 3, b"c"), refused('3'), "another client of the same scope");
    assert_eq!(push("b", 2, b"d"), refused('2'), "whose scope has most");
    assert_eq!(push("b", 2, b"e"), refused('e'), "no scope would have more");
    assert_eq!(push("a", 1, b"f"), refused('f'), "nor a client of its own");
    assert_eq!(push("c", 1, b"g"), refused('d'), "the same certificate in another scope");
    assert_eq!(order(&queue, 4), "1bgc");
}

#[test]
fn request_that_made_room_for_another_is_answered() {
    let bench = bench_with(Duration::from_secs(60), 2);
    let blocked = submit(&bench, b"b");
    bench.entered.recv().unwrap();
    let first = submit(&bench, b"first");
    wait_until_queued(&bench, 1);
    let second = submit(&bench, b"second");
    wait_until_queued(&bench, 2);
    let modest = submit_for(&bench, client("other", 1), b"modest");
    assert_eq!(second.join().unwrap(), b"Overloaded");
    bench.release.send(()).unwrap();
    assert_eq!(blocked.join().unwrap(), b"b");
    assert_eq!(first.join().unwrap(), b"first");
    assert_eq!(modest.join().unwrap(), b"modest");
    assert_eq!(bench.workers.overloads(), 1);
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
