//! How objects come into being in the model, and how one takes the place of another.

use std::collections::BTreeMap;

use kmip_core::types::{LinkType, ResultReason as Reason};

use super::object::{Object, State};
use super::rules::{Expected, Model, refuse_if, take_effect};
use super::step::{Birth, Date, Given, Kind, Target, Who};

/// Why an operation is to fail.
#[derive(Clone, Debug)]
pub(super) enum Refused {
    /// For one of these reasons.
    With(Vec<Reason>),
    /// For whatever reason.
    Somehow,
}

impl Refused {
    pub(super) fn with(reason: Reason) -> Self {
        Self::With(vec![reason])
    }
}

/// Pairs of dates of which the second may not be before the first.
const IN_ORDER: [(Date, Date); 3] = [
    (Date::Activation, Date::ProcessStart),
    (Date::ProtectStop, Date::Deactivation),
    (Date::Activation, Date::Deactivation),
];

/// Whether the pairs that `date` is of, or all, are in order.
pub(super) fn in_order(object: &Object, date: Option<Date>) -> bool {
    IN_ORDER.iter().all(|(first, second)| {
        let concerned = date.is_none_or(|date| date == *first || date == *second);
        let pair = object.date(*first).zip(object.date(*second));
        !concerned || pair.is_none_or(|(first, second)| first <= second)
    })
}

/// An object with nothing but what each has.
fn blank(owner: Who, kind: Kind, now: i64) -> Object {
    let dates = BTreeMap::from([("Initial Date", now), ("Last Change Date", now)]);
    Object {
        owner,
        kind,
        state: State::PreActive,
        dates,
        names: Vec::new(),
        customs: Vec::new(),
        contact: None,
        mask: kind.mask(),
        limits: None,
        revoked_for: None,
        links: Vec::new(),
        fresh: true,
        sensitive: false,
        always_sensitive: false,
        extractable: true,
        never_extractable: false,
    }
}

/// The index of one more instance.
pub(super) fn next_index(taken: impl Iterator<Item = i32>) -> i32 {
    taken.max().map_or(0, |highest| highest + 1)
}

/// Gives `object` an attribute, whatever it had.
pub(super) fn give(object: &mut Object, given: Given, now: i64) {
    match given {
        Given::Name(number) => {
            let index = next_index(object.names.iter().map(|name| name.0));
            object.names.push((index, number));
        }
        Given::Custom(name, value) => {
            let others = object.customs.iter().filter(|other| other.0 == name);
            let index = next_index(others.map(|other| other.1));
            object.customs.push((name, index, value));
        }
        Given::Contact(number) => object.contact = Some(number),
        Given::Date(date, ahead) => {
            object.dates.insert(date.name(), now + ahead);
        }
        Given::Limits(total, unit) => object.limits = Some((total, total, unit)),
        Given::Sensitive(yes) => object.sensitive = yes,
        Given::Extractable(yes) => object.extractable = yes,
        Given::Mask(mask) => object.mask = Some(mask),
        Given::ServersOwn => {}
    }
}

impl Model {
    /// Whether a Name is free in the client's scope; `but` may have it, and have it twice.
    pub(super) fn is_free(&self, who: Who, name: u8, but: Option<usize>) -> bool {
        !self.objects.iter().enumerate().any(|(number, object)| {
            object.owner == who
                && Some(number) != but
                && !object.is_destroyed()
                && object.names.iter().any(|own| own.1 == name)
        })
    }

    /// Completes a new object, which must be as it can be.
    fn born(&mut self, mut object: Object, predecessor: Option<usize>) -> Result<usize, Refused> {
        let who = object.owner;
        refuse_if(!in_order(&object, None), Reason::InvalidField)?;
        refuse_if(object.limits.is_some_and(|limits| limits.0 <= 0), Reason::InvalidField)?;
        let taken = object.names.iter().any(|name| !self.is_free(who, name.1, predecessor));
        refuse_if(taken, Reason::InvalidField)?;
        if who == Who::Other && object.kind != Kind::Public {
            (object.sensitive, object.extractable) = (true, false);
        }
        object.always_sensitive = object.sensitive;
        object.never_extractable = !object.extractable;
        while take_effect(&mut object, self.now).is_some() {}
        self.objects.push(object);
        self.uids.push(String::new());
        Ok(self.objects.len() - 1)
    }

    fn new_object(&self, who: Who, kind: Kind, birth: &Birth) -> Object {
        let mut object = blank(who, kind, self.now);
        birth.given.iter().for_each(|given| give(&mut object, *given, self.now));
        object
    }

    pub(super) fn create(
        &mut self,
        who: Who,
        kind: Kind,
        birth: &Birth,
    ) -> Result<Expected, Refused> {
        let mut object = self.new_object(who, kind, birth);
        object.dates.insert("Original Creation Date", self.now);
        let number = self.born(object, None)?;
        self.placeholder = Some(number);
        Ok(Expected::Made(vec![number]))
    }

