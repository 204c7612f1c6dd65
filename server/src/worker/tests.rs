use super::*;
use crate::config::ScopeName;
use std::sync::mpsc;

/// Serves by the first byte: `p` panics, `b` blocks until released, anything else is echoed.
struct Double {
    entered: mpsc::Sender<()>,
    release: Mutex<mpsc::Receiver<()>>,
}

impl MessageHandler for Double {
    fn lane(&self, message: &[u8]) -> Lane {
        match message.last() {
            Some(b's') => Lane::Slow,
            Some(b'!') => panic!("lane"),
            _ => Lane::None,
        }
    }

    fn serve(&self, _: &Arc<Principal>, message: &[u8]) -> Vec<u8> {
        match message.first() {
            Some(b'p') => panic!("served"),
            Some(b'b') => {
                self.entered.send(()).unwrap();
                self.release.lock().unwrap().recv().unwrap();
            }
            _ => {}
        }
        message.to_vec()
    }

    fn refuse(&self, _: &[u8], why: Refusal) -> Vec<u8> {
        format!("{why:?}").into_bytes()
    }

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
    let double = Double { entered: entered_tx, release: Mutex::new(release_rx) };
    let workers = Arc::new(Workers::start(&config, Arc::new(double)).unwrap());
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
        scope: ScopeName::parse("demo").unwrap(),
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
    while locked(&bench.workers.shared.none.state).jobs.len() != jobs {
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
