//! Where a client is tested: a trial of its own, whose audit log is read when it ends.

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;

use softhsm_tests::docs;
use softhsm_tests::server::Trial;
use softhsm_tests::world::World;

use crate::{client, matrix};

/// The trial of one test of one client.
pub(crate) struct Ground {
    id: &'static str,
    world: World,
    /// What stands in the guide, and what stands in for it.
    stand_ins: Vec<(String, String)>,
}

/// What a guide leaves running in the background ends with its shell.
const CLEAN_UP: &str = "trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT";

impl Ground {
    /// Starts a trial for the client `id`, whose shell finds these programs by their names.
    pub(crate) fn new(id: &'static str, programs: &[(&str, PathBuf)]) -> Self {
        Self::of(id, Trial::new(), programs)
    }

    /// The same, in this trial.
    pub(crate) fn of(id: &'static str, trial: Trial, programs: &[(&str, PathBuf)]) -> Self {
        Self { id, world: World::of(trial, programs), stand_ins: Vec::new() }
    }

    /// The same, but for a configuration that `edit` has changed.
    pub(crate) fn configured(
        id: &'static str,
        programs: &[(&str, PathBuf)],
        edit: impl FnOnce(&Trial),
    ) -> Self {
        Self { id, world: World::configured(programs, edit), stand_ins: Vec::new() }
    }

    /// Has what `stands` in the guide, the address of another server for example, replaced by what
    /// the test has for it.
    pub(crate) fn with_stand_in(mut self, stands: &str, instead: &str) -> Self {
        self.stand_ins.push((stands.to_owned(), instead.to_owned()));
        self
    }

    /// Follows the client's guide from its first command to its last, in one shell, and returns what
    /// was said. What takes how long stands in what is told of a failure.
    pub(crate) fn follow_guide(&self) -> String {
        self.follow_guide_and("")
    }

    /// Follows the guide and then runs `more` in the same shell, with what the guide has exported.
    pub(crate) fn follow_guide_and(&self, more: &str) -> String {
        let guide = client::guide(self.id);
        let blocks = docs::blocks(&guide);
        assert!(!blocks.is_empty(), "the guide of {} has no commands", self.id);
        let mut lines = blocks.join("\n");
        for (stands, instead) in &self.stand_ins {
            lines = lines.replace(stands, instead);
        }
        // Each command is told as it begins, with the seconds that have gone by.
        self.world
            .succeed(&format!("{CLEAN_UP}\nPS4='+ ${{SECONDS}} s: '; set -x\n{lines}\n{more}"))
    }
}

impl Deref for Ground {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Ground {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // A test that fails tells nothing of what works.
        if !std::thread::panicking() {
            matrix::saw(self.id, &self.world.trial().data().join("audit.log"));
        }
    }
}
