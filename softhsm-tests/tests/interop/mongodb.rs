//! MongoDB's client-side encryption, with pymongo and a stand-in for the database.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::client::{self, Client};
use crate::ground::Ground;

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "mongodb",
    name: "MongoDB client-side encryption",
    version: || client::python_release(CLIENT.id, &["pymongo", "pymongocrypt"]),
    use_case: "fields that the database sees encrypted only",
    needs: "`export=true`, unless `delegated` is set (recommended)",
    tests: &[
        ("guide", guide),
        ("both_modes_and_a_restart", both_modes_and_a_restart),
        ("without_export", without_export),
    ],
};

/// A stand-in for the database, in memory; it ends with the value.
struct Mongod {
    child: Child,
    addr: String,
}

impl Mongod {
    fn start() -> Self {
        let script = client::folder(CLIENT.id).join("mongod.py");
        let mut command = Command::new(client::venv(CLIENT.id));
        command.arg("-B").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut port = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut port).unwrap();
        Self { child, addr: format!("127.0.0.1:{}", port.trim()) }
    }
}

impl Drop for Mongod {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ground(mongod: &Mongod) -> Ground {
    let programs = [("python3", client::venv(CLIENT.id))];
    Ground::new(CLIENT.id, &programs).with_stand_in("127.0.0.1:27017", &mongod.addr)
}

fn guide() {
    let mongod = Mongod::start();
    assert!(ground(&mongod).follow_guide().contains("457-55-5462\n"));
}

/// Makes a role of the scope `mongodb` with these grants, and a file for the driver.
fn role(ground: &Ground, name: &str, grants: &[&str]) {
    let grants = grants.iter().map(|grant| format!("operation_{grant}=true ")).collect::<String>();
    let grants = grants.replace("operation_export", "export");
    ground.succeed(&format!(
        "{}claviger role set mongodb {name} {grants}\nclaviger credential generate mongodb {name} --out {name}\n\
         cat {name}/client.pem {name}/client.key > {name}/both.pem",
        client::ADMINISTRATION
    ));
}

fn step(ground: &Ground, mongod: &Mongod, step: &str, role: &str) {
    let script = client::folder(CLIENT.id).join("check.py");
    let said = ground.succeed(&format!(
        "export MONGODB_URI=mongodb://{} KMIP_CA=claviger-data/pki/ca.pem KMIP_ENDPOINT=127.0.0.1:5696\n\
         python3 -B {} {step} {role}/both.pem",
        mongod.addr,
        script.display()
    ));
    assert_eq!(said.trim(), format!("ok {step}"));
}

const DELEGATED: [&str; 4] = ["create", "activate", "encrypt", "decrypt"];

fn both_modes_and_a_restart() {
    let mongod = Mongod::start();
    let mut ground = ground(&mongod);
    ground.succeed(&format!("{}claviger scope create mongodb", client::ADMINISTRATION));
    role(&ground, "both", &[&DELEGATED[..], &["register", "get", "export"]].concat());
    role(&ground, "delegated", &DELEGATED);
    step(&ground, &mongod, "made", "both");
    step(&ground, &mongod, "found", "both");
    ground.restart();
    step(&ground, &mongod, "found", "both");
    step(&ground, &mongod, "rewrapped", "both");
    // No value of a key of the server is needed any more.
    step(&ground, &mongod, "found", "delegated");
    let other = "claviger scope create other\nclaviger role set other any operation_all=true\n\
                 claviger credential generate other any --out other\n\
                 cat other/client.pem other/client.key > other/both.pem";
    ground.succeed(&format!("{}{other}", client::ADMINISTRATION));
    step(&ground, &mongod, "stranger", "other");
}

fn without_export() {
    let mongod = Mongod::start();
    let ground = ground(&mongod);
    ground.succeed(&format!("{}claviger scope create mongodb", client::ADMINISTRATION));
    role(&ground, "all", &[&DELEGATED[..], &["register", "get"]].concat());
    step(&ground, &mongod, "without_export", "all");
}
