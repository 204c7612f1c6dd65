//! New connections: handshake, one small question, goodbye.

use std::time::{Duration, Instant};

use kmip_core::payload::DiscoverVersionsRequest;
use kmip_core::types::ProtocolVersion;
use rustls::HandshakeKind;

use super::BenchError;
use super::load::is_success;
use super::trial::Trial;
use crate::client::{Connector, encode_request};

/// Clients that connect again and again, each with the TLS sessions it was given.
pub(super) struct Arrivals {
    connectors: Vec<Connector>,
    resumption: bool,
    question: Vec<u8>,
}

impl Arrivals {
    pub(super) fn new(trial: &Trial, clients: usize, resumption: bool) -> Result<Self, BenchError> {
        let question = DiscoverVersionsRequest { protocol_versions: Vec::new() };
        let arrivals = Self {
            connectors: (0..clients)
                .map(|_| trial.connector(resumption))
                .collect::<Result<_, _>>()?,
            resumption,
            question: encode_request(ProtocolVersion::NEWEST, question.into()),
        };
        // The first connection of a client has no session to resume.
        for connector in &arrivals.connectors {
            arrivals.arrive(connector)?;
        }
        Ok(arrivals)
    }

    /// Connections per second over `time`.
    pub(super) fn round(&self, time: Duration) -> Result<f64, BenchError> {
        let begun = Instant::now();
        let count = std::thread::scope(|scope| {
            let until = |connector| scope.spawn(move || self.until(connector, begun + time));
            let threads = self.connectors.iter().map(until).collect::<Vec<_>>();
            threads.into_iter().try_fold(0_u32, |sum, thread| {
                let count = thread.join().map_err(|_| BenchError::Measure("a thread died"))??;
                Ok::<_, BenchError>(sum + count)
            })
        })?;
        Ok(f64::from(count) / begun.elapsed().as_secs_f64())
    }

    fn until(&self, connector: &Connector, end: Instant) -> Result<u32, BenchError> {
        let mut count = 0;
        while Instant::now() < end {
            let kind = self.arrive(connector)?;
            if self.resumption != (kind == Some(HandshakeKind::Resumed)) {
                return Err(BenchError::Measure("sessions are not resumed as they should be"));
            }
            count += 1;
        }
        Ok(count)
    }

    fn arrive(&self, connector: &Connector) -> Result<Option<HandshakeKind>, BenchError> {
        let mut client = connector.connect()?;
        if !is_success(&client.send_raw(&self.question)?) {
            return Err(BenchError::Measure("a new connection was not answered"));
        }
        let kind = client.tls().handshake_kind();
        client.close();
        Ok(kind)
    }
}
