//! `claviger audit`: what an auditor does with the files.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use spki::der::pem::{LineEnding, PemLabel};
use spki::{DecodePublicKey, Document, SubjectPublicKeyInfoRef};

use super::files::{self, FileLine, Lines};
use super::follow::Follower;
use super::show::{self, Filter};
use super::verify::{self, Knowledge, Report, VerifyingKey};
use super::{HEAD_SETTING, Kind, Place, Record};
use crate::cli::{AuditCommand, AuditFilterArgs, AuditLogArgs, AuditTailArgs, AuditVerifyArgs};
use crate::config::{Config, ConfigError, SinkKind};
use crate::store::{StoreError, read_setting};

/// How often a file that is followed is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The configuration does not hold.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The configuration names no file.
    #[error("{} has no [[audit.sink]] of type \"file\"; name the log's files", .0.display())]
    NoFile(PathBuf),
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file holds no public key.
    #[error("{}: this is no public key in PEM", .0.display())]
    PublicKey(PathBuf),
    /// The log names no key.
    #[error("the log names no key; it does once it was signed for the first time")]
    NoKey,
    /// The database cannot be read.
    #[error("the server's database: {0}")]
    Store(#[from] StoreError),
}

/// Carries out a command; false if the log does not hold.
///
/// # Errors
///
/// [`CommandError`].
pub fn run(command: &AuditCommand, say: &dyn Fn(&str)) -> Result<bool, CommandError> {
    match command {
        AuditCommand::Verify(args) => return verify(args, say),
        AuditCommand::Show(args) => {
            print(&args.filter, usize::MAX, &Log::find(&args.log)?.files, say)?;
        }
        AuditCommand::Tail(args) => tail(args, say)?,
        AuditCommand::Key(args) => say(key(&Log::find(&args.log)?.files)?.trim_end()),
    }
    Ok(true)
}

/// The files that are meant, and what the database knows of them.
struct Log {
    files: Vec<PathBuf>,
    signed: Option<Place>,
}

impl Log {
    /// Those named, in their order, or those of the first file sink of the configuration.
    fn find(args: &AuditLogArgs) -> Result<Self, CommandError> {
        if !args.files.is_empty() {
            let files = files::in_order(&args.files);
            let files = files.map_err(failed(args.files.first()))?;
            return Ok(Self { files, signed: None });
        }
        let config = Config::load(&args.config)?;
        let file = config.audit.sinks.iter().find_map(|sink| match &sink.kind {
            SinkKind::File(file) => Some(&file.path),
            SinkKind::Syslog(_) | SinkKind::Https(_) => None,
        });
        let path = file.ok_or_else(|| CommandError::NoFile(args.config.clone()))?;
        // Read before the files: a server that is running signs on meanwhile.
        let stored = read_setting(&config.store.path, HEAD_SETTING)?;
        let signed = stored.and_then(|json| serde_json::from_slice(&json).ok());
        Ok(Self { files: files::of_log(path).map_err(failed(Some(path)))?, signed })
    }
}

fn failed(path: Option<&PathBuf>) -> impl FnOnce(io::Error) -> CommandError {
    let path = path.cloned().unwrap_or_default();
    |source| CommandError::File { path, source }
}

