//! KMIP over HTTPS as a client sees it: encodings, rules of HTTP, limits.

use super::support::*;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::HeaderMap;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use kmip_core::text::{json, xml};
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::Tag;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub(crate) const HTTPS: &str = "[server]\nhttps_addr = \"127.0.0.1:0\"\n";
pub(crate) const TTLV: &str = "application/octet-stream";

/// A server for HTTPS, and a connection of the scope `demo`.
pub(crate) async fn started(tables: &str) -> (Pki, TestServer, Stream) {
    let pki = Pki::new();
    let server = TestServer::start(&pki.config(tables));
    let stream = another(&pki, &server).await.unwrap();
    (pki, server, stream)
}

pub(crate) async fn another(pki: &Pki, server: &TestServer) -> std::io::Result<Stream> {
    let connector = pki.connector(Some(&pki.client("demo")), BOTH);
    connect(server.https_addr.unwrap(), connector).await
}

/// A connection that speaks HTTP by itself.
pub(crate) struct Http(SendRequest<Full<Bytes>>);

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Http {
    pub(crate) async fn over(stream: Stream) -> Self {
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Answer {
        self.0.ready().await.unwrap();
        let (head, body) = self.0.send_request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: head.status, headers: head.headers, body }
    }

    /// Posts a message as it is meant to be posted.
    pub(crate) async fn post(&mut self, content_type: &str, body: impl Into<Bytes>) -> Answer {
        self.send(request("POST", "/kmip", &[("content-type", content_type)], body)).await
    }
}

fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(body.into())).unwrap()
}

/// A message that comes back as it is, with `bytes` of data in it.
pub(crate) fn message(bytes: usize) -> Item {
    let count = Item { tag: Tag::BatchCount, value: Value::Integer(1) };
    let data = Item { tag: Tag::Data, value: Value::ByteString(vec![0xA5; bytes].into()) };
    Item { tag: Tag::RequestMessage, value: Value::Structure(vec![count, data]) }
}

fn forms(item: &Item) -> [(&'static str, Vec<u8>); 3] {
    [
        (TTLV, item.to_bytes()),
        ("text/xml", xml::to_xml(item).as_bytes().to_vec()),
        ("application/json", json::to_json(item).as_bytes().to_vec()),
    ]
}

#[tokio::test]
async fn message_is_answered_in_its_own_encoding() {
    let (_pki, _server, stream) = started(HTTPS).await;
    let mut http = Http::over(stream).await;
    // From small to all that a message may hold; all over one connection.
    for size in [0, 100, 16_384, 500_000, 1_048_576 - 32] {
        for (content_type, body) in forms(&message(size)) {
            let answer = http.post(content_type, body.clone()).await;
            assert_eq!(answer.status, 200, "{content_type} {size}");
            assert_eq!(answer.headers["content-type"], content_type);
            assert_eq!(answer.headers["content-length"], body.len().to_string());
            assert_eq!(answer.headers["cache-control"], "no-cache, no-store");
            assert!(answer.body == body, "{content_type} {size}");
        }
    }
}

#[tokio::test]
async fn synonyms_of_content_types_are_taken() {
    let (_pki, _server, stream) = started(HTTPS).await;
    let mut http = Http::over(stream).await;
    let [_, (_, xml), (_, json)] = forms(&message(8));
    for (sent, body, answered) in [
        ("application/xml", &xml, "text/xml"),
        ("TEXT/XML; charset=utf-8", &xml, "text/xml"),
        ("application/json; charset=\"UTF-8\"", &json, "application/json"),
    ] {
        let answer = http.post(sent, body.clone()).await;
        assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &body[..]), "{sent}");
        assert_eq!(answer.headers["content-type"], answered);
    }
}

#[tokio::test]
async fn what_is_no_post_of_a_message_is_refused_and_the_connection_lives_on() {
    let (_pki, _server, stream) = started(HTTPS).await;
    let mut http = Http::over(stream).await;
    let typed = [("content-type", TTLV)];
    for (method, path, headers, status) in [
        ("POST", "/", &typed[..], 404),
        ("GET", "/", &[], 404),
        ("POST", "/kmip/", &typed, 404),
        ("GET", "/kmip", &[], 405),
        ("PUT", "/kmip", &typed, 405),
        ("OPTIONS", "/kmip", &[], 405),
        ("POST", "/kmip", &[], 415),
        ("POST", "/kmip", &[("content-type", "text/plain")], 415),
        ("POST", "/kmip", &[("content-type", "text/xml; charset=utf-16")], 415),
        ("POST", "/kmip", &[("content-type", TTLV), ("content-encoding", "gzip")], 415),
    ] {
        let answer = http.send(request(method, path, headers, "some body")).await;
        assert_eq!(answer.status, status, "{method} {path} {headers:?}");
        assert_eq!(answer.headers["cache-control"], "no-cache, no-store");
        assert_eq!(answer.headers.get("allow").is_some(), status == 405);
        assert!(!answer.body.is_empty());
    }
    let body = message(1).to_bytes();
    assert_eq!(http.post(TTLV, body.clone()).await.body, body);
}

