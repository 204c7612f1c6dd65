//! How connections behave: order, deadlines, caps, the stop.

use super::support::*;
use server::net::listener::Stopped;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn started(tables: &str) -> (Pki, TestServer, Stream) {
    let pki = Pki::new();
    let server = TestServer::start(&pki.config(tables));
    let stream = another(&pki, &server).await.unwrap();
    (pki, server, stream)
}

async fn another(pki: &Pki, server: &TestServer) -> std::io::Result<Stream> {
    let connector = pki.connector(Some(&pki.client("demo")), BOTH);
    connect(server.addr, connector).await
}

#[tokio::test]
async fn messages_of_any_size_come_back_whole() {
    let (_pki, _server, mut stream) = started("").await;
    for size in [0, 1, 16_376, 16_377, 100_000, 1_048_568] {
        let body = vec![0x5A; size];
        assert_eq!(exchange(&mut stream, &body).await.unwrap(), body);
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let (_pki, _server, mut stream) = started("").await;
    let bodies = (0..50_u32).map(u32::to_be_bytes).collect::<Vec<_>>();
    let requests = bodies.iter().flat_map(|body| frame(body)).collect::<Vec<_>>();
    stream.write_all(&requests).await.unwrap();
    for body in bodies {
        assert_eq!(receive(&mut stream).await.unwrap(), body);
    }
}

#[tokio::test]
async fn sender_of_single_bytes_disturbs_nobody_and_is_answered() {
    let (pki, server, mut slow) = started("").await;
    let mut quick = another(&pki, &server).await.unwrap();
    for byte in frame(b"slowly") {
        slow.write_all(&[byte]).await.unwrap();
        slow.flush().await.unwrap();
        assert_eq!(exchange(&mut quick, b"hello").await.unwrap(), b"hello");
    }
    assert_eq!(receive(&mut slow).await.unwrap(), b"slowly");
}

#[tokio::test]
async fn one_answer_is_one_tls_record() {
    // Without tickets, every record after the handshake is an answer.
    let (_pki, _server, mut stream) = started(&format!("{TLS}session_resumption = false")).await;
    exchange(&mut stream, b"the handshake is over").await.unwrap();
    for size in [1, 300, 16_376] {
        stream.get_mut().0.received.clear();
        exchange(&mut stream, &vec![7; size]).await.unwrap();
        assert_eq!(records(&stream.get_ref().0.received), 1, "{size}");
    }
    stream.get_mut().0.received.clear();
    stream.write_all(&[frame(b"two"), frame(b"answers")].concat()).await.unwrap();
    receive(&mut stream).await.unwrap();
    receive(&mut stream).await.unwrap();
    assert_eq!(records(&stream.get_ref().0.received), 2);
}

fn records(mut received: &[u8]) -> usize {
    let mut count = 0;
    while let [0x17, _, _, high, low, rest @ ..] = received {
        received = &rest[usize::from(u16::from_be_bytes([*high, *low]))..];
        count += 1;
    }
    assert!(received.is_empty(), "something else than application data");
    count
}

#[tokio::test]
async fn oversized_message_is_refused_by_its_header_alone() {
    let (_pki, _server, mut stream) = started("").await;
    stream.write_all(&[0x42, 0, 0x78, 1, 0xFF, 0xFF, 0xFF, 0xF8]).await.unwrap();
    let answer = String::from_utf8(receive(&mut stream).await.unwrap()).unwrap();
    assert!(answer.starts_with("TooLarge { announced_bytes: 4294967296"), "{answer}");
    assert!(closed_cleanly(&mut stream).await);
}

#[tokio::test]
async fn other_protocol_gets_an_answer_and_the_end_though_it_sends_on() {
    let (_pki, _server, mut stream) = started("").await;
    stream.write_all(&[b"GET / HTTP/1.1\r\n", &[b'x'; 50_000][..]].concat()).await.unwrap();
    assert_eq!(receive(&mut stream).await.unwrap(), b"NotKmip");
    assert!(closed_cleanly(&mut stream).await);
}

#[tokio::test]
async fn panic_is_answered_and_the_connection_lives_on() {
    let (_pki, server, mut stream) = started("").await;
    assert_eq!(exchange(&mut stream, b"p").await.unwrap(), b"InternalError");
    assert_eq!(exchange(&mut stream, b"hello").await.unwrap(), b"hello");
    assert_eq!(server.workers.panics(), 1);
}

#[tokio::test]
async fn silent_client_is_closed_at_the_handshake_deadline() {
    let pki = Pki::new();
    let server = TestServer::start(&pki.config("[server]\nhandshake_timeout_ms = 50"));
    let mut socket = TcpStream::connect(server.addr).await.unwrap();
    assert_eq!(socket.read(&mut [0; 1]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn idle_client_is_closed_at_the_idle_deadline() {
    let (_pki, _server, mut stream) = started("[server]\nidle_timeout_ms = 50").await;
    assert!(closed_cleanly(&mut stream).await);
}

#[tokio::test]
async fn unfinished_message_is_closed_at_the_message_deadline() {
    for sent in [3, 8, 20] {
        let (_pki, _server, mut stream) = started("[server]\nmessage_timeout_ms = 50").await;
        stream.write_all(&frame(&[0; 100])[..sent]).await.unwrap();
        assert!(closed_cleanly(&mut stream).await);
    }
}

#[tokio::test]
async fn reader_of_nothing_is_closed_at_the_write_deadline() {
    let tables = "[server]\nwrite_timeout_ms = 50\nmax_message_bytes = 16777216";
    let (pki, server, mut stream) = started(tables).await;
    // More than the buffers of both sockets hold, so the answer cannot be written to its end.
    stream.write_all(&frame(&vec![1; 12_000_000])).await.unwrap();
    stream.flush().await.unwrap();
    let mut others = another(&pki, &server).await.unwrap();
    exchange(&mut others, b"hello").await.unwrap();
    // Reading would help the answer along; the stop tells that the server has let go.
    assert_eq!(server.stop().await.unwrap(), Stopped::Gracefully);
    assert!(receive(&mut stream).await.is_err());
}

#[tokio::test]
async fn connections_beyond_the_caps_are_closed_and_slots_come_back() {
    for tables in ["[server]\nmax_connections_per_ip = 1", "[server]\nmax_connections = 1"] {
        let (pki, server, mut first) = started(tables).await;
        exchange(&mut first, b"hello").await.unwrap();
        another(&pki, &server).await.unwrap_err();
        exchange(&mut first, b"still there").await.unwrap();
        first.shutdown().await.unwrap();
        // The slot comes back when the server has seen the end.
        let mut second = loop {
            if let Ok(second) = another(&pki, &server).await {
                break second;
            }
        };
        exchange(&mut second, b"hello").await.unwrap();
    }
}

#[tokio::test]
async fn stop_answers_what_is_in_flight_and_closes_the_rest() {
    let (pki, server, mut busy) = started("").await;
    let mut idle = another(&pki, &server).await.unwrap();
    exchange(&mut idle, b"hello").await.unwrap();
    busy.write_all(&frame(b"busy")).await.unwrap();
    let server = entered(server).await;
    let (addr, release) = (server.addr, server.release.clone());
    let stopping = server.stop();
    assert!(closed_cleanly(&mut idle).await);
    while TcpStream::connect(addr).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!stopping.is_finished());
    release.send(()).unwrap();
    assert_eq!(receive(&mut busy).await.unwrap(), b"busy");
    assert!(closed_cleanly(&mut busy).await);
    assert_eq!(stopping.await.unwrap(), Stopped::Gracefully);
}

#[tokio::test]
async fn stop_is_not_held_up_by_half_a_message() {
    let (pki, server, mut half) = started("").await;
    let mut whole = another(&pki, &server).await.unwrap();
    half.write_all(&frame(b"half")[..10]).await.unwrap();
    half.flush().await.unwrap();
    // The first half has been read when a later message of another connection is answered.
    exchange(&mut whole, b"hello").await.unwrap();
    assert_eq!(server.stop().await.unwrap(), Stopped::Gracefully);
    assert!(closed_cleanly(&mut half).await);
}

#[tokio::test]
async fn stop_waits_no_longer_than_configured() {
    let (_pki, server, mut busy) = started("[server]\nshutdown_timeout_ms = 50").await;
    busy.write_all(&frame(b"busy")).await.unwrap();
    let server = entered(server).await;
    let release = server.release.clone();
    assert_eq!(server.stop().await.unwrap(), Stopped::TimedOut);
    release.send(()).unwrap();
}
