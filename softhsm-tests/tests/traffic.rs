//! A stop under load, and clients that waste a server's time.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::Write;
use std::net::TcpStream;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use kmip_core::message::ResponseMessage;
use kmip_core::ttlv::Limits;
use kmip_core::types::{CryptographicAlgorithm, ProtocolVersion, ResultStatus};
use server::client::{ClientError, encode_request};
use softhsm_tests::requests::{self, Shortcuts};
use softhsm_tests::server::Trial;

#[test]
fn stop_under_load_answers_what_is_in_flight_and_ends_with_success() {
    let trial = Trial::new();
    let mut server = trial.start();
    let id = server.client().make_aes(&[]).unwrap();

    // Work that is under way for seconds, and was sent long before the signal.
    let mut slow = server.client();
    let pair = requests::create_pair(CryptographicAlgorithm::RSA, 4096, &[]);
    slow.send(&encode_request(ProtocolVersion::NEWEST, pair.into())).unwrap();

    let (told, answers) = channel();
    let workers = [(); 4].map(|()| {
        let (mut client, id, told) = (server.client(), id.clone(), told.clone());
        thread::spawn(move || {
            loop {
                match client.encrypted(&id, b"load") {
                    Ok(_) => told.send(()).unwrap(),
                    Err(err) => return err,
                }
            }
        })
    });
    drop(told);
    assert_eq!(answers.iter().take(200).count(), 200);
    server.terminate();

    let answer = slow.receive().unwrap();
    let answer = ResponseMessage::decode(&answer, &Limits::default()).unwrap();
    assert_eq!(answer.items[0].result_status, ResultStatus::Success, "{answer:?}");
    for worker in workers {
        let end = worker.join().unwrap();
        let closed =
            matches!(end, ClientError::Closed | ClientError::Transport(_) | ClientError::Tls(_));
        assert!(closed, "{end}");
    }
    let status = server.wait();
    assert!(status.success(), "{status}");
}

#[test]
fn silent_and_dripping_clients_cost_nobody_else_anything() {
    let trial = Trial::new();
    let server = trial.start();
    let addr = server.ready().kmip_addr;
    let silent = (0..50).map(|_| TcpStream::connect(addr).unwrap()).collect::<Vec<_>>();
    // A TLS record that promises 512 bytes, of which one comes each second.
    let (stop, stopped) = channel::<()>();
    let mut dripping = (0..50).map(|_| TcpStream::connect(addr).unwrap()).collect::<Vec<_>>();
    let dripper = thread::spawn(move || {
        let mut bytes = [0x16, 0x03, 0x01, 0x02, 0x00].into_iter().chain(std::iter::repeat(1));
        loop {
            let byte = bytes.next().unwrap();
            // The server may have closed some by now, which is its right.
            dripping.iter_mut().for_each(|socket| drop(socket.write_all(&[byte])));
            if stopped.recv_timeout(Duration::from_secs(1)) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    });
    // One that finished its handshake and says half a message.
    let mut half = server.client();
    half.send(&encode_request(ProtocolVersion::NEWEST, requests::query().into())[..20]).unwrap();

    let started = Instant::now();
    let mut longest = Duration::ZERO;
    for _ in 0..5 {
        let mut client = server.client();
        let id = client.make_aes(&[]).unwrap();
        for _ in 0..40 {
            let began = Instant::now();
            client.encrypted(&id, b"as ever").unwrap();
            longest = longest.max(began.elapsed());
        }
    }
    // Generous for a busy machine, and far below every deadline of the server.
    assert!(longest < Duration::from_secs(2), "{longest:?}");
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    drop(stop);
    dripper.join().unwrap();
    drop((silent, half));
    server.stop();
}

/// However much one scope asks for, there is room for another.
#[test]
fn scope_that_fills_the_queue_shuts_no_other_out() {
    const THREADS: usize = 1;
    const QUEUE: usize = 4;
    let trial = Trial::new().recorded();
    trial.start().stop();
    trial.append_config(&format!("[workers]\nslow_threads = {THREADS}\nslow_queue = {QUEUE}\n"));
    let server = trial.start();
    trial.fail(&["C_GenerateKeyPair hang"]);
    let pair = || requests::create_pair(CryptographicAlgorithm::ECDSA, 256, &[]);
    let (told, answers) = channel();
    let greedy = [(); THREADS + QUEUE + 3].map(|()| {
        let (mut client, told) = (server.client(), told.clone());
        thread::spawn(move || told.send(client.call(pair()).map(drop)).unwrap())
    });
    let refused = || {
        let refused = answers.recv_timeout(Duration::from_secs(60)).unwrap().unwrap_err();
        assert!(refused.to_string().contains("overloaded"), "{refused}");
    };
    for _ in 0..3 {
        refused();
    }
    let mut other = server.other_client();
    let modest = thread::spawn(move || other.call(pair()).map(drop));
    // One more, in whose place the other one waits.
    refused();
    trial.fail(&[]);
    modest.join().unwrap().unwrap();
    greedy.into_iter().for_each(|thread| thread.join().unwrap());
    drop(told);
    assert_eq!(answers.iter().filter(Result::is_ok).count(), THREADS + QUEUE - 1);
    server.stop();
}
