//! Takes vectors through a server: several connections, each with one key at a time.

use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};

use kmip_core::attribute::{Attribute, AttributeKind, Link, UniqueIdentifier};
use kmip_core::message::{RequestItem, ResponseItem};
use kmip_core::payload::{RegisterRequest, RequestPayload, ResponsePayload};
use kmip_core::ttlv::Value;
use kmip_core::types::{
    BatchErrorContinuationOption, LinkType, ObjectType, ProtocolVersion, ResultStatus,
};
use server::client::{Client, Connector, request_header};
use softhsm_tests::requests;

use crate::report::Report;
use crate::vector::{Group, Judgement, Refusal, Set, Step, Vector};

/// Connections at a time.
const CONNECTIONS: usize = 4;
/// Items in a batch; the server takes 100.
const BATCH_ITEMS: usize = 40;
/// Groups that wait for a connection.
const WAITING: usize = 64;

type Answer = Result<ResponsePayload, Refusal>;

/// A group of vectors, and the set it belongs to.
struct Job {
    set: String,
    mechanism: String,
    group: Group,
}

/// Runs all vectors of `sets`, which are read while the first ones run.
pub(crate) fn run(connector: &Connector, sets: impl Iterator<Item = Set>) -> Report {
    let report = Mutex::new(Report::default());
    let (sender, jobs) = sync_channel(WAITING);
    // Gone with the last worker, so that nothing is sent to nobody.
    let jobs = Arc::new(Mutex::new(jobs));
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            let jobs = Arc::clone(&jobs);
            let report = &report;
            scope.spawn(move || work(connector, &jobs, report));
        }
        drop(jobs);
        let mut client = connector.connect().unwrap();
        for mut set in sets {
            leave_unserved(&mut client, &mut set);
            report.lock().unwrap().expect(&set);
            for group in set.groups {
                let job = Job { set: set.name.clone(), mechanism: set.mechanism.clone(), group };
                sender.send(job).unwrap();
            }
        }
        drop(sender);
    });
    report.into_inner().unwrap()
}

/// Asks the first key of a set in which all keys are alike: if that is not served, the others need
/// not be brought into the token only to hear the same.
fn leave_unserved(client: &mut Client, set: &mut Set) {
    const CAUSES: [&str; 2] = ["block cipher mode not supported", "the HSM lacks the mechanism"];
    let Some(first) = set.groups.first().filter(|_| set.alike) else { return };
    let judged = run_group(client, first).into_iter().flatten().collect::<Vec<_>>();
    let cause = CAUSES.into_iter().find(|cause| {
        let same = |judgement: &Judgement| *judgement == Judgement::Unserved((*cause).to_owned());
        judged.iter().all(same)
    });
    if let Some(cause) = cause {
        let count = set.groups.drain(..).map(|group| group.vectors.len()).sum::<usize>();
        *set.unasked.entry(cause.to_owned()).or_default() += count;
    }
}

fn work(connector: &Connector, jobs: &Mutex<Receiver<Job>>, report: &Mutex<Report>) {
    let mut client = connector.connect().unwrap();
    loop {
        let next = jobs.lock().unwrap().recv();
        let Ok(job) = next else { break };
        let judged = run_group(&mut client, &job.group);
        let mut report = report.lock().unwrap();
        for (vector, judgements) in job.group.vectors.iter().zip(judged) {
            report.add(&job.set, &job.mechanism, vector, judgements);
        }
    }
    client.close();
}

