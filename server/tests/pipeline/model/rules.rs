//! The life cycle as the specification tells it, one operation after the other, in the plainest way.
//!
//! Nothing here is taken from the server's own code. Where several things stand against a request,
//! any of their reasons will do. Where the specification leaves a choice to the server, this is what
//! the documents say: docs/decisions/0019 and 0024.

use kmip_core::types::{ResultReason as Reason, RevocationReasonCode as Code};

use super::making::Refused;
use super::object::{Object, State};
use super::step::{Date, Given, Kind, Op, Question, Target, Unit, Wanted, Who};

/// Uses that protect: sign, encrypt, wrap, MAC and derive.
const PROTECTS: u32 = 0x1 | 0x4 | 0x10 | 0x80 | 0x200;

/// What must come of an operation.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    /// A failure with one of these reasons.
    Refused(Vec<Reason>),
    /// A failure: what is wrong is not of the life cycle.
    RefusedSomehow,
    /// A success that names this object.
    Done(usize),
    /// New objects.
    Made(Vec<usize>),
    /// The attributes of the object as it was.
    Attributes(usize, Box<Object>),
    /// A lease, and the Last Change Date with it.
    Lease(i64),
    /// These objects, in any order.
    Found(Vec<usize>),
}

/// Everything there is.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) now: i64,
    pub(super) objects: Vec<Object>,
    /// The identifier of each object, empty as long as no answer has told it.
    pub(super) uids: Vec<String>,
    pub(super) placeholder: Option<usize>,
    /// Those that the batch at hand has changed.
    pub(super) touched: Vec<usize>,
    /// Whether the message in hand is a batch with Undo.
    pub(super) may_be_undone: bool,
}

impl Model {
    pub(super) fn new(now: i64) -> Self {
        let (objects, uids, touched) = (Vec::new(), Vec::new(), Vec::new());
        Self { now, objects, uids, placeholder: None, touched, may_be_undone: false }
    }

    /// Lets dates take effect. They do so by themselves, in the second that they name.
    pub(super) fn let_time_pass(&mut self) {
        for object in &mut self.objects {
            while let Some(due) = take_effect(object, self.now) {
                object.dates.insert("Last Change Date", due);
            }
        }
    }

    /// The object that a step means, if it means one that has been told.
    pub(super) fn meant(&self, target: Target) -> Option<usize> {
        let known = (0..self.uids.len()).filter(|number| !self.uids[*number].is_empty());
        let known = known.collect::<Vec<_>>();
        match target {
            Target::Made(place) => known.get(place % known.len().max(1)).copied(),
            Target::Nobody => None,
            Target::Placeholder => self.placeholder,
        }
    }

    /// What comes of an operation, and what it leaves.
    pub(super) fn carry_out(&mut self, who: Who, op: &Op) -> Expected {
        match self.attempt(who, op) {
            Ok(expected) => expected,
            Err(Refused::With(reasons)) => Expected::Refused(reasons),
            Err(Refused::Somehow) => Expected::RefusedSomehow,
        }
    }

