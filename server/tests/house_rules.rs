//! The rules of the house: how long a file may be, and documents that say what is there.
//!
//! Documents made from the code are rewritten with `CLAVIGER_UPDATE_DOCS=1`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[allow(unreachable_pub, dead_code, reason = "shared with the end-to-end tests")]
#[path = "../../softhsm-tests/src/docs.rs"]
mod docs;

use std::fmt::Write;
use std::path::{Path, PathBuf};

const CRATES: [&str; 5] = ["wiping", "kmip-core", "hsm-backend", "server", "softhsm-tests"];
const MAX_LINES: usize = 400;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(file: &str) -> String {
    let path = repository().join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|err| panic!("{}: {err}", path.display()))
}

/// Every Rust file of a crate, as a path from the repository; sorted, so that a module stands
/// before what is in it.
fn sources(name: &str) -> Vec<String> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    collect(&repository().join(name), &mut found);
    let relative = |path: PathBuf| path.strip_prefix(repository()).unwrap().to_owned();
    let mut found = found.into_iter().map(relative).collect::<Vec<_>>();
    found.sort_by_key(|path| path.with_extension("").to_string_lossy().replace("/mod", "/"));
    found.into_iter().map(|path| path.to_string_lossy().into_owned()).collect()
}

#[test]
fn no_source_file_is_longer_than_its_limit() {
    let files = CRATES.iter().flat_map(|name| sources(name)).collect::<Vec<_>>();
    assert!(files.len() > 100, "{files:?}");
    let lines = |file: &String| read(file).lines().count();
    let long = files.iter().filter(|file| lines(file) > MAX_LINES).collect::<Vec<_>>();
    assert!(long.is_empty(), "over {MAX_LINES} lines: {long:?}");
}

/// Unit tests stand beside their module; they are no modules of their own to a reader.
fn is_unit_test(file: &str) -> bool {
    file.contains("/src/") && (file.ends_with("/tests.rs") || file.contains("/tests/"))
}

/// The first sentence of a module's own documentation.
fn summary(file: &str) -> String {
    let text = read(file);
    let lines = text.lines().skip_while(|line| line.starts_with("//!") && line.len() < 4);
    let lines = lines.map_while(|line| line.strip_prefix("//! ")).collect::<Vec<_>>().join(" ");
    assert!(!lines.is_empty(), "{file} does not begin with a line that says what it is for");
    match lines.split_once(". ") {
        Some((sentence, _)) => sentence.to_owned(),
        None => lines.trim_end_matches('.').to_owned(),
    }
}

#[test]
fn architecture_names_every_module() {
    for name in CRATES {
        let files = sources(name);
        let modules = files.iter().filter(|file| !is_unit_test(file));
        let mut part = String::from("| module | what |\n|---|---|\n");
        for file in modules {
            let short = file.strip_prefix(name).unwrap().trim_start_matches('/');
            writeln!(part, "| `{short}` | {} |", summary(file).replace('|', "\\|")).unwrap();
        }
        docs::check_part(&repository().join("docs/ARCHITECTURE.md"), name, &part);
    }
}

#[test]
fn decision_on_dependencies_names_each_with_a_reason() {
    let workspace: toml::Table = read("Cargo.toml").parse().unwrap();
    let dependencies = workspace["workspace"]["dependencies"].as_table().unwrap();
    let document = read("docs/decisions/0001-dependencies.md");
    let told = document.lines().filter_map(|line| line.strip_prefix("| `"));
    let told = told.filter_map(|line| {
        let (name, reason) = line.split_once("` |")?;
        assert!(reason.trim_matches([' ', '|']).len() > 10, "no reason for {name}");
        Some(name)
    });
    let mut told = told.collect::<Vec<_>>();
    let ours = |value: &toml::Value| value.get("path").is_some();
    let used = dependencies.iter().filter(|(_, value)| !ours(value));
    let mut used = used.map(|(name, _)| name.as_str()).collect::<Vec<_>>();
    told.sort_unstable();
    used.sort_unstable();
    assert_eq!(told, used, "left: the document; right: Cargo.toml");
    let manifests = CRATES.map(|name| read(&format!("{name}/Cargo.toml"))).concat();
    let idle = used.iter().filter(|name| {
        !manifests.contains(&format!("\n{name}.workspace"))
            && !manifests.contains(&format!("\n{name} = {{ workspace"))
    });
    assert_eq!(idle.collect::<Vec<_>>(), Vec::<&&str>::new(), "no crate uses these");
}

/// One key of the annotated configuration.
struct Key {
    name: String,
    value: String,
    /// Whether it stands behind a comment sign.
    example: bool,
    meaning: String,
}

/// Turns the annotated configuration into a table for each of its parts.
fn configuration() -> String {
    let text = read("config/claviger.toml");
    let (mut part, mut comment, mut keys) = (String::new(), Vec::new(), Vec::new());
    // What stands above the first heading is about the file.
    for line in text.lines().skip_while(|line| !line.starts_with("# ----")) {
        if let Some(heading) = line.strip_prefix("# ---- ") {
            table(&mut part, &mut keys);
            writeln!(part, "\n## {}", heading.trim_end_matches(['-', ' '])).unwrap();
        } else if let Some(name) = header(line) {
            table(&mut part, &mut keys);
            writeln!(part, "\n`{name}`\n").unwrap();
            if !comment.is_empty() {
                writeln!(part, "{}\n", comment.join(" ")).unwrap();
                comment.clear();
            }
        } else if let Some(key) = key(line, &mut comment) {
            keys.push(key);
        } else if let Some(words) = line.strip_prefix('#') {
            match (words.trim().strip_prefix('#'), keys.last_mut()) {
                // The note behind a key goes on in the next line.
                (Some(more), Some(key)) => key.meaning.extend([" ", more.trim()]),
                _ => comment.push(comment_line(words)),
            }
        } else {
            comment.clear();
        }
    }
    table(&mut part, &mut keys);
    part
}

