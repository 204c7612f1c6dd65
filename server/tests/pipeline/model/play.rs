//! Plays a sequence against the server and against the model, and tells the first difference.

use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BatchErrorContinuationOption as Continuation, BlockCipherMode, CryptographicAlgorithm,
    CryptographicUsageMask as Mask, Operation, RecommendedCurve, ResultReason as Reason,
    ResultStatus as Status, StorageStatusMask, Tag,
};

use super::object::{Shown, custom_name, name_value, numbered, told, wire};
use super::rules::{Expected, Model};
use super::step::{Birth, Given, Kind, Op, Question, Step, Target, Wanted, Who};
use crate::support::answer::Outcome;
use crate::support::ask::{
    algorithm, attribute, attribute_at, create_of, create_pair, data, length, mask, on, plain_mode,
    register, template, uid,
};
use crate::support::tree::{Read, date, enumeration, integer, interval, long, structure, text};
use crate::support::{Client, START, World, keys};

/// Plays `steps` from the beginning.
///
/// # Errors
///
/// The first difference, in words.
pub(super) fn play(steps: &[Step]) -> Result<(), String> {
    let world = World::new();
    let mut game = Game { world: &world, model: Model::new(START) };
    for (place, step) in steps.iter().enumerate() {
        game.step(step).map_err(|difference| format!("step {place}: {difference}"))?;
    }
    game.look_at_everything()
}

struct Game<'a> {
    world: &'a World,
    model: Model,
}

