use std::path::PathBuf;

use hsm_backend::KeyId;
use rusqlite::Connection;

use super::*;

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("objects.db");
    (folder, path)
}

#[test]
fn what_was_stored_is_there_after_reopening() {
    let (_folder, path) = folder();
    let one = named("a", "n");
    {
        let store = SqliteStore::open(&path).unwrap();
        insert(&store, &[&one, &pending(object("b"))]);
        store.save(&grant(), &[&at(1, &one)], true).unwrap();
        store.set_setting(HOUSEKEEPING, "kek", &[1, 2]).unwrap();
    }
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(load(&store, "a"), Some(at(2, &one)));
    assert_eq!(store.setting(HOUSEKEEPING, "kek").unwrap(), Some(vec![1, 2]));
    assert_eq!(store.unsettled(HOUSEKEEPING, "x", DateTime(0)).unwrap().len(), 1);
    let result = store.insert(&grant(), &[&named("c", "n")], true);
    assert!(matches!(result, Err(StoreError::NameTaken)));
}

#[test]
fn a_file_is_open_once_at_a_time() {
    let (folder, path) = folder();
    let first = SqliteStore::open(&path).unwrap();
    assert!(matches!(SqliteStore::open(&path), Err(StoreError::InUse)));
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(matches!(SqliteStore::open(&link), Err(StoreError::InUse)));
    insert(&first, &[&object("a")]);
    drop(first);
    assert!(load(&SqliteStore::open(&path).unwrap(), "a").is_some());
}

#[test]
fn the_files_are_closed_to_other_users() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    insert(&store, &[&object("a")]);
    let entries: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(entries.len(), 4, "{entries:?}");
    for entry in entries {
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
    }
}

#[test]
fn an_empty_file_is_migrated_and_a_newer_schema_refused() {
    let version = i32::try_from(crate::store::sqlite::schema::VERSION).unwrap();
    let (_folder, path) = folder();
    std::fs::File::create(&path).unwrap();
    insert(&SqliteStore::open(&path).unwrap(), &[&object("a")]);
    {
        let connection = Connection::open(&path).unwrap();
        let pragma = |name: &str| -> String {
            let read = |row: &rusqlite::Row<'_>| row.get::<_, rusqlite::types::Value>(0);
            format!("{:?}", connection.pragma_query_value(None, name, read).unwrap())
        };
        assert_eq!(pragma("user_version"), format!("Integer({version})"));
        assert_eq!(pragma("journal_mode"), "Text(\"wal\")");
        connection.pragma_update(None, "user_version", version + 1).unwrap();
    }
    let Err(StoreError::Engine(text)) = SqliteStore::open(&path) else { panic!("opened") };
    assert!(text.contains(&format!("version {}", version + 1)), "{text}");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", version).unwrap();
    assert!(load(&SqliteStore::open(&path).unwrap(), "a").is_some());
}

/// What the first release wrote: a token key that was registered, its form in the blob.
#[test]
fn rows_of_the_first_schema_keep_the_form_they_were_registered_in() {
    let (_folder, path) = folder();
    {
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(include_str!("../0001.sql")).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        connection
            .execute_batch(
                "INSERT INTO scope (id, name) VALUES (1, 'demo');
                 INSERT INTO object (scope, uid, version, change_seq, phase, object_type, destroyed,
                     archived, custody, key_id, kek_id, kcv, true_bits, attributes, blob)
                 VALUES
                 (1, 'registered', 2, 1, 1, 2, 0, 0, 1, zeroblob(16), x'01010101010101010101010101010101', x'', 128, x'', x'0102'),
                 (1, 'sealed', 1, 1, 1, 7, 0, 0, 2, NULL, x'01010101010101010101010101010101', x'', 0, x'', x'0304');",
            )
            .unwrap();
    }
    let store = SqliteStore::open(&path).unwrap();
    let key = load(&store, "registered").unwrap();
    let form = crate::object::SealedForm { key: KeyId([1; 16]), bytes: vec![1, 2] };
    assert_eq!((key.form, key.blob, key.kek_id), (Some(form), None, None));
    assert!(key.attributes.iter().any(|instance| instance.name.as_str() == "x-claviger-custody"));
    let sealed = load(&store, "sealed").unwrap();
    assert_eq!((sealed.form, sealed.blob), (None, Some(vec![3, 4])));
    assert_eq!(sealed.kek_id, Some(KeyId([1; 16])));
}

#[test]
fn open_reports_a_file_that_is_no_database() {
    let (folder, path) = folder();
    std::fs::write(&path, vec![b'x'; 8192]).unwrap();
    assert!(SqliteStore::open(&path).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), vec![b'x'; 8192]);
    assert!(matches!(
        SqliteStore::open(&folder.path().join("none/objects.db")),
        Err(StoreError::Engine(_))
    ));
}

#[test]
fn a_row_that_cannot_be_read_is_corrupt_and_harms_no_other() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    insert(&store, &[&object("a"), &object("b"), &object("c")]);
    let damage = |sql: &str| {
        store
            .transact(|transaction| {
                transaction.execute(sql, [])?;
                Ok(())
            })
            .unwrap();
    };
    damage("UPDATE object SET attributes = x'420008' WHERE uid = 'a'");
    damage("UPDATE object SET custody = 9 WHERE uid = 'b'");
    let scope = Scope::new("demo");
    for id in ["a", "b"] {
        store.cache.hold([(&scope, &uid(id))].into_iter()).forget(&scope, &uid(id));
        let result = store.load(&grant(), &uid(id));
        assert!(matches!(result, Err(StoreError::Corrupt(_))), "{result:?}");
    }
    assert!(load_uncached(&store, "c").is_some());
}

#[test]
fn every_connection_is_durable_and_checks_references() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    let pragma = |connection: &Connection, name: &str| -> i64 {
        connection.pragma_query_value(None, name, |row| row.get(0)).unwrap()
    };
    let checked = store.writer.read(|writer| {
        assert_eq!(pragma(writer, "synchronous"), 2);
        assert_eq!(pragma(writer, "foreign_keys"), 1);
        assert!(pragma(writer, "busy_timeout") > 0);
        Ok(())
    });
    checked.unwrap();
}