/// One line of a comment; indented ones are items of a list.
fn comment_line(words: &str) -> String {
    let text = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.starts_with("   ") { format!("<br>{text}") } else { text }
}

fn header(line: &str) -> Option<&str> {
    let line = line.strip_prefix("# ").unwrap_or(line);
    (line.starts_with('[') && line.ends_with(']')).then_some(line)
}

/// A key, or the example of one behind a comment sign; it takes the comment above it.
fn key(line: &str, comment: &mut Vec<String>) -> Option<Key> {
    let (text, example) = match line.strip_prefix("# ") {
        Some(text) => (text, true),
        None => (line, false),
    };
    let (name, value) = text.split_once(" = ")?;
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return None;
    }
    let (value, note) = value.split_once("  #").unwrap_or((value, ""));
    let mut meaning = std::mem::take(comment);
    if !note.is_empty() {
        meaning.push(note.trim().to_owned());
    }
    let (name, value) = (name.to_owned(), value.trim().to_owned());
    Some(Key { name, value, example, meaning: meaning.join(" ") })
}

fn table(part: &mut String, keys: &mut Vec<Key>) {
    if keys.is_empty() {
        return;
    }
    part.push_str("| key | default | meaning |\n|---|---|---|\n");
    let mut meaning = "";
    for key in keys.iter() {
        // Keys that stand together share the comment above the first.
        let words = if key.meaning.is_empty() { meaning } else { &key.meaning };
        let value = if key.example || words.starts_with("No default") {
            format!("not set; for example `{}`", key.value)
        } else if words.starts_with("Required") {
            format!("none; for example `{}`", key.value)
        } else {
            format!("`{}`", key.value)
        };
        writeln!(part, "| `{}` | {value} | {} |", key.name, words.replace('|', "\\|")).unwrap();
        meaning = words;
    }
    keys.clear();
}

#[test]
fn configuration_guide_says_what_the_annotated_sample_says() {
    docs::check_part(&repository().join("docs/CONFIG.md"), "keys", &configuration());
}

#[test]
fn administration_guide_lists_the_routes_and_the_policies() {
    let document = repository().join("docs/ADMIN_API.md");
    docs::check_part(&document, "routes", &server::admin::routes_document());
}

/// The Markdown files of a folder.
fn documents(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(repository().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".md")).map(|name| format!("{folder}/{name}")).collect()
}

#[test]
fn readme_names_every_guide() {
    let readme = read("README.md");
    let missing: Vec<_> = documents("docs/guides")
        .into_iter()
        .filter(|guide| !readme.contains(&format!("]({guide})")))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn table_of_clients_names_every_guide_of_a_client() {
    let table = read("docs/CLIENTS.md");
    for guide in documents("docs/guides/clients") {
        let link = guide.trim_start_matches("docs/");
        assert!(table.contains(&format!("]({link})")), "{guide}: ./test interop writes its row");
    }
}

#[test]
fn documents_link_to_files_that_exist() {
    let mut links = 0;
    let mut files = vec!["README.md".to_owned()];
    files.extend(documents("docs"));
    files.extend(documents("docs/guides"));
    files.extend(documents("docs/guides/clients"));
    for file in files {
        let folder = repository().join(&file).parent().unwrap().to_owned();
        for link in read(&file).split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            links += 1;
            assert!(folder.join(target).exists(), "{file}: {target}");
        }
    }
    assert!(links > 5, "{links}");
}

/// Words in the runbooks that others say: the system, and the TLS library.
const WORDS_OF_OTHERS: &[&str] = &[
    "Permission denied",
    "No such file or directory",
    "Address already in use",
    "received fatal alert: UnknownCA",
    "peer sent no certificates",
    "certificate expired",
    "not valid yet",
    "unknown field",
    "invalid type",
];

/// What the server says, as far as its sources have it in one piece.
fn said() -> String {
    let sources = ["server/src", "hsm-backend/src"].map(sources).concat();
    let text: String = sources.iter().map(|file| read(file)).collect();
    // A text over several lines goes on behind the backslash.
    let lines = text.split("\\\n").map(str::trim_start).collect::<String>();
    lines.replace("\\\"", "\"")
}

#[test]
fn runbooks_quote_what_the_server_says() {
    let (page, said) = (read("docs/guides/runbooks.md"), said());
    let mut quoted = 0;
    let mut missing = Vec::new();
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let first = row.trim_start_matches("| ").split(" | ").next().unwrap();
        let quotes = first.split('`').skip(1).step_by(2);
        for words in quotes.flat_map(|quote| quote.split("...")).flat_map(|part| part.split("=\""))
        {
            let words = words.trim_matches([' ', ':', '"']);
            // One word may be anything: a key, a value.
            if !words.contains(' ') || WORDS_OF_OTHERS.contains(&words) {
                continue;
            }
            quoted += 1;
            let pieces = words.split(" reason").map(str::trim).filter(|piece| !piece.is_empty());
            missing.extend(pieces.filter(|piece| !said.contains(*piece)).map(str::to_owned));
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(quoted > 20, "{quoted}");
}