    fn attempt(&mut self, who: Who, op: &Op) -> Result<Expected, Refused> {
        match op {
            Op::Create(kind, birth) => self.create(who, *kind, birth),
            Op::CreatePair(birth) => self.create_pair(who, birth),
            Op::Register(kind, birth) => self.register(who, *kind, birth),
            Op::ReKey(target, offset, birth) => self.re_key(who, *target, *offset, birth),
            Op::Locate(wanted) => Ok(self.locate(who, *wanted)),
            Op::Activate(target) => self.activate(who, *target),
            Op::Revoke(target, code, occurred) => self.revoke(who, *target, *code, *occurred),
            Op::Destroy(target) => self.destroy(who, *target),
            Op::Get(target) => self.get(who, *target),
            Op::GetAttributes(target) => {
                let number = self.existing(who, *target)?;
                let object = Box::new(self.objects[number].clone());
                Ok(Expected::Attributes(number, object))
            }
            Op::Archive(target) => {
                let number = self.in_use(who, *target)?;
                self.objects[number].dates.insert("Archive Date", self.now);
                Ok(self.changed(number))
            }
            Op::Recover(target) => self.recover(who, *target),
            Op::Lease(target) => {
                let number = self.in_use(who, *target)?;
                let object = &self.objects[number];
                refuse_if(object.state == State::Compromised, Reason::PermissionDenied)?;
                Ok(Expected::Lease(object.dates["Last Change Date"]))
            }
            Op::Allocate(target, units) => self.allocate(who, *target, *units),
            Op::Check(target, question) => self.check(who, *target, *question),
            Op::Encrypt(target, bytes) => self.protect(who, *target, Kind::Aes, *bytes),
            Op::Mac(target, bytes) => self.protect(who, *target, Kind::Hmac, *bytes),
            Op::Sign(target, bytes) => self.protect(who, *target, Kind::Private, *bytes),
            Op::Decrypt(target) => self.decrypt(who, *target),
            Op::Add(target, given) => self.add(who, *target, *given),
            Op::Modify(target, given, index) => self.modify(who, *target, *given, *index),
            Op::Delete(target, given, index) => self.delete(who, *target, *given, *index),
        }
    }

    /// An object of the client's own, destroyed or not.
    pub(super) fn existing(&self, who: Who, target: Target) -> Result<usize, Refused> {
        let meant = self.meant(target).filter(|number| self.objects[*number].owner == who);
        meant.ok_or_else(|| Refused::with(Reason::ItemNotFound))
    }

    /// One that is neither destroyed nor archived.
    pub(super) fn in_use(&self, who: Who, target: Target) -> Result<usize, Refused> {
        let number = self.existing(who, target)?;
        let object = &self.objects[number];
        refuse_if(object.is_destroyed(), Reason::ItemNotFound)?;
        refuse_if(object.is_archived(), Reason::ObjectArchived)?;
        Ok(number)
    }

    /// A change was made: the Last Change Date tells.
    pub(super) fn changed(&mut self, number: usize) -> Expected {
        self.touch(number);
        Expected::Done(number)
    }

    pub(super) fn touch(&mut self, number: usize) {
        self.objects[number].dates.insert("Last Change Date", self.now);
        self.touched.push(number);
    }

    fn activate(&mut self, who: Who, target: Target) -> Result<Expected, Refused> {
        let number = self.in_use(who, target)?;
        let object = &mut self.objects[number];
        refuse_if(object.state != State::PreActive, Reason::PermissionDenied)?;
        object.dates.insert("Activation Date", self.now);
        while take_effect(object, self.now).is_some() {}
        Ok(self.changed(number))
    }

    fn revoke(
        &mut self,
        who: Who,
        target: Target,
        code: Code,
        occurred: Option<i64>,
    ) -> Result<Expected, Refused> {
        let number = self.existing(who, target)?;
        let now = self.now;
        let object = &mut self.objects[number];
        let compromise = matches!(code, Code::KeyCompromise | Code::CACompromise);
        let next = match (object.state, compromise) {
            (State::PreActive | State::Active | State::Deactivated, true) => State::Compromised,
            (State::Destroyed, true) => State::DestroyedCompromised,
            (State::Active, false) => State::Deactivated,
            (State::Destroyed | State::DestroyedCompromised, _) => {
                return Err(Refused::With(vec![Reason::ItemNotFound, Reason::PermissionDenied]));
            }
            _ => {
                let archived = object.is_archived().then_some(Reason::ObjectArchived);
                let date = occurred.map(|_| Reason::InvalidField);
                let state = Some(Reason::PermissionDenied);
                return Err(Refused::With([archived, date, state].into_iter().flatten().collect()));
            }
        };
        refuse_if(object.is_archived(), Reason::ObjectArchived)?;
        refuse_if(occurred.is_some() && !compromise, Reason::InvalidField)?;
        if compromise {
            let since = occurred.map_or(object.dates["Initial Date"], |ahead| now + ahead);
            object.dates.insert("Compromise Date", now);
            object.dates.insert("Compromise Occurrence Date", since);
        } else {
            object.dates.insert("Deactivation Date", now);
        }
        object.state = next;
        object.revoked_for = Some(code.0);
        Ok(self.changed(number))
    }

