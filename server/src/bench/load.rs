//! The load: one thread per connection, each asking as soon as it has its answer.
//!
//! It runs on the machine of the server, so it must cost little: requests are encoded beforehand,
//! and of an answer only its Result Status is looked at.

use std::time::{Duration, Instant};

use kmip_core::ttlv::Limits;

use super::BenchError;
use crate::client::{Client, ClientError, Connector, outcome};
use kmip_core::message::ResponseMessage;

/// Result Status, Enumeration of 4 bytes: Success.
const SUCCESS: [u8; 12] = [0x42, 0x00, 0x7F, 0x05, 0, 0, 0, 4, 0, 0, 0, 0];

/// Connections that stay open from round to round.
pub(super) struct Load {
    lines: Vec<Line>,
}

/// One connection, with the requests it sends in turn.
struct Line {
    client: Client,
    requests: Vec<Vec<u8>>,
    next: usize,
    answer: Vec<u8>,
}

impl Load {
    /// Opens the connections and deals the requests out among them; each is sent once, so that
    /// first times are over before the first round.
    pub(super) fn open(
        connector: &Connector,
        connections: usize,
        requests: &[Vec<u8>],
    ) -> Result<Self, BenchError> {
        let mut lines = Vec::with_capacity(connections);
        for number in 0..connections {
            let mut dealt: Vec<_> =
                requests.iter().skip(number).step_by(connections).cloned().collect();
            if dealt.is_empty() {
                dealt.extend(requests.iter().cycle().nth(number).cloned());
            }
            let client = connector.connect()?;
            lines.push(Line { client, requests: dealt, next: 0, answer: Vec::new() });
        }
        let mut load = Self { lines };
        load.all(&|line| line.each_once())?;
        Ok(load)
    }

    /// Keeps all connections busy for `time`; gives answers per second.
    pub(super) fn round(&mut self, time: Duration) -> Result<f64, BenchError> {
        Ok(self.counted_round(time)?.1)
    }

    /// The same, with the number of answers.
    pub(super) fn counted_round(&mut self, time: Duration) -> Result<(u32, f64), BenchError> {
        let begun = Instant::now();
        let answers = self.all(&|line| line.until(begun + time))?;
        Ok((answers, f64::from(answers) / begun.elapsed().as_secs_f64()))
    }

    /// Keeps the first connection busy for `time`; gives what one answer of a hundred takes longer than.
    pub(super) fn p99(&mut self, time: Duration) -> Result<Duration, BenchError> {
        let line = self.lines.first_mut().ok_or(BenchError::Measure("no connection"))?;
        let (begun, mut taken) = (Instant::now(), Vec::new());
        while begun.elapsed() < time {
            let asked = Instant::now();
            line.ask()?;
            taken.push(asked.elapsed());
        }
        taken.sort_unstable();
        taken.get(taken.len() * 99 / 100).copied().ok_or(BenchError::Measure("no answer"))
    }

    /// Runs `work` on every connection at once; gives the sum.
    fn all(
        &mut self,
        work: &(dyn Fn(&mut Line) -> Result<u32, BenchError> + Sync),
    ) -> Result<u32, BenchError> {
        std::thread::scope(|scope| {
            let threads =
                self.lines.iter_mut().map(|line| scope.spawn(|| work(line))).collect::<Vec<_>>();
            threads.into_iter().try_fold(0, |sum, thread| {
                let count = thread.join().map_err(|_| BenchError::Measure("a thread died"))??;
                Ok(sum + count)
            })
        })
    }
}

impl Line {
    fn each_once(&mut self) -> Result<u32, BenchError> {
        for _ in 0..self.requests.len() {
            self.ask()?;
        }
        Ok(0)
    }

    fn until(&mut self, end: Instant) -> Result<u32, BenchError> {
        let mut answers = 0;
        while Instant::now() < end {
            self.ask()?;
            answers += 1;
        }
        Ok(answers)
    }

    fn ask(&mut self) -> Result<(), BenchError> {
        let request = self.requests.get(self.next).ok_or(BenchError::Measure("nothing to ask"))?;
        self.next = (self.next + 1) % self.requests.len();
        self.client.send(request)?;
        self.client.receive_into(&mut self.answer)?;
        if is_success(&self.answer) { Ok(()) } else { Err(refusal(&self.answer)) }
    }
}

/// The status comes before the payload, so that the search ends early.
pub(super) fn is_success(answer: &[u8]) -> bool {
    answer.windows(SUCCESS.len()).any(|window| window == SUCCESS)
}

/// Why an answer is no success.
fn refusal(answer: &[u8]) -> BenchError {
    let items = match ResponseMessage::decode(answer, &Limits::default()) {
        Ok(message) => message.items,
        Err(error) => return ClientError::Unreadable(error).into(),
    };
    match items.into_iter().find_map(|item| outcome(item).err()) {
        Some(error) => error.into(),
        None => BenchError::Measure("an answer without a Result Status"),
    }
}
