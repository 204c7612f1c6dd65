//! SIGKILL again and again while objects are made, brought, used and destroyed: the audit log holds,
//! and everything that was done, acknowledged or not, is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use rusqlite::{Connection, OpenFlags};
use server::audit::verify::{Knowledge, Report, verify};
use server::audit::{HEAD_SETTING, Kind, Outcome, Place, Record, files};
use server::client::{Client, ClientConfig, ClientError};
use server::store::read_setting;
use softhsm_tests::docs::say;
use softhsm_tests::requests::{self, Id, Shortcuts};
use softhsm_tests::server::Trial;

const ROUNDS: usize = 25;
/// Servers that are killed at the same time, each with a token of its own.
const SERVERS: usize = 2;
/// How many kills the long form takes.
const MANY: usize = 1_000;

/// What the server has acknowledged: the operation, and the object that it names.
type Acknowledged = (&'static str, Id);

type Work = fn(&mut Client, &Sender<Acknowledged>) -> Result<(), ClientError>;

fn make(client: &mut Client, told: &Sender<Acknowledged>) -> Result<(), ClientError> {
    let id = client.call(requests::create_aes(&[]))?.unique_identifier;
    told.send(("Create", id.clone())).unwrap();
    client.call(requests::activate(&id))?;
    told.send(("Activate", id.clone())).unwrap();
    for _ in 0..3 {
        client.encrypted(&id, b"used")?;
        told.send(("Encrypt", id.clone())).unwrap();
    }
    Ok(())
}

fn bring(client: &mut Client, told: &Sender<Acknowledged>) -> Result<(), ClientError> {
    let key = requests::register_aes(&[7; 32], &[requests::active_at_once()]);
    let id = client.call(key)?.unique_identifier;
    told.send(("Register", id)).unwrap();
    Ok(())
}

fn destroy(client: &mut Client, told: &Sender<Acknowledged>) -> Result<(), ClientError> {
    let id = client.call(requests::create_aes(&[]))?.unique_identifier;
    told.send(("Create", id.clone())).unwrap();
    client.call(requests::destroy(&id))?;
    told.send(("Destroy", id)).unwrap();
    Ok(())
}

fn until_killed(config: &ClientConfig, work: Work, told: &Sender<Acknowledged>) {
    let Ok(mut client) = Client::connect(config) else { return };
    loop {
        match work(&mut client, told) {
            Ok(()) => {}
            Err(ClientError::Closed | ClientError::Transport(_) | ClientError::Tls(_)) => return,
            Err(err) => panic!("{err}"),
        }
    }
}

/// Starts the server, has it work, and kills it after so many answers.
fn cycle(trial: &Trial, answers: usize) -> Vec<Acknowledged> {
    let server = trial.start();
    let (told, news) = channel();
    let config = server.ready().client();
    let works: [Work; 4] = [make, bring, destroy, make];
    let workers = works.map(|work| {
        let (config, told) = (config.clone(), told.clone());
        thread::spawn(move || until_killed(&config, work, &told))
    });
    drop(told);
    let mut acknowledged: Vec<Acknowledged> = news.iter().take(answers).collect();
    server.kill();
    // What was answered before the kill arrived counts as well.
    acknowledged.extend(news.iter());
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    acknowledged
}

fn log(trial: &Trial) -> Vec<PathBuf> {
    files::of_log(&trial.data().join("audit.log")).unwrap()
}

fn checked(trial: &Trial) -> Report {
    let signed: Option<Place> = read_setting(&trial.data().join("claviger.db"), HEAD_SETTING)
        .unwrap()
        .map(|json| serde_json::from_slice(&json).unwrap());
    assert!(signed.is_some(), "nothing was ever signed");
    let known = Knowledge { signed, ..Knowledge::default() };
    verify(&log(trial), &known).unwrap()
}

/// What the log tells, by object.
#[derive(Default)]
struct Told {
    /// Objects that an intent announced, by its operation.
    intended: BTreeSet<(String, String)>,
    succeeded: BTreeSet<(String, String)>,
    announced: BTreeSet<String>,
    torn: usize,
}

fn told(trial: &Trial) -> Told {
    let mut told = Told::default();
    let mut intents = BTreeMap::new();
    for file in log(trial) {
        for line in files::Lines::open(&file).unwrap() {
            let Record { sequence, kind, facts, .. } = Record::read(line.unwrap().text()).unwrap();
            let operation = facts.operation.clone().unwrap_or_default();
            let named = facts.objects.iter().map(|object| (operation.clone(), object.clone()));
            match kind {
                Kind::Intent => {
                    intents.insert(sequence, operation.clone());
                    told.intended.extend(named);
                }
                Kind::Making => {
                    let intent = facts.intent.unwrap();
                    assert_eq!(intents.get(&intent), Some(&operation), "record {sequence}");
                    told.announced.extend(facts.objects.iter().cloned());
                    told.intended.extend(named);
                }
                Kind::Outcome if facts.result == Some(Outcome::Success) => {
                    told.succeeded.extend(named);
                }
                Kind::Torn => told.torn += 1,
                _ => {}
            }
        }
    }
    told
}

/// Every row of the database, in whatever phase.
fn rows(database: &Path) -> BTreeSet<String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(database, flags).unwrap();
    let mut rows = connection.prepare("SELECT uid FROM object").unwrap();
    rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Kills one server so often; the number of records, and of lines that a kill had cut off.
fn kill_again_and_again(rounds: usize) -> (u64, usize) {
    let trial = Trial::new();
    let mut acknowledged = Vec::new();
    for round in 0..rounds {
        acknowledged.extend(cycle(&trial, 3 + round * 7 % 23));
    }
    // The last start sets right what the last kill has left.
    trial.start().stop();
    let report = checked(&trial);
    assert_eq!(report.findings, [], "after {rounds} kills");
    let told = told(&trial);
    for (operation, id) in &acknowledged {
        let it = ((*operation).to_owned(), id.as_str().to_owned());
        assert!(told.intended.contains(&it), "no intent: {it:?}");
        assert!(told.succeeded.contains(&it), "acknowledged, but no outcome: {it:?}");
    }
    for uid in rows(&trial.data().join("claviger.db")) {
        assert!(told.announced.contains(&uid), "object {uid} is on no record");
    }
    assert!(acknowledged.len() > rounds * 3, "{} acknowledged", acknowledged.len());
    (report.records, told.torn)
}

fn kill(rounds: usize) {
    let servers: Vec<_> = (0..SERVERS)
        .map(|_| thread::spawn(move || kill_again_and_again(rounds / SERVERS)))
        .collect();
    let (mut records, mut torn) = (0, 0);
    for server in servers {
        let (found, cut) = server.join().unwrap();
        (records, torn) = (records + found, torn + cut);
    }
    say(&format!("{rounds} kills: {records} records, {torn} cut off by a kill"));
}

#[test]
fn audit_log_holds_and_tells_everything_after_some_kills() {
    kill(ROUNDS * SERVERS);
}

#[test]
#[ignore = "takes a minute or more; `./test` runs it by itself"]
fn audit_log_holds_and_tells_everything_after_a_thousand_kills() {
    kill(MANY);
}