    pub(super) fn register(
        &mut self,
        who: Who,
        kind: Kind,
        birth: &Birth,
    ) -> Result<Expected, Refused> {
        let number = self.born(self.new_object(who, kind, birth), None)?;
        self.placeholder = Some(number);
        Ok(Expected::Made(vec![number]))
    }

    pub(super) fn create_pair(&mut self, who: Who, birth: &Birth) -> Result<Expected, Refused> {
        let mut private = self.new_object(who, Kind::Private, birth);
        private.dates.insert("Original Creation Date", self.now);
        let mask = Kind::Public.mask();
        let mut public = Object { kind: Kind::Public, mask, ..private.clone() };
        public.names.clear();
        let (one, two) = (self.objects.len(), self.objects.len() + 1);
        private.links.push((LinkType::PublicKeyLink.0, two));
        public.links.push((LinkType::PrivateKeyLink.0, one));
        let made = vec![self.born(private, None)?, self.born(public, None)?];
        self.placeholder = Some(one);
        Ok(Expected::Made(made))
    }

    pub(super) fn re_key(
        &mut self,
        who: Who,
        target: Target,
        offset: Option<u32>,
        asked: &Birth,
    ) -> Result<Expected, Refused> {
        let old_number = self.in_use(who, target)?;
        let old = self.objects[old_number].clone();
        if !matches!(old.kind, Kind::Aes | Kind::Hmac) {
            return Err(Refused::with(Reason::PermissionDenied));
        }
        let mut heir = self.heritage(&old, asked);
        let dates_asked = asked.given.iter().any(|given| matches!(given, Given::Date(..)));
        match offset {
            Some(_) if dates_asked => return Err(Refused::with(Reason::InvalidMessage)),
            Some(seconds) => shift(&mut heir, self.now + i64::from(seconds))?,
            None => {}
        }
        for given in &asked.given {
            let had = matches!(given, Given::Name(name) if old.names.iter().any(|n| n.1 == *name));
            if !had {
                give(&mut heir, *given, self.now);
            }
        }
        heir.links.push((LinkType::ReplacedObjectLink.0, old_number));
        let number = self.born(heir, Some(old_number))?;
        self.objects[old_number].names.clear();
        self.objects[old_number].links.push((LinkType::ReplacementObjectLink.0, number));
        self.touch(old_number);
        self.placeholder = Some(number);
        Ok(Expected::Made(vec![number]))
    }

    /// What the new key has of the old one, but for what is asked in its stead.
    fn heritage(&self, old: &Object, asked: &Birth) -> Object {
        let mut heir = blank(old.owner, old.kind, self.now);
        heir.dates.insert("Original Creation Date", self.now);
        for date in [Date::Activation, Date::ProcessStart, Date::ProtectStop, Date::Deactivation] {
            if let Some(seconds) = old.date(date) {
                heir.dates.insert(date.name(), seconds);
            }
        }
        bring_in_order(&mut heir);
        let names = old.names.iter().map(|name| name.1).enumerate();
        heir.names = names.map(|(index, name)| (i32::try_from(index).unwrap(), name)).collect();
        let is_asked = |name: u8| {
            asked
                .given
                .iter()
                .any(|given| matches!(given, Given::Custom(other, _) if *other == name))
        };
        heir.customs = old.customs.iter().filter(|one| !is_asked(one.0)).copied().collect();
        heir.contact = old.contact;
        heir.limits = old.limits.map(|(total, _, unit)| (total, total, unit));
        (heir.sensitive, heir.extractable) = (old.sensitive, old.extractable);
        for given in &asked.given {
            if let Given::Date(date, _) = given {
                heir.dates.remove(date.name());
            }
        }
        heir
    }
}

/// What the life of the old key has set out of order is no wish for the new one.
fn bring_in_order(heir: &mut Object) {
    let end = heir.date(Date::Deactivation).unwrap_or(i64::MAX);
    for date in [Date::Activation, Date::ProtectStop] {
        if let Some(seconds) = heir.dates.get_mut(date.name()) {
            *seconds = end.min(*seconds);
        }
    }
    let begin = heir.date(Date::Activation).unwrap_or(i64::MIN);
    if let Some(start) = heir.dates.get_mut(Date::ProcessStart.name()) {
        *start = begin.max(*start);
    }
}

/// Moves the Activation Date, and the others by as much.
fn shift(heir: &mut Object, activation: i64) -> Result<(), Refused> {
    let before = heir.date(Date::Activation);
    for date in [Date::ProcessStart, Date::ProtectStop, Date::Deactivation] {
        if let Some(seconds) = heir.dates.get_mut(date.name()) {
            let before = before.ok_or_else(|| Refused::with(Reason::IllegalOperation))?;
            *seconds += activation - before;
        }
    }
    heir.dates.insert(Date::Activation.name(), activation);
    Ok(())
}