#[tokio::test]
async fn text_that_is_no_message_is_answered_in_kmip() {
    let (_pki, _server, stream) = started(HTTPS).await;
    let mut http = Http::over(stream).await;
    for body in ["", "{}", "[1]", "\u{FEFF}", "{\"tag\":\"RequestMessage\"", "<RequestMessage/>"] {
        let answer = http.post("application/json", body).await;
        assert_eq!(answer.status, 200, "{body}");
        assert_eq!(answer.body, r#"{"tag":"RequestMessage","value":[]}"#, "{body}");
    }
    let bomb = "<!DOCTYPE k [<!ENTITY a 'aa'><!ENTITY b '&a;&a;'>]><RequestMessage/>";
    for body in ["", "<RequestMessage>", bomb] {
        let answer = http.post("text/xml", body).await;
        assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &b"<RequestMessage/>"[..]));
    }
    let latin = http.post("text/xml", &b"<RequestMessage name='\xE9'/>"[..]).await;
    assert_eq!(latin.body, "<RequestMessage/>");
}

#[tokio::test]
async fn too_large_a_message_is_refused_whatever_its_encoding() {
    let (pki, server, stream) = started(HTTPS).await;
    let mut http = Http::over(stream).await;
    for (content_type, body) in forms(&message(1_048_576)) {
        assert_eq!(http.post(content_type, body).await.status, 413, "{content_type}");
        http = Http::over(another(&pki, &server).await.unwrap()).await;
    }
    let blank = " ".repeat(8 * 1_048_576 + 1);
    assert_eq!(http.post("application/json", blank).await.status, 413);
    assert_eq!(server.workers.panics(), 0);
}

/// Sends `text` raw, and gives all that comes until the server ends the stream.
async fn raw(stream: &mut Stream, text: &[u8]) -> String {
    stream.write_all(text).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn refusal_arrives_though_the_client_sends_on() {
    let (pki, server, mut stream) = started(HTTPS).await;
    let head = "POST /kmip HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n";
    let announced = format!("{head}content-length: 100000000\r\n\r\n{}", "x".repeat(1_000_000));
    let answer = raw(&mut stream, announced.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    // In pieces of unknown number, none of them too long by itself.
    let piece = format!("100000\r\n{}\r\n", "x".repeat(0x10_0000));
    let pieces = format!("{head}transfer-encoding: chunked\r\n\r\n{}", piece.repeat(10));
    let mut stream = another(&pki, &server).await.unwrap();
    let answer = raw(&mut stream, pieces.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn http_1_0_is_answered_and_closed() {
    let (_pki, _server, mut stream) = started(HTTPS).await;
    let body = json::to_json(&message(3));
    let text = format!(
        "POST /kmip HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        body.len(),
        *body
    );
    let answer = raw(&mut stream, text.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with(body.as_str()), "{answer}");
}

#[tokio::test]
async fn pipelined_and_chunked_requests_are_answered_in_order() {
    let (_pki, _server, mut stream) = started(HTTPS).await;
    let head = "POST /kmip HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n";
    let mut requests = String::new();
    for size in 0..20 {
        let body = json::to_json(&message(size));
        let (first, second) = body.split_at(body.len() / 2);
        let close = if size == 19 { "connection: close\r\n" } else { "" };
        requests += &format!(
            "{head}{close}transfer-encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
            first.len(),
            second.len()
        );
    }
    let answers = raw(&mut stream, requests.as_bytes()).await;
    let bodies = answers.split("\r\n\r\n").skip(1).map(|part| {
        let end = part.find("HTTP/1.1").unwrap_or(part.len());
        part[..end].to_owned()
    });
    let expected = (0..20).map(|size| json::to_json(&message(size)).to_string());
    assert_eq!(bodies.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn client_that_asks_first_is_told_to_go_on_or_not_to() {
    for (length, told) in [(100, "HTTP/1.1 100 Continue\r\n\r\n"), (9_000_000, "HTTP/1.1 413 ")] {
        let (_pki, _server, mut stream) = started(HTTPS).await;
        let head = format!(
            "POST /kmip HTTP/1.1\r\nhost: h\r\ncontent-type: text/xml\r\n\
             content-length: {length}\r\nexpect: 100-continue\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = vec![0; told.len()];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(String::from_utf8(answer).unwrap(), told);
    }
}

#[tokio::test]
async fn what_is_no_http_is_told_so() {
    let (_pki, _server, mut stream) = started(HTTPS).await;
    let answer = raw(&mut stream, &message(100_000).to_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let (_pki, _server, mut stream) = started(HTTPS).await;
    let endless = format!("POST /kmip HTTP/1.1\r\nx: {}", "y".repeat(100_000));
    let answer = raw(&mut stream, endless.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn panic_is_answered_and_the_connection_lives_on() {
    let (_pki, server, stream) = started(HTTPS).await;
    let mut http = Http::over(stream).await;
    assert_eq!(http.post(TTLV, frame(b"p")).await.body, frame(b"InternalError"));
    assert_eq!(http.post(TTLV, frame(b"hello")).await.body, frame(b"hello"));
    assert_eq!(server.workers.panics(), 1);
    // What a handler gives back is put into words only if it is KMIP.
    let panics = r#"{"tag":"RequestMessage","value":[{"tag":"0x700001"}]}"#;
    assert_eq!(http.post("application/json", panics).await.status, 500);
}