    fn destroy(&mut self, who: Who, target: Target) -> Result<Expected, Refused> {
        let number = self.in_use(who, target)?;
        let object = &mut self.objects[number];
        object.state = match object.state {
            State::PreActive | State::Deactivated => State::Destroyed,
            State::Compromised => State::DestroyedCompromised,
            _ => return Err(Refused::with(Reason::PermissionDenied)),
        };
        object.dates.insert("Destroy Date", self.now);
        Ok(self.changed(number))
    }

    fn get(&mut self, who: Who, target: Target) -> Result<Expected, Refused> {
        let number = self.in_use(who, target)?;
        let object = &mut self.objects[number];
        let mut against = Vec::new();
        if object.kind != Kind::Public && (!object.extractable || who == Who::Other) {
            against.push(Reason::NotExtractable);
        }
        if object.sensitive {
            against.push(Reason::Sensitive);
        }
        if !against.is_empty() {
            return Err(Refused::With(against));
        }
        if object.fresh {
            object.fresh = false;
            self.touch(number);
        }
        Ok(Expected::Done(number))
    }

    fn recover(&mut self, who: Who, target: Target) -> Result<Expected, Refused> {
        let number = self.existing(who, target)?;
        refuse_if(self.objects[number].is_destroyed(), Reason::ItemNotFound)?;
        if self.objects[number].dates.remove("Archive Date").is_some() {
            self.touch(number);
        }
        self.placeholder = Some(number);
        Ok(Expected::Done(number))
    }

    fn allocate(&mut self, who: Who, target: Target, units: i64) -> Result<Expected, Refused> {
        refuse_if(units <= 0, Reason::InvalidField)?;
        let number = self.in_use(who, target)?;
        let now = self.now;
        let object = &mut self.objects[number];
        let stopped = object.date(Date::ProtectStop).is_some_and(|stop| stop <= now);
        let mut against = Vec::new();
        if object.state != State::Active || stopped {
            against.push(Reason::PermissionDenied);
        }
        if object.mask.is_none_or(|mask| mask & PROTECTS == 0) {
            against.push(Reason::IllegalOperation);
        }
        match &mut object.limits {
            None => against.push(Reason::IllegalOperation),
            Some((_, left, _)) if *left < units => against.push(Reason::PermissionDenied),
            Some((_, left, _)) if against.is_empty() => *left -= units,
            Some(_) => {}
        }
        if against.is_empty() { Ok(self.changed(number)) } else { Err(Refused::With(against)) }
    }

    fn check(&mut self, who: Who, target: Target, asked: Question) -> Result<Expected, Refused> {
        let number = self.in_use(who, target)?;
        let object = &self.objects[number];
        let stopped = object.date(Date::ProtectStop).is_some_and(|stop| stop <= self.now);
        let over = !matches!(object.state, State::PreActive | State::Active) || stopped;
        let allowed = match asked {
            Question::Units(units) if units < 0 => {
                let known = object.limits.is_some();
                let more = (!known).then_some(Reason::IllegalOperation);
                let reasons = [Some(Reason::InvalidField), more];
                return Err(Refused::With(reasons.into_iter().flatten().collect()));
            }
            Question::Units(units) => match object.limits {
                None => return Err(Refused::with(Reason::IllegalOperation)),
                Some((_, left, _)) => units <= left,
            },
            Question::Mask(mask) => match object.mask {
                None => return Err(Refused::with(Reason::IllegalOperation)),
                Some(own) => own & mask == mask && (mask & PROTECTS == 0 || !over),
            },
            Question::Lease(seconds) => object.state != State::Compromised && seconds <= 3_600,
        };
        if allowed {
            return Ok(Expected::Done(number));
        }
        self.placeholder = None;
        Err(Refused::with(Reason::PermissionDenied))
    }