impl Game<'_> {
    fn client(&self, who: Who) -> Client<'_> {
        match who {
            Who::Demo => self.world.demo(),
            Who::Other => self.world.other(),
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Pass(seconds) => {
                self.world.clock.advance(*seconds);
                self.model.now += seconds;
                Ok(())
            }
            Step::Ask(who, op) => self.message(*who, None, std::slice::from_ref(op)),
            Step::Batch(who, option, ops) => self.message(*who, Some(*option), ops),
        }
    }

    /// Sends one message and compares its answer, item by item.
    fn message(
        &mut self,
        who: Who,
        option: Option<Continuation>,
        ops: &[Op],
    ) -> Result<(), String> {
        self.model.let_time_pass();
        let client = self.client(who);
        let mut request = client.request();
        if let Some(option) = option {
            request = request.with(enumeration(Tag::BatchErrorContinuationOption, option.0));
        }
        for op in ops {
            let (operation, payload) = self.payload(op);
            request = request.next(operation, payload);
        }
        let reply = client.send(&request);
        let expected = self.model.answers(who, option, ops);
        if reply.len() != expected.len() {
            return Err(format!("{} items, expected {expected:?}", reply.len()));
        }
        let outcomes = (0..reply.len()).map(|place| reply.item(place)).collect::<Vec<_>>();
        for (outcome, expected) in outcomes.iter().zip(&expected) {
            self.learn(outcome, expected);
        }
        for ((outcome, expected), op) in outcomes.iter().zip(&expected).zip(ops) {
            self.compare(outcome, expected)
                .map_err(|difference| format!("{op:?}: {difference}"))?;
        }
        Ok(())
    }

    /// Takes the identifiers of new objects from the answer.
    fn learn(&mut self, outcome: &Outcome, expected: &Option<Expected>) {
        let (Some(Expected::Made(made)), Some(payload)) = (expected, &outcome.payload) else {
            return;
        };
        let tags = match made.as_slice() {
            [_] => vec![Tag::UniqueIdentifier],
            _ => vec![Tag::PrivateKeyUniqueIdentifier, Tag::PublicKeyUniqueIdentifier],
        };
        for (number, tag) in made.iter().zip(tags) {
            self.model.uids[*number] = payload.text(tag);
        }
    }

    fn compare(&self, outcome: &Outcome, expected: &Option<Expected>) -> Result<(), String> {
        let Some(expected) = expected else {
            let undone = outcome.status == Status::OperationUndone;
            return differ(!undone, || format!("expected to be undone, got {outcome:?}"));
        };
        let failed = outcome.status == Status::OperationFailed;
        let matches = match expected {
            Expected::Refused(reasons) => {
                failed && outcome.reason.is_some_and(|reason| reasons.contains(&reason))
            }
            Expected::RefusedSomehow => failed,
            _ => outcome.status == Status::Success,
        };
        let Some(payload) = outcome.payload.as_ref().filter(|_| matches) else {
            return differ(!matches, || format!("expected {expected:?}, got {outcome:?}"));
        };
        match expected {
            Expected::Done(number) => {
                let told = payload.text(Tag::UniqueIdentifier);
                differ(told != self.model.uids[*number], || format!("answered for {told}"))
            }
            Expected::Attributes(number, object) => {
                let expected = object.shown(*number, &self.model.uids);
                compare_attributes(&shown(payload), &expected)
            }
            Expected::Lease(changed) => {
                let expected =
                    [interval(Tag::LeaseTime, 3_600), date(Tag::LastChangeDate, *changed)];
                let told = payload.value.children().get(1..).unwrap_or_default();
                differ(told != expected, || format!("expected {expected:?}, got {told:?}"))
            }
            Expected::Found(numbers) => {
                let uids = numbers.iter().map(|number| self.model.uids[*number].clone());
                let mut expected = uids.collect::<Vec<_>>();
                let mut found = payload.texts(Tag::UniqueIdentifier);
                expected.sort();
                found.sort();
                differ(found != expected, || format!("expected {expected:?}, found {found:?}"))
            }
            _ => Ok(()),
        }
    }

    /// Compares every object, and what each client can find.
    fn look_at_everything(&mut self) -> Result<(), String> {
        for number in 0..self.model.uids.len() {
            let who = self.model.objects[number].owner;
            let told = !self.model.uids[number].is_empty();
            let place = self.model.uids[..number].iter().filter(|uid| !uid.is_empty()).count();
            if told {
                let op = Op::GetAttributes(Target::Made(place));
                self.message(who, None, &[op])
                    .map_err(|difference| format!("end: {difference}"))?;
            }
        }
        for who in [Who::Demo, Who::Other] {
            let all = [Op::Locate(Wanted::OnlineAndArchived)];
            self.message(who, None, &all).map_err(|difference| format!("end: {difference}"))?;
        }
        Ok(())
    }

    fn payload(&self, op: &Op) -> (Operation, Vec<Item>) {
        let now = self.model.now;
        let on = |target: &Target| match target {
            Target::Placeholder => Vec::new(),
            _ => {
                let meant = self.model.meant(*target);
                vec![uid(meant.map_or("nobody", |number| &self.model.uids[number]))]
            }
        };
        let with = |target: &Target, fields: Vec<Item>| [on(target), fields].concat();
        let ecb = || plain_mode(BlockCipherMode::ECB);
        match op {
            Op::Create(kind, birth) => {
                (Operation::Create, create_of([makings(*kind), birth_items(birth, now)].concat()))
            }
            Op::CreatePair(birth) => (Operation::CreateKeyPair, pair(birth, now)),
            Op::Register(kind, birth) => (Operation::Register, registration(*kind, birth, now)),
            Op::Activate(target) => (Operation::Activate, on(target)),
            Op::Revoke(target, code, occurred) => {
                let code = enumeration(Tag::RevocationReasonCode, code.0);
                let mut fields = vec![structure(Tag::RevocationReason, vec![code])];
                let since = occurred.map(|ahead| date(Tag::CompromiseOccurrenceDate, now + ahead));
                fields.extend(since);
                (Operation::Revoke, with(target, fields))
            }
            Op::Destroy(target) => (Operation::Destroy, on(target)),
            Op::Get(target) => (Operation::Get, on(target)),
            Op::GetAttributes(target) => (Operation::GetAttributes, on(target)),
            Op::Archive(target) => (Operation::Archive, on(target)),
            Op::Recover(target) => (Operation::Recover, on(target)),
            Op::Lease(target) => (Operation::ObtainLease, on(target)),
            Op::Allocate(target, units) => {
                let units = vec![long(Tag::UsageLimitsCount, *units)];
                (Operation::GetUsageAllocation, with(target, units))
            }
            Op::Check(target, asked) => (Operation::Check, with(target, vec![question(*asked)])),
            Op::Encrypt(target, bytes) => {
                (Operation::Encrypt, with(target, vec![ecb(), data(&vec![0; *bytes])]))
            }
            Op::Decrypt(target) => (Operation::Decrypt, with(target, vec![ecb(), data(&[0; 16])])),
            Op::Mac(target, bytes) => (Operation::MAC, with(target, vec![data(&vec![0; *bytes])])),
            Op::Sign(target, bytes) => {
                (Operation::Sign, with(target, vec![data(&vec![0; *bytes])]))
            }
            Op::Add(target, given) => {
                (Operation::AddAttribute, with(target, vec![item(*given, None, now)]))
            }
            Op::Modify(target, given, index) => {
                (Operation::ModifyAttribute, with(target, vec![item(*given, *index, now)]))
            }
            Op::Delete(target, given, index) => {
                let mut fields = vec![text(Tag::AttributeName, &wire(*given, now).0)];
                fields.extend(index.map(|index| integer(Tag::AttributeIndex, index)));
                (Operation::DeleteAttribute, with(target, fields))
            }
            Op::Locate(wanted) => (Operation::Locate, criteria(*wanted, now)),
            Op::ReKey(target, offset, birth) => {
                let mut fields = on(target);
                fields.extend(offset.map(|seconds| interval(Tag::Offset, seconds)));
                fields.push(template(birth_items(birth, now)));
                (Operation::ReKey, fields)
            }
        }
    }
}

