//! Where a client is tested: a trial of its own, whose audit log is read when it ends.

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;

use softhsm_tests::server::{TokenKind, Trial};
use softhsm_tests::world::World;
use softhsm_tests::{docs, port};

use crate::{client, matrix};

/// The trial of one test of one client.
pub(crate) struct Ground {
    id: &'static str,
    world: World,
    /// Ports of the guide, and what they are here.
    ports: Vec<(&'static str, u16)>,
}

/// What a guide leaves running in the background ends with its shell.
const CLEAN_UP: &str = "trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT";

impl Ground {
    /// Starts a trial for the client `id`, whose shell finds these programs by their names.
    pub(crate) fn new(id: &'static str, programs: &[(&str, PathBuf)]) -> Self {
        Self::of(id, Trial::on(TokenKind::SoftHsm), programs)
    }

    /// The same, in this trial.
    pub(crate) fn of(id: &'static str, trial: Trial, programs: &[(&str, PathBuf)]) -> Self {
        Self { id, world: World::of(trial, programs), ports: Vec::new() }
    }

    /// Has the guide's own servers listen on fresh ports instead of these.
    pub(crate) fn with_ports(mut self, ports: &[&'static str]) -> Self {
        self.ports.extend(ports.iter().map(|written| (*written, port::fresh())));
        self
    }

    /// Follows the client's guide from its first command to its last, in one shell, and returns what
    /// was said. What takes how long stands in what is told of a failure.
    pub(crate) fn follow_guide(&self) -> String {
        let guide = client::guide(self.id);
        let blocks = docs::blocks(&guide);
        assert!(!blocks.is_empty(), "the guide of {} has no commands", self.id);
        let mut lines = blocks.join("\n");
        for (written, fresh) in &self.ports {
            lines = lines.replace(written, &fresh.to_string());
        }
        // Each command is told as it begins, with the seconds that have gone by.
        self.world.succeed(&format!("{CLEAN_UP}\nPS4='+ ${{SECONDS}} s: '; set -x\n{lines}"))
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