    fn protect(
        &mut self,
        who: Who,
        target: Target,
        kind: Kind,
        bytes: usize,
    ) -> Result<Expected, Refused> {
        let number = self.in_use(who, target)?;
        let now = self.now;
        let object = &mut self.objects[number];
        if object.kind != kind {
            return Err(Refused::Somehow);
        }
        let stopped = object.date(Date::ProtectStop).is_some_and(|stop| stop <= now);
        let early = object.date(Date::ProcessStart).is_some_and(|start| start > now);
        let ready = object.state == State::Active && !stopped && !early;
        refuse_if(!ready, Reason::PermissionDenied)?;
        if let Some((_, left, unit)) = &mut object.limits {
            let units = match unit {
                Unit::Byte => i64::try_from(bytes).unwrap(),
                Unit::Object => 1,
            };
            refuse_if(*left < units, Reason::PermissionDenied)?;
            *left -= units;
            self.touch(number);
        }
        Ok(Expected::Done(number))
    }

    fn decrypt(&mut self, who: Who, target: Target) -> Result<Expected, Refused> {
        let number = self.in_use(who, target)?;
        let object = &self.objects[number];
        if object.kind != Kind::Aes {
            return Err(Refused::Somehow);
        }
        let early = object.date(Date::ProcessStart).is_some_and(|start| start > self.now);
        refuse_if(early || object.state == State::PreActive, Reason::PermissionDenied)?;
        Ok(Expected::Done(number))
    }

    fn locate(&mut self, who: Who, wanted: Wanted) -> Expected {
        let found = (0..self.objects.len()).filter(|number| {
            let object = &self.objects[*number];
            object.owner == who && !object.is_destroyed() && self.is_wanted(object, wanted)
        });
        let found = found.collect::<Vec<_>>();
        self.placeholder = match found.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        Expected::Found(found)
    }

    fn is_wanted(&self, object: &Object, wanted: Wanted) -> bool {
        let online = !object.is_archived();
        match wanted {
            Wanted::Everything => online,
            Wanted::Archived => !online,
            Wanted::OnlineAndArchived => true,
            Wanted::Named(number) => online && object.names.iter().any(|name| name.1 == number),
            Wanted::Custom(name, value) => {
                online && object.customs.iter().any(|one| (one.0, one.2) == (name, value))
            }
            Wanted::InState(state) => online && object.state as u32 == state,
            Wanted::OfKind(kind) => online && object.kind.object_type() == kind.object_type(),
            Wanted::ActivatedWithin(from, to) => {
                let date = object.date(Date::Activation);
                let range = self.now + from..=self.now + to;
                online && date.is_some_and(|date| range.contains(&date))
            }
            Wanted::Serving(mask) => online && object.mask.is_some_and(|own| own & mask == mask),
        }
    }
}

/// The next transition that the dates call for by `now`, and when it was due.
pub(super) fn take_effect(object: &mut Object, now: i64) -> Option<i64> {
    let (date, next) = match object.state {
        State::PreActive => (Date::Activation, State::Active),
        State::Active => (Date::Deactivation, State::Deactivated),
        _ => return None,
    };
    let due = object.date(date).filter(|due| *due <= now)?;
    object.state = next;
    Some(due)
}

pub(super) fn refuse_if(against: bool, reason: Reason) -> Result<(), Refused> {
    if against { Err(Refused::with(reason)) } else { Ok(()) }
}

/// Whether the given attribute has one instance at most.
pub(super) const fn is_single(given: Given) -> bool {
    !matches!(given, Given::Name(_) | Given::Custom(..))
}