fn differ(differs: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if differs { Err(what()) } else { Ok(()) }
}

fn compare_attributes(shown: &Shown, expected: &Shown) -> Result<(), String> {
    let missing = expected.iter().filter(|one| !shown.contains(one)).collect::<Vec<_>>();
    let surplus = shown.iter().filter(|one| !expected.contains(one)).collect::<Vec<_>>();
    differ(shown != expected, || format!("attributes: expected {missing:?}, got {surplus:?}"))
}

fn shown(payload: &Item) -> Shown {
    let attributes = payload.all(Tag::Attribute).into_iter().map(|attribute| {
        let index = attribute.child(Tag::AttributeIndex).map_or(0, Read::as_integer);
        let value = attribute.get(Tag::AttributeValue).value.clone();
        (attribute.text(Tag::AttributeName), index, value)
    });
    told(attributes.collect())
}

fn item(given: Given, index: Option<i32>, now: i64) -> Item {
    let (name, value) = wire(given, now);
    match index {
        None => attribute(&name, value),
        Some(index) => attribute_at(&name, index, value),
    }
}

fn birth_items(birth: &Birth, now: i64) -> Vec<Item> {
    birth.given.iter().map(|given| item(*given, None, now)).collect()
}

fn own_mask(kind: Kind) -> Option<Item> {
    kind.mask().map(|bits| mask(Mask(bits)))
}

fn makings(kind: Kind) -> Vec<Item> {
    let made = match kind {
        Kind::Hmac => CryptographicAlgorithm::HMAC_SHA256,
        _ => CryptographicAlgorithm::AES,
    };
    [Some(algorithm(made)), Some(length(256)), own_mask(kind)].into_iter().flatten().collect()
}

fn pair(birth: &Birth, now: i64) -> Vec<Item> {
    let curve = enumeration(Tag::RecommendedCurve, RecommendedCurve::P_256.0);
    let mut common = vec![
        algorithm(CryptographicAlgorithm::EC),
        attribute("Cryptographic Domain Parameters", Value::Structure(vec![curve])),
    ];
    let mut private = own_mask(Kind::Private).into_iter().collect::<Vec<_>>();
    for given in &birth.given {
        let place = if matches!(given, Given::Name(_)) { &mut private } else { &mut common };
        place.push(item(*given, None, now));
    }
    create_pair(common, private, own_mask(Kind::Public).into_iter().collect())
}

