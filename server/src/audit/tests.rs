//! The log over real files, pipes and sockets.

use std::path::Path;

use super::*;
use crate::config::{FileSinkConfig, Fsync, SyslogAddress, SyslogSinkConfig};
use crate::metrics::Metrics;

fn file_sink(path: &Path) -> FileSinkConfig {
    let fsync = Fsync::Interval(Duration::from_millis(100));
    FileSinkConfig { path: path.to_owned(), max_bytes: 1 << 20, keep: None, fsync }
}

fn config(sinks: impl IntoIterator<Item = SinkKind>) -> AuditConfig {
    let sink = |kind| SinkConfig { required: false, kind };
    AuditConfig {
        node: "n".to_owned(),
        head_every: Duration::from_secs(60),
        head_records: 1_000,
        sinks: sinks.into_iter().map(sink).collect(),
    }
}

fn opened(config: &AuditConfig, signed: Option<Place>) -> Result<Audit, AuditError> {
    Audit::open(config, signed, Metrics::new().unwrap())
}

fn open(sink: FileSinkConfig) -> Audit {
    opened(&config([SinkKind::File(sink)]), None).unwrap()
}

fn facts(operation: &str) -> Facts {
    Facts { operation: Some(operation.to_owned()), ..Facts::default() }
}

fn records(file: &Path) -> Vec<Record> {
    let lines = files::Lines::open(file).unwrap();
    lines.map(|line| Record::read(line.unwrap().text()).unwrap()).collect()
}

fn clean(path: &Path) -> verify::Report {
    let files = files::of_log(path).unwrap();
    let report = verify::verify(&files, &verify::Knowledge::default()).unwrap();
    assert_eq!(report.findings, []);
    report
}

#[test]
fn intent_is_in_the_file_before_its_work_and_the_outcome_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let audit = open(file_sink(&path));
    let pending = audit.begin(facts("Create")).unwrap();
    let kinds = |records: &[Record]| records.iter().map(|it| it.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&records(&path)), [Kind::Start, Kind::Intent]);
    pending.finish(Outcome::Success, None).unwrap();
    let all = records(&path);
    assert_eq!(kinds(&all), [Kind::Start, Kind::Intent, Kind::Outcome]);
    assert_eq!(all[2].facts.intent, Some(all[1].sequence));
    drop(audit.begin(facts("Destroy")).unwrap());
    audit.tell(&facts("Query")).unwrap();
    audit.stop();
    let all = records(&path);
    assert_eq!(all[4].facts.result, Some(Outcome::Unknown), "nobody finished it");
    assert_eq!(clean(&path).open, 0);
}

#[test]
fn file_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    open(FileSinkConfig { fsync: Fsync::Always, ..file_sink(&path) }).stop();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn log_goes_on_where_the_last_run_ended_and_tells_of_a_torn_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    open(file_sink(&path)).stop();
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, [whole.as_slice(), b"{\"sequence\":2,\"ti"].concat()).unwrap();
    open(file_sink(&path)).stop();
    let all = records(&path);
    let kinds: Vec<Kind> = all.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [Kind::Start, Kind::Start, Kind::Torn]);
    assert_eq!(all[2].facts.count, Some(17));
    clean(&path);
}

#[test]
fn files_are_rotated_by_size_and_the_oldest_go_as_the_log_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let sink = FileSinkConfig { max_bytes: 2_000, keep: Some(2), ..file_sink(&path) };
    let audit = open(sink.clone());
    for _ in 0..60 {
        audit.tell(&facts("Query")).unwrap();
    }
    audit.stop();
    let rotated = files::rotated_files(&path).unwrap();
    assert_eq!(rotated.len(), 2, "{rotated:?}");
    let report = clean(&path);
    assert!(report.first.unwrap() > 1 && report.last.unwrap() > 61, "{report:?}");
    open(sink).stop();
    clean(&path);
}

#[test]
fn every_rotated_file_is_kept_where_nobody_says_how_many() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let audit = open(FileSinkConfig { max_bytes: 1_000, ..file_sink(&path) });
    for _ in 0..30 {
        audit.tell(&facts("Query")).unwrap();
    }
    audit.stop();
    assert!(files::rotated_files(&path).unwrap().len() > 5);
    let report = clean(&path);
    assert_eq!((report.first, report.records), (Some(1), 31));
}

#[test]
fn file_that_somebody_moves_away_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let audit = open(file_sink(&path));
    audit.tell(&facts("Query")).unwrap();
    let moved = folder.path().join("moved");
    std::fs::rename(&path, &moved).unwrap();
    let began = Instant::now();
    while !path.exists() {
        assert!(began.elapsed() < Duration::from_secs(20), "the file is not made again");
        // A disk that is busy elsewhere may have one refused; that is not what this is about.
        let _ = audit.tell(&facts("Query"));
        std::thread::yield_now();
    }
    audit.stop();
    let files = files::in_order(&[path, moved]).unwrap();
    let report = verify::verify(&files, &verify::Knowledge::default()).unwrap();
    assert_eq!(report.findings, []);
}

#[test]
fn full_device_refuses_at_once() {
    let audit = open(file_sink(Path::new("/dev/full")));
    let began = Instant::now();
    assert_eq!(audit.begin(facts("Create")).err(), Some(Refused));
    assert_eq!(audit.tell(&facts("Query")), Err(Refused));
    assert!(began.elapsed() < Duration::from_secs(2));
    assert!(!audit.sinks()[0].up);
    audit.stop();
}

