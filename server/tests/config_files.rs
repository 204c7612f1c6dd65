//! The sample configurations: each parses, none takes a key that does not exist, and the
//! annotated one tells the truth about the defaults.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use clap::Parser;
use server::cli::Command;
use server::config::Config;
use toml::{Table, Value};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config")
}

fn files() -> Vec<(PathBuf, String)> {
    let toml = |path: &PathBuf| path.extension().is_some_and(|ext| ext == "toml");
    let paths = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(toml).map(|path| (path.clone(), std::fs::read_to_string(&path).unwrap())).collect()
}

/// Every table of `value`, as the steps that lead to it.
fn tables(value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match value {
        Value::Table(table) => {
            found.push(path.clone());
            for (key, member) in table {
                path.push(key.clone());
                tables(member, path, found);
                path.pop();
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(index.to_string());
                tables(item, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

fn table_at<'a>(root: &'a mut Value, path: &[String]) -> &'a mut Table {
    let step = |value: &'a mut Value, key: &String| match value {
        Value::Array(items) => &mut items[key.parse::<usize>().unwrap()],
        value => &mut value[key.as_str()],
    };
    path.iter().fold(root, step).as_table_mut().unwrap()
}

#[test]
fn every_sample_parses() {
    let files = files();
    assert!(files.len() >= 2, "{files:?}");
    for (path, text) in files {
        Config::parse(&path, &text).unwrap();
    }
}

#[test]
fn every_sample_with_one_extra_key_in_any_table_is_refused() {
    for (path, text) in files() {
        let root = Value::Table(text.parse().unwrap());
        let mut paths = Vec::new();
        tables(&root, &mut Vec::new(), &mut paths);
        // The names in this one are the operator's.
        paths.retain(|path| path.last().is_none_or(|name| name != "environment"));
        assert!(paths.len() >= 4, "{paths:?}");
        for steps in paths {
            let mut root = root.clone();
            table_at(&mut root, &steps).insert("no_such_key".to_owned(), Value::Integer(1));
            let err = Config::parse(&path, &toml::to_string(&root).unwrap()).unwrap_err();
            assert!(err.problem.contains("unknown field `no_such_key`"), "{steps:?}: {err}");
            assert!(err.line.is_some() && err.key.is_some(), "{steps:?}: {err}");
        }
    }
}

#[test]
fn annotated_sample_holds_the_defaults() {
    let file = folder().join("claviger.toml");
    let annotated = Config::load(&file).unwrap();
    let minimal = std::fs::read_to_string(folder().join("minimal.toml")).unwrap();
    assert_eq!(annotated, Config::parse(&file, &minimal).unwrap());
}

/// The values of `key` in the systemd unit.
fn unit(key: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder().join("claviger.service")).unwrap();
    let value = |line: &str| Some(line.strip_prefix(key)?.strip_prefix('=')?.to_owned());
    text.lines().filter_map(value).collect()
}

#[test]
fn unit_starts_the_server_with_room_for_what_the_configuration_allows() {
    let [start] = &unit("ExecStart")[..] else { panic!("{:?}", unit("ExecStart")) };
    let cli = server::cli::Cli::try_parse_from(start.split(' ')).unwrap();
    let Command::Serve(args) = cli.command else { panic!("{start}") };
    assert_eq!(args.config, Path::new("/etc/claviger/claviger.toml"));

    let config = Config::load(&folder().join("claviger.toml")).unwrap();
    let number = |key: &str| unit(key)[0].parse::<u64>().unwrap();
    assert!(number("TimeoutStopSec") > config.server.shutdown_timeout.as_secs());
    assert!(number("LimitNOFILE") > u64::from(config.server.max_connections) + 1_000);
}

#[test]
fn unit_makes_the_folders_that_the_samples_name() {
    let state = Path::new("/var/lib").join(&unit("StateDirectory")[0]);
    let logs = Path::new("/var/log").join(&unit("LogsDirectory")[0]);
    let run = Path::new("/run").join(&unit("RuntimeDirectory")[0]);
    for (file, text) in files() {
        let config = Config::parse(&file, &text).unwrap();
        assert_eq!(config.store.path.parent(), Some(&*state));
        assert!(text.contains(&format!("\"{}/audit.log\"", logs.display())));
    }
    let annotated = std::fs::read_to_string(folder().join("claviger.toml")).unwrap();
    assert!(annotated.contains(&format!("\"{}/admin.sock\"", run.display())));
}