/// What came of every step of every vector of the group.
fn run_group(client: &mut Client, group: &Group) -> Vec<Vec<Judgement>> {
    let not_taken = |refusal| group.vectors.iter().map(|_| vec![not_taken(&refusal)]).collect();
    let mut wanted = group.key.clone();
    let next = match group.next.clone().map(|next| bring(client, next)).transpose() {
        Ok(next) => next,
        Err(refusal) => return not_taken(refusal),
    };
    if let Some(next) = &next {
        let link = Link { link_type: LinkType::NextLink, linked_object_identifier: next.clone() };
        let (name, value) = (AttributeKind::Link.into(), Value::of(&link));
        wanted.template_attribute.attributes.push(Attribute { name, index: None, value });
    }
    let key = match bring(client, wanted) {
        Ok(key) => key,
        Err(refusal) => return not_taken(refusal),
    };
    let steps = group.vectors.iter().flat_map(|vector| &vector.steps).collect::<Vec<_>>();
    let mut judged = run_steps(client, &key, &steps).into_iter();
    // Public keys are no token objects, which is what slows a token down when there are many.
    if group.key.object_type != ObjectType::PublicKey {
        destroy(client, &key);
        next.iter().for_each(|next| destroy(client, next));
    }
    let of = |vector: &Vector| judged.by_ref().take(vector.steps.len()).collect();
    group.vectors.iter().map(of).collect()
}

/// Registers a key.
fn bring(client: &mut Client, key: RegisterRequest) -> Result<UniqueIdentifier, Refusal> {
    match batch(client, vec![key.into()]).remove(0)? {
        ResponsePayload::Register(answer) => Ok(answer.unique_identifier),
        other => panic!("{:?}", other.operation()),
    }
}

fn destroy(client: &mut Client, key: &UniqueIdentifier) {
    let end = batch(client, vec![requests::revoke(key).into(), requests::destroy(key).into()]);
    assert!(end.iter().all(Result::is_ok), "the key cannot be destroyed: {end:?}");
}

/// The server did not take the key in.
fn not_taken(refusal: &Refusal) -> Judgement {
    if refusal.is_unserved() {
        return Judgement::Unserved(refusal.message.clone());
    }
    Judgement::Wrong(format!("Register: {:?}: {}", refusal.reason, refusal.message))
}

fn run_steps(client: &mut Client, key: &UniqueIdentifier, steps: &[&Step]) -> Vec<Judgement> {
    let mut judged = Vec::with_capacity(steps.len());
    let mut rest = steps;
    while !rest.is_empty() {
        let mut items = Vec::new();
        let mut taken = 0;
        for step in rest {
            items.push(step.ask.items(key));
            taken += 1;
            if items.iter().map(Vec::len).sum::<usize>() >= BATCH_ITEMS {
                break;
            }
        }
        let lengths = items.iter().map(Vec::len).collect::<Vec<_>>();
        let mut answers = batch(client, items.into_iter().flatten().collect()).into_iter();
        for (step, length) in rest[..taken].iter().zip(lengths) {
            let own = answers.by_ref().take(length).collect::<Vec<_>>();
            judged.push(step.want.judge(answer_of(own, step.ask.answer_at())));
        }
        rest = &rest[taken..];
    }
    judged
}

/// The answer that counts: the first refusal up to the item asked for, or its success.
fn answer_of(answers: Vec<Answer>, at: usize) -> Answer {
    let mut answers = answers.into_iter().take(at + 1);
    let mut last = answers.next().unwrap();
    for next in answers {
        last = last.and(next);
    }
    last
}

/// Sends a batch whose items do not depend on one another's success.
pub(crate) fn batch(client: &mut Client, payloads: Vec<RequestPayload>) -> Vec<Answer> {
    let count = payloads.len();
    let mut header = request_header(ProtocolVersion::NEWEST);
    header.batch_error_continuation_option = Some(BatchErrorContinuationOption::Continue);
    let item = |(number, payload): (usize, RequestPayload)| RequestItem {
        unique_batch_item_id: Some(number.to_be_bytes().to_vec()),
        ..RequestItem::new(payload)
    };
    let items = payloads.into_iter().enumerate().map(item).collect();
    let response = client.batch(header, items).unwrap();
    assert_eq!(response.items.len(), count, "{:?}", response.items.first());
    response.items.into_iter().map(outcome).collect()
}

fn outcome(item: ResponseItem) -> Answer {
    if item.result_status == ResultStatus::Success {
        return Ok(item.payload.unwrap());
    }
    Err(Refusal {
        reason: item.result_reason.unwrap(),
        message: item.result_message.unwrap_or_default(),
    })
}
