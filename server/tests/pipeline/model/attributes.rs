//! Add, Modify and Delete Attribute in the model.

use kmip_core::types::ResultReason as Reason;

use super::making::{Refused, give, in_order};
use super::object::{Object, State};
use super::rules::{Expected, Model, is_single, take_effect};
use super::step::{Date, Given, Kind, Target, Who};

impl Model {
    pub(super) fn add(
        &mut self,
        who: Who,
        target: Target,
        given: Given,
    ) -> Result<Expected, Refused> {
        let mut against = servers_own(given);
        let number = self.open(who, target, &mut against)?;
        let object = &self.objects[number];
        if is_single(given) && has(object, given) {
            against.push(Reason::IllegalOperation);
        }
        if let Given::Name(name) = given
            && !self.is_free(who, name, Some(number))
        {
            against.push(Reason::IllegalOperation);
        }
        let of_keys = matches!(
            given,
            Given::Limits(..) | Given::Date(Date::ProcessStart | Date::ProtectStop, _)
        );
        if of_keys && object.kind == Kind::Opaque {
            against.push(Reason::PermissionDenied);
        }
        self.oppose(object, given, &mut against);
        self.settle(number, given, against, |object, now| give(object, given, now))
    }

    pub(super) fn modify(
        &mut self,
        who: Who,
        target: Target,
        given: Given,
        index: Option<i32>,
    ) -> Result<Expected, Refused> {
        let mut against = servers_own(given);
        if matches!(given, Given::Mask(_)) {
            against.push(Reason::PermissionDenied);
        }
        let number = self.open(who, target, &mut against)?;
        let object = &self.objects[number];
        let index = index.unwrap_or(0);
        match given {
            _ if !has(object, given) => against.push(Reason::InvalidField),
            _ if !has_at(object, given, index) => against.push(Reason::ItemNotFound),
            _ => {}
        }
        if let Given::Name(name) = given
            && !self.is_free(who, name, Some(number))
        {
            against.push(Reason::IllegalOperation);
        }
        let locks = match given {
            Given::Sensitive(locks) => locks && !object.sensitive,
            Given::Extractable(leaves) => !leaves && object.extractable,
            _ => false,
        };
        if locks && self.may_be_undone {
            against.push(Reason::FeatureNotSupported);
        }
        self.oppose(object, given, &mut against);
        self.settle(number, given, against, |object, now| replace(object, given, index, now))
    }

    pub(super) fn delete(
        &mut self,
        who: Who,
        target: Target,
        given: Given,
        index: Option<i32>,
    ) -> Result<Expected, Refused> {
        let mut against = servers_own(given);
        let deletable = matches!(
            given,
            Given::Name(_) | Given::Custom(..) | Given::Contact(_) | Given::Limits(..)
        );
        if !deletable {
            against.push(Reason::PermissionDenied);
        }
        let number = self.open(who, target, &mut against)?;
        let object = &mut self.objects[number];
        let index = index.unwrap_or(0);
        if !has_at(object, given, index) {
            against.push(Reason::ItemNotFound);
        }
        if matches!(given, Given::Limits(..)) && is_drawn_on(object) {
            against.push(Reason::PermissionDenied);
        }
        if !against.is_empty() {
            return Err(Refused::With(against));
        }
        match given {
            Given::Name(_) => object.names.retain(|name| name.0 != index),
            Given::Custom(name, _) => object.customs.retain(|one| (one.0, one.1) != (name, index)),
            Given::Contact(_) => object.contact = None,
            _ => object.limits = None,
        }
        Ok(self.changed(number))
    }

    /// The object, if it can be changed; else whatever is against the request already counts too.
    fn open(&self, who: Who, target: Target, against: &mut Vec<Reason>) -> Result<usize, Refused> {
        self.in_use(who, target).map_err(|refused| match refused {
            Refused::With(mut reasons) => {
                reasons.append(against);
                // What is wrong with the attribute itself may be told first.
                reasons.push(Reason::InvalidField);
                Refused::With(reasons)
            }
            Refused::Somehow => Refused::Somehow,
        })
    }

    /// What state, dates and history have against the new value.
    fn oppose(&self, object: &Object, given: Given, against: &mut Vec<Reason>) {
        let starting = matches!(object.state, State::PreActive | State::Active);
        match given {
            Given::Date(date, ahead) => {
                let reached = object.date(date).is_some_and(|date| date <= self.now);
                let allowed = match date {
                    Date::Activation => object.state == State::PreActive,
                    Date::ProcessStart | Date::ProtectStop => starting && !reached,
                    Date::Deactivation => starting,
                };
                if !allowed {
                    against.push(Reason::PermissionDenied);
                }
                let mut after = object.clone();
                after.dates.insert(date.name(), self.now + ahead);
                if !in_order(&after, Some(date)) {
                    against.push(Reason::InvalidField);
                }
            }
            Given::Limits(total, _) => {
                if is_drawn_on(object) {
                    against.push(Reason::PermissionDenied);
                }
                if total <= 0 {
                    against.push(Reason::InvalidField);
                }
            }
            Given::Sensitive(false) if object.sensitive => against.push(Reason::PermissionDenied),
            Given::Extractable(true) if !object.extractable => {
                against.push(Reason::PermissionDenied);
            }
            _ => {}
        }
    }

    fn settle(
        &mut self,
        number: usize,
        given: Given,
        against: Vec<Reason>,
        change: impl FnOnce(&mut Object, i64),
    ) -> Result<Expected, Refused> {
        if !against.is_empty() {
            return Err(Refused::With(against));
        }
        let now = self.now;
        let object = &mut self.objects[number];
        change(object, now);
        if matches!(given, Given::Date(..)) {
            while take_effect(object, now).is_some() {}
        }
        Ok(self.changed(number))
    }
}

fn servers_own(given: Given) -> Vec<Reason> {
    match given {
        Given::ServersOwn => vec![Reason::PermissionDenied],
        _ => Vec::new(),
    }
}

fn is_drawn_on(object: &Object) -> bool {
    object.limits.is_some_and(|(total, left, _)| total != left)
}

fn has(object: &Object, given: Given) -> bool {
    match given {
        Given::Name(_) => !object.names.is_empty(),
        Given::Custom(name, _) => object.customs.iter().any(|one| one.0 == name),
        Given::Contact(_) => object.contact.is_some(),
        Given::Date(date, _) => object.date(date).is_some(),
        Given::Limits(..) => object.limits.is_some(),
        Given::Mask(_) => object.mask.is_some(),
        Given::Sensitive(_) | Given::Extractable(_) => true,
        Given::ServersOwn => false,
    }
}

fn has_at(object: &Object, given: Given, index: i32) -> bool {
    match given {
        Given::Name(_) => object.names.iter().any(|name| name.0 == index),
        Given::Custom(name, _) => object.customs.iter().any(|one| (one.0, one.1) == (name, index)),
        _ => index == 0 && has(object, given),
    }
}

/// Puts the given value in the place of the one at `index`.
fn replace(object: &mut Object, given: Given, index: i32, now: i64) {
    match given {
        Given::Name(number) => {
            object.names.iter_mut().filter(|name| name.0 == index).for_each(|name| name.1 = number);
        }
        Given::Custom(name, value) => {
            let own = object.customs.iter_mut().filter(|one| (one.0, one.1) == (name, index));
            own.for_each(|one| one.2 = value);
        }
        Given::Sensitive(yes) => {
            object.sensitive = yes;
            object.always_sensitive &= yes;
        }
        Given::Extractable(yes) => {
            object.extractable = yes;
            object.never_extractable &= !yes;
        }
        _ => give(object, given, now),
    }
}