fn verify(args: &AuditVerifyArgs, say: &dyn Fn(&str)) -> Result<bool, CommandError> {
    let log = Log::find(&args.log)?;
    let keys = args.public_key.iter().map(|file| public_key(file));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    let known = Knowledge { keys, signed: log.signed, from: args.from };
    let report = verify::verify(&log.files, &known).map_err(failed(log.files.last()))?;
    if args.json {
        say(&serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        say(&text(&report, log.files.len()));
    }
    Ok(report.findings.is_empty())
}

fn public_key(file: &Path) -> Result<VerifyingKey, CommandError> {
    let text = std::fs::read_to_string(file)
        .map_err(|source| CommandError::File { path: file.to_owned(), source })?;
    let wrong = || CommandError::PublicKey(file.to_owned());
    let document = Document::from_public_key_pem(&text).map_err(|_| wrong())?;
    VerifyingKey::read(document.as_bytes()).ok_or_else(wrong)
}

/// The report for a person.
fn text(report: &Report, files: usize) -> String {
    let number = |it: Option<u64>| it.map_or_else(|| "none".to_owned(), |it| it.to_string());
    let mut lines = vec![format!(
        "{} records, {} to {}, in {files} files",
        report.records,
        number(report.first),
        number(report.last)
    )];
    lines.push(format!("signed up to record {}, {} times", number(report.signed), report.heads));
    for key in &report.keys {
        let whose = if report.keys_of_the_log { "the log's own word" } else { "given" };
        lines.push(format!("signed by the key {} ({whose})", key.name));
    }
    lines.push(format!("intents without an outcome: {}", report.open));
    for finding in &report.findings {
        let place = match (&finding.file, finding.sequence) {
            (Some(file), Some(record)) => {
                format!("{}:{}: record {record}: ", file.display(), finding.line)
            }
            (Some(file), None) => format!("{}:{}: ", file.display(), finding.line),
            (None, Some(record)) => format!("record {record}: "),
            (None, None) => String::new(),
        };
        lines.push(format!("{place}{}", finding.why));
    }
    lines.push(match report.findings.len() {
        0 => "the log holds".to_owned(),
        count => format!("the log does not hold: {count} findings"),
    });
    lines.join("\n")
}

/// The first key that the log names, as PEM.
fn key(files: &[PathBuf]) -> Result<String, CommandError> {
    for file in files {
        for line in Lines::open(file).map_err(failed(Some(file)))? {
            let line = line.map_err(failed(Some(file)))?;
            let Ok(record) = Record::read(line.text()) else { continue };
            let named = record.facts.public_key.filter(|_| record.kind == Kind::Key);
            if let Some(spki) = named.and_then(|text| hex::decode(text).ok()) {
                let pem = Document::try_from(spki.as_slice()).ok().and_then(|document| {
                    document.to_pem(SubjectPublicKeyInfoRef::PEM_LABEL, LineEnding::LF).ok()
                });
                return pem.ok_or(CommandError::NoKey);
            }
        }
    }
    Err(CommandError::NoKey)
}

fn filter(args: &AuditFilterArgs) -> Filter {
    Filter {
        scope: args.scope.clone(),
        operation: args.operation.clone(),
        object: args.object.clone(),
        since: args.since.clone(),
        failed: args.failed,
    }
}

/// A line as it is wanted, if it is.
fn wanted(args: &AuditFilterArgs, filter: &Filter, line: &[u8]) -> Option<String> {
    let record = match Record::read(line) {
        Ok(record) => record,
        // What is no record is shown, so that nobody passes it over.
        Err(error) => return Some(format!("!! {error}; ask `claviger audit verify`")),
    };
    filter.takes(&record).then(|| {
        if args.json { String::from_utf8_lossy(line).into_owned() } else { show::row(&record) }
    })
}

/// Prints the last `most` of the records that are wanted.
fn print(
    args: &AuditFilterArgs,
    most: usize,
    files: &[PathBuf],
    say: &dyn Fn(&str),
) -> Result<(), CommandError> {
    let filter = filter(args);
    if !args.json {
        say(&show::header());
    }
    let mut last = VecDeque::new();
    for file in files {
        for line in Lines::open(file).map_err(failed(Some(file)))? {
            let line = line.map_err(failed(Some(file)))?;
            let Some(text) = wanted(args, &filter, line.text()) else { continue };
            if most == usize::MAX {
                say(&text);
                continue;
            }
            last.push_back(text);
            if last.len() > most {
                last.pop_front();
            }
        }
    }
    last.iter().for_each(|text| say(text));
    Ok(())
}

fn tail(args: &AuditTailArgs, say: &dyn Fn(&str)) -> Result<(), CommandError> {
    let log = Log::find(&args.log)?;
    let file = log.files.last().filter(|_| args.follow);
    // Opened before it is printed, so that nothing falls between the two.
    let follower = file.map(|file| Follower::at_the_end_of(file)).transpose();
    let follower = follower.map_err(failed(file))?;
    print(&args.filter, args.lines, &log.files, say)?;
    let Some(mut follower) = follower else { return Ok(()) };
    let filter = filter(&args.filter);
    let files = || match Log::find(&args.log) {
        Ok(log) => Ok(log.files),
        Err(CommandError::File { source, .. }) => Err(source),
        Err(error) => Err(io::Error::other(error)),
    };
    loop {
        let show = &mut |line: &FileLine| {
            wanted(&args.filter, &filter, line.text()).iter().for_each(|text| say(text));
        };
        follower.read_on(&files, show).map_err(failed(file))?;
        std::thread::sleep(LOOK_EVERY);
    }
}