fn registration(kind: Kind, birth: &Birth, now: i64) -> Vec<Item> {
    let object = match kind {
        Kind::Secret => keys::secret(b"open sesame"),
        Kind::Opaque => keys::opaque(b"whatever"),
        _ => keys::aes_key(),
    };
    let attributes = own_mask(kind).into_iter().chain(birth_items(birth, now)).collect();
    register(kind.object_type(), attributes, object)
}

fn question(asked: Question) -> Item {
    match asked {
        Question::Units(units) => long(Tag::UsageLimitsCount, units),
        Question::Mask(bits) => integer(Tag::CryptographicUsageMask, i32::try_from(bits).unwrap()),
        Question::Lease(seconds) => interval(Tag::LeaseTime, seconds),
    }
}

fn criteria(wanted: Wanted, now: i64) -> Vec<Item> {
    let stored = |mask: StorageStatusMask| {
        vec![integer(Tag::StorageStatusMask, i32::try_from(mask.0).unwrap())]
    };
    let activated = |ahead| on(kmip_core::attribute::AttributeKind::ActivationDate, now + ahead);
    match wanted {
        Wanted::Everything => Vec::new(),
        Wanted::Archived => stored(StorageStatusMask::ArchivalStorage),
        Wanted::OnlineAndArchived => {
            stored(StorageStatusMask::OnLineStorage.union(StorageStatusMask::ArchivalStorage))
        }
        Wanted::Named(number) => vec![attribute("Name", name_value(number))],
        Wanted::Custom(name, value) => vec![attribute(&custom_name(name), numbered(value))],
        Wanted::InState(state) => vec![attribute("State", Value::Enumeration(state))],
        Wanted::OfKind(kind) => {
            vec![attribute("Object Type", Value::Enumeration(kind.object_type().0))]
        }
        Wanted::ActivatedWithin(from, to) => vec![activated(from), activated(to)],
        Wanted::Serving(bits) => vec![mask(Mask(bits))],
    }
}

impl Model {
    /// What must come of each item of a message; `None` for one that is undone. Items that no answer
    /// is due to are not there.
    fn answers(
        &mut self,
        who: Who,
        option: Option<Continuation>,
        ops: &[Op],
    ) -> Vec<Option<Expected>> {
        self.placeholder = None;
        self.touched.clear();
        self.may_be_undone = option == Some(Continuation::Undo);
        let before = self.clone();
        if option == Some(Continuation::Undo) && ops.iter().any(is_final) {
            let refused = Expected::Refused(vec![Reason::FeatureNotSupported]);
            return ops.iter().map(|_| Some(refused.clone())).collect();
        }
        let mut answers = Vec::new();
        for op in ops {
            let expected = self.carry_out(who, op);
            let failed = matches!(expected, Expected::Refused(_) | Expected::RefusedSomehow);
            if failed && option == Some(Continuation::Undo) {
                self.undo(&before);
                answers.iter_mut().for_each(|answer| *answer = None);
            }
            answers.push(Some(expected));
            if failed && option != Some(Continuation::Continue) {
                break;
            }
        }
        answers
    }

    /// All as it was, but for the Last Change Date of what was changed there and back.
    fn undo(&mut self, before: &Self) {
        let mut touched = std::mem::take(&mut self.touched);
        *self = before.clone();
        touched.retain(|number| *number < self.objects.len());
        for number in touched {
            self.objects[number].dates.insert("Last Change Date", self.now);
        }
    }
}

/// Whether what the operation does cannot be undone.
const fn is_final(op: &Op) -> bool {
    matches!(op, Op::Encrypt(..) | Op::Decrypt(_) | Op::Mac(..) | Op::Sign(..))
}
