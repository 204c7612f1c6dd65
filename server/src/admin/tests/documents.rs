//! The OpenAPI document and the table are the same thing.

use super::*;
use crate::admin::route::{Needs, Verb};
use crate::admin::{document, routes};

/// A path with something in the place of each parameter.
fn filled(path: &str) -> String {
    let fill = |segment: &str| match segment.strip_prefix('{') {
        Some(_) if segment == "{path}" => "kmip".to_owned(),
        Some(_) => "some".to_owned(),
        None => segment.to_owned(),
    };
    let path = path.strip_prefix("/v1/").unwrap();
    path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

#[test]
fn every_route_of_the_document_answers_and_nothing_else_does() {
    let world = World::new();
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let mut told = 0;
    for (path, item) in paths {
        for (name, method) in
            [("get", "GET"), ("x-list", "LIST"), ("post", "POST"), ("delete", "DELETE")]
        {
            let is_told = item.get(name).is_some();
            told += usize::from(is_told);
            // Whoever may not is told so only where there is something.
            let who = As::Certificate(Policy::Root);
            let (status, answer) = world.ask(who, method, &filled(path), Value::Null);
            assert_eq!(status == 405, !is_told, "{method} {path}: {status} {answer}");
            assert_ne!(status, 500, "{method} {path}: {answer}");
            let absent =
                answer["errors"][0].as_str().is_some_and(|text| text.starts_with("no such path"));
            assert!(!absent, "{method} {path}");
        }
    }
    assert_eq!(told, routes().len());
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    assert_eq!(document["openapi"], "3.1.0");
}

#[test]
fn names_of_operations_are_distinct() {
    let document = document();
    let mut names = std::collections::BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for (key, operation) in item.as_object().unwrap() {
            if key != "parameters" {
                assert!(
                    names.insert(operation["operationId"].as_str().unwrap().to_owned()),
                    "{operation}"
                );
            }
        }
    }
    assert_eq!(names.len(), routes().len());
}

#[test]
fn no_two_lines_of_the_table_fit_the_same_request() {
    let all = routes();
    for route in &all {
        let segments: Vec<_> = route.path.split('/').skip(1).map(str::to_owned).collect();
        let fits =
            all.iter().filter(|one| one.verb == route.verb && one.matches(&segments).is_some());
        assert_eq!(fits.count(), 1, "{:?} {}", route.verb, route.path);
    }
}

#[test]
fn nothing_but_words_about_the_server_is_open_to_anybody() {
    let open = routes().into_iter().filter(|route| route.needs == Needs::Nothing);
    let open: Vec<_> = open.map(|route| (route.verb, route.path)).collect();
    assert_eq!(
        open,
        [
            (Verb::Read, "/v1/sys/health"),
            (Verb::Read, "/v1/sys/seal-status"),
            (Verb::Read, "/v1/sys/leader"),
            (Verb::Read, "/v1/sys/init"),
            (Verb::Read, "/v1/sys/internal/specs/openapi"),
            (Verb::Read, "/v1/openapi.json"),
        ]
    );
}

#[test]
fn document_is_served_as_it_is_made() {
    let world = World::new();
    let served = world.ask(As::Nobody, "GET", "openapi.json", Value::Null);
    assert_eq!(served, (200, document()));
}