#[test]
fn pipe_that_nobody_reads_refuses_and_resumes_once_somebody_does() {
    use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, open as open_fd};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    // A reader that does not read.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK;
    let reader = std::fs::File::from(open_fd(&path, flags, Mode::empty()).unwrap());
    let audit = open(file_sink(&path));
    let began = Instant::now();
    while audit.tell(&facts("Query")).is_ok() {
        assert!(began.elapsed() < Duration::from_secs(60), "the pipe never fills");
    }
    let began = Instant::now();
    assert_eq!(audit.begin(facts("Create")).err(), Some(Refused));
    assert!(began.elapsed() < Duration::from_secs(2));
    let drain = std::thread::spawn(move || {
        let (mut taken, mut room) = (Vec::new(), vec![0; 1 << 16]);
        loop {
            match io::Read::read(&mut &reader, &mut room) {
                Ok(0) => return taken,
                Ok(count) => taken.extend_from_slice(&room[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        }
    });
    let began = Instant::now();
    while audit.tell(&facts("Query")).is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "it does not resume");
        std::thread::yield_now();
    }
    audit.stop();
    drop(audit);
    // What came out of the pipe is one whole chain, with what was refused told in it.
    let copy = folder.path().join("copy");
    std::fs::write(&copy, drain.join().unwrap()).unwrap();
    clean(&copy);
    assert!(records(&copy).iter().any(|record| record.kind == Kind::Refused));
}

#[test]
fn log_that_ends_before_its_last_signature_goes_on_behind_that() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    open(file_sink(&path)).stop();
    let signed = Place { sequence: 40, hash: GENESIS.to_owned() };
    let kind = SinkKind::File(file_sink(&path));
    opened(&config([kind]), Some(signed.clone())).unwrap().stop();
    let all = records(&path);
    assert_eq!((all[1].sequence, all[1].facts.signed.as_ref()), (41, Some(&signed)));
    let report = verify::verify(&[path], &verify::Knowledge::default()).unwrap();
    assert!(report.findings[0].why.contains("records 2 to 40 are missing"), "{report:?}");
}

#[test]
fn syslog_takes_each_record_as_a_message() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let addresses =
        [SyslogAddress::Unix(path), SyslogAddress::Udp(udp.local_addr().unwrap().to_string())];
    let kinds = addresses.map(|address| SinkKind::Syslog(SyslogSinkConfig { address }));
    let audit = opened(&config(kinds), None).unwrap();
    audit.tell(&facts("Query")).unwrap();
    let (mut room, mut other) = (vec![0; 4_096], vec![0; 4_096]);
    for kind in ["start", "outcome"] {
        let (one, two) = (socket.recv(&mut room).unwrap(), udp.recv(&mut other).unwrap());
        for message in [&room[..one], &other[..two]] {
            let text = String::from_utf8(message.to_vec()).unwrap();
            let (header, record) = text.split_once(" - ").unwrap();
            assert!(header.starts_with("<109>1 20"), "{text}");
            assert!(header.ends_with(&format!(" n claviger {} {kind}", std::process::id())));
            Record::read(record.as_bytes()).unwrap();
        }
    }
    audit.stop();
}

#[test]
fn syslog_over_tcp_counts_its_octets_and_comes_back() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = SyslogAddress::Tcp(listener.local_addr().unwrap().to_string());
    let kind = SinkKind::Syslog(SyslogSinkConfig { address });
    let audit = opened(&config([kind]), None).unwrap();
    let mut room = vec![0; 4_096];
    let (mut first, _) = listener.accept().unwrap();
    let count = io::Read::read(&mut first, &mut room).unwrap();
    let text = String::from_utf8(room[..count].to_vec()).unwrap();
    let (length, message) = text.split_once(' ').unwrap();
    assert_eq!(length.parse::<usize>().unwrap(), message.len());
    drop(first);
    // The end of a connection is noticed by a write at the latest; then there is another one.
    let accepted = std::thread::spawn(move || listener.accept().map(drop));
    let began = Instant::now();
    while !accepted.is_finished() {
        assert!(began.elapsed() < Duration::from_secs(20), "no second connection");
        let _ = audit.tell(&facts("Query"));
        std::thread::yield_now();
    }
    audit.stop();
}

#[test]
fn collector_that_is_not_there_refuses_within_the_deadline() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let kind = SinkKind::Syslog(SyslogSinkConfig { address: SyslogAddress::Tcp(address) });
    let audit = opened(&config([kind]), None).unwrap();
    let began = Instant::now();
    assert_eq!(audit.begin(facts("Create")).err(), Some(Refused));
    assert!(began.elapsed() < Duration::from_secs(2));
    audit.stop();
}

#[test]
fn message_of_which_an_item_went_unrecorded_does_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let later = folder.path().join("later");
    std::fs::create_dir(&later).unwrap();
    let audit = open(file_sink(&later.join("audit.log")));
    let mut record = ItemRecord::new(&audit, Facts::default());
    let patience = Instant::now() + Duration::from_secs(20);
    audit.tell(&facts("Query")).unwrap();
    std::fs::remove_dir_all(&later).unwrap();
    while audit.tell(&facts("Query")).is_ok() {
        assert!(Instant::now() < patience, "there is no folder for the file");
    }
    record.begin(Some("Query".to_owned()), None);
    record.end(Outcome::Success, None);
    std::fs::create_dir(&later).unwrap();
    while audit.sinks().iter().any(|sink| !sink.up) {
        assert!(Instant::now() < patience, "now there is");
        std::thread::yield_now();
    }
    record.begin(Some("Create".to_owned()), None);
    assert_eq!(record.intend(), Err(Refused));
    record.end(Outcome::Failed, None);
    assert_eq!(record.settle(), Err(Refused), "and is not answered");
}
