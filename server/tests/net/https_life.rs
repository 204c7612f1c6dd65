//! How HTTPS connections begin and end: who comes in, deadlines, the stop.

use super::https::{HTTPS, Http, TTLV, another, message, started};
use super::support::*;
use server::net::listener::Stopped;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const HEAD: &str = "POST /kmip HTTP/1.1\r\nhost: h\r\ncontent-type: application/octet-stream\r\n";

async fn whoami(pki: &Pki, server: &TestServer, client: Option<&str>) -> std::io::Result<String> {
    let files = client.map(|scope| pki.client(scope));
    let connector = pki.connector(files.as_ref(), BOTH);
    let mut stream = connect(server.https_addr.unwrap(), connector).await?;
    let request = format!("{HEAD}content-length: 9\r\nconnection: close\r\n\r\n");
    stream.write_all(&[request.as_bytes(), &frame(b"w")].concat()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test]
async fn clients_are_who_their_certificates_say() {
    let pki = Pki::new();
    let server = TestServer::start(&pki.config(HTTPS));
    for scope in ["demo", "other"] {
        let answer = whoami(&pki, &server, Some(scope)).await.unwrap();
        assert!(answer.contains(&format!("{scope} ")), "{answer}");
    }
    assert!(whoami(&pki, &server, Some("unknown")).await.is_err());
    assert!(whoami(&pki, &server, None).await.is_err());
}

#[tokio::test]
async fn client_that_is_admitted_no_more_gets_an_answer_and_no_other() {
    let pki = Pki::new();
    let server = TestServer::start(&pki.config(HTTPS));
    let connector = pki.connector(Some(&pki.client("demo")), BOTH);
    let mut stream = connect(server.https_addr.unwrap(), connector).await.unwrap();
    server.welcome.store(false, std::sync::atomic::Ordering::Relaxed);
    let request = format!("{HEAD}content-length: 9\r\n\r\n");
    stream.write_all(&[request.as_bytes(), &frame(b"w")].concat()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.contains("demo ") && answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn http_1_1_is_agreed_on_in_the_handshake() {
    let pki = Pki::new();
    let server = TestServer::start(&pki.config(HTTPS));
    let offering = |protocols: &[&str]| {
        let connector = pki.connector(Some(&pki.client("demo")), BOTH);
        let mut connector = Arc::unwrap_or_clone(connector);
        connector.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        connect(server.https_addr.unwrap(), Arc::new(connector))
    };
    let stream = offering(&["h2", "http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert!(offering(&["h2"]).await.is_err());
    // The other listener knows nothing of HTTP.
    let connector = pki.connector(Some(&pki.client("demo")), BOTH);
    let plain = connect(server.addr, connector).await.unwrap();
    assert_eq!(plain.get_ref().1.alpn_protocol(), None);
}

#[tokio::test]
async fn connections_of_both_kinds_are_counted_together() {
    let tables = format!("{HTTPS}max_connections = 2");
    let (pki, server, _first) = started(&tables).await;
    let connector = pki.connector(Some(&pki.client("demo")), BOTH);
    let mut plain = connect(server.addr, connector).await.unwrap();
    exchange(&mut plain, b"let in").await.unwrap();
    assert!(another(&pki, &server).await.is_err());
}

#[tokio::test]
async fn client_that_closes_its_side_is_answered() {
    let (_pki, _server, mut stream) = started(HTTPS).await;
    let request = format!("{HEAD}content-length: 10\r\n\r\n");
    stream.write_all(&[request.as_bytes(), &frame(b"hi")].concat()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.ends_with(&frame(b"hi")), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn half_a_message_ends_at_its_deadline_and_silence_at_another() {
    let tables = format!("{HTTPS}message_timeout_ms = 50\nidle_timeout_ms = 600000");
    for half in ["POST /km", &format!("{HEAD}content-length: 10\r\n\r\nhalf")] {
        let (_pki, _server, mut stream) = started(&tables).await;
        stream.write_all(half.as_bytes()).await.unwrap();
        assert!(closed_cleanly(&mut stream).await, "{half}");
    }
    let tables = format!("{HTTPS}message_timeout_ms = 600000\nidle_timeout_ms = 50");
    let (pki, server, mut stream) = started(&tables).await;
    assert!(closed_cleanly(&mut stream).await);
    // After an answer, too.
    let mut stream = another(&pki, &server).await.unwrap();
    let request = format!("{HEAD}content-length: 10\r\n\r\n");
    stream.write_all(&[request.as_bytes(), &frame(b"hi")].concat()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.ends_with(&frame(b"hi")));
}

#[tokio::test]
async fn work_takes_as_long_as_it_takes() {
    let tables = format!("{HTTPS}message_timeout_ms = 50\nidle_timeout_ms = 50");
    let (pki, server, mut stream) = started(&tables).await;
    let request = format!("{HEAD}content-length: 9\r\n\r\n");
    stream.write_all(&[request.as_bytes(), &frame(b"b")].concat()).await.unwrap();
    let server = entered(server).await;
    // One that is silent from now on is closed: the other's time would be over as well.
    assert!(closed_cleanly(&mut another(&pki, &server).await.unwrap()).await);
    server.release.send(()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.ends_with(&frame(b"b")));
}

#[tokio::test]
async fn stop_closes_idle_connections_and_waits_for_requests_in_flight() {
    let (pki, server, mut idle) = started(HTTPS).await;
    let mut used = Http::over(another(&pki, &server).await.unwrap()).await;
    used.post(TTLV, message(1).to_bytes()).await;
    let mut busy = Http::over(another(&pki, &server).await.unwrap()).await;
    let answer = tokio::spawn(async move { busy.post(TTLV, frame(b"b")).await });
    let server = entered(server).await;
    let release = server.release.clone();
    let running = server.stop();
    assert!(closed_cleanly(&mut idle).await);
    release.send(()).unwrap();
    let answer = answer.await.unwrap();
    assert_eq!(answer.body, frame(b"b"));
    assert_eq!(answer.headers["connection"], "close");
    assert_eq!(running.await.unwrap(), Stopped::Gracefully);
}

#[tokio::test]
async fn stop_is_not_held_up_by_half_a_message() {
    for half in ["POST /km", &format!("{HEAD}content-length: 10\r\n\r\nhalf")] {
        let (pki, server, mut stream) = started(HTTPS).await;
        stream.write_all(half.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        // The half has been read when a later message of another connection is answered.
        let mut whole = Http::over(another(&pki, &server).await.unwrap()).await;
        whole.post(TTLV, frame(b"hello")).await;
        assert_eq!(server.stop().await.unwrap(), Stopped::Gracefully);
        assert!(closed_cleanly(&mut stream).await, "{half}");
    }
}

#[tokio::test]
async fn reader_of_nothing_is_closed_at_the_write_deadline() {
    let tables = format!("{HTTPS}write_timeout_ms = 50\nmax_message_bytes = 16777216");
    let (pki, server, mut stream) = started(&tables).await;
    // More than the buffers of both sockets hold, so the answer cannot be written to its end.
    let body = frame(&vec![1; 12_000_000]);
    let request = format!("{HEAD}content-length: {}\r\n\r\n", body.len());
    stream.write_all(&[request.as_bytes(), &body].concat()).await.unwrap();
    stream.flush().await.unwrap();
    let mut other = Http::over(another(&pki, &server).await.unwrap()).await;
    other.post(TTLV, frame(b"hello")).await;
    assert_eq!(server.stop().await.unwrap(), Stopped::Gracefully);
    let mut answer = Vec::new();
    assert!(stream.read_to_end(&mut answer).await.is_err());
}
