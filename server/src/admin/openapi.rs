//! The interface as an OpenAPI document, and as tables for people. Both are made from the routes.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::access::{Access, document as policies};
use super::route::{Form, Needs, Route, Verb};
use super::table::routes;

/// The OpenAPI 3.1 document.
#[must_use]
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for route in routes() {
        let item = paths.entry(route.path).or_insert_with(|| path_item(&route));
        if let Some(item) = item.as_object_mut() {
            item.insert(method(route.verb).to_owned(), operation(&route, &mut generator));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Claviger",
            "description": "Administration of a KMIP server in front of a PKCS#11 token.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(false),
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "X-Vault-Token"},
                "bearer": {"type": "http", "scheme": "bearer"},
                "certificate": {"type": "mutualTLS"},
            },
        },
    })
}

/// The name of an operation in a path item. LIST has none there: it is told of as an extension, and
/// is served as GET with `list=true`, too.
const fn method(verb: Verb) -> &'static str {
    match verb {
        Verb::Read => "get",
        Verb::List => "x-list",
        Verb::Write => "post",
        Verb::Delete => "delete",
    }
}

fn path_item(route: &Route) -> Value {
    let parameters = route.path.split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        let schema = json!({"type": "string"});
        Some(json!({"name": name, "in": "path", "required": true, "schema": schema}))
    });
    json!({"parameters": parameters.collect::<Vec<_>>()})
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let mut operation = json!({
        "summary": route.summary,
        "operationId": operation_id(route),
        "responses": {
            (if route.form == Form::Nothing { "204" } else { "200" }): response(route, generator),
            "default": {
                "description": "A refusal.",
                "content": {"application/json": {"schema": errors()}},
            },
        },
        "security": match route.needs {
            Needs::Nothing => json!([]),
            Needs::Right(..) => json!([{"token": []}, {"bearer": []}, {"certificate": []}]),
            Needs::Socket => json!([]),
        },
        "x-claviger-needs": needs(route.needs),
    });
    let request = route.request_schema(generator).to_value();
    let request = resolved(&request, generator);
    let fields =
        request.get("properties").and_then(Value::as_object).is_some_and(|it| !it.is_empty());
    if let (Some(operation), true) = (
        operation.as_object_mut(),
        fields || request.get("additionalProperties").is_some_and(|it| *it != json!(false)),
    ) {
        match route.verb {
            Verb::Write => {
                let content = json!({"application/json": {"schema": request}});
                operation.insert("requestBody".to_owned(), json!({"content": content}));
            }
            Verb::Read | Verb::List | Verb::Delete => {
                operation.insert("parameters".to_owned(), query(&request));
            }
        }
    }
    operation
}

/// The schema that a reference stands for.
fn resolved(schema: &Value, generator: &SchemaGenerator) -> Value {
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
    let found = name.and_then(|name| generator.definitions().get(name));
    found.unwrap_or(schema).clone()
}

fn query(request: &Value) -> Value {
    let required = request.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let properties = request.get("properties").and_then(Value::as_object).cloned();
    let parameters = properties.unwrap_or_default().into_iter().map(|(name, schema)| {
        let needed = required.iter().any(|one| one.as_str() == Some(&name));
        json!({"name": name, "in": "query", "required": needed, "schema": schema})
    });
    Value::Array(parameters.collect())
}

fn response(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let Some(body) = route.response_schema(generator) else {
        return json!({"description": "Done."});
    };
    let none = json!({"type": "null"});
    let schema = match route.form {
        Form::Data => envelope(&body.to_value(), &none),
        Form::Auth => envelope(&none, &body.to_value()),
        Form::Plain | Form::Nothing => body.to_value(),
    };
    json!({"description": "Done.", "content": {"application/json": {"schema": schema}}})
}

fn envelope(data: &Value, auth: &Value) -> Value {
    json!({
        "type": "object",
        "properties": {
            "request_id": {"type": "string"},
            "lease_id": {"type": "string"},
            "renewable": {"type": "boolean"},
            "lease_duration": {"type": "integer"},
            "data": data,
            "wrap_info": {"type": "null"},
            "warnings": {"type": ["array", "null"], "items": {"type": "string"}},
            "auth": auth,
        },
    })
}

fn errors() -> Value {
    json!({
        "type": "object",
        "properties": {"errors": {"type": "array", "items": {"type": "string"}}},
        "required": ["errors"],
    })
}

fn operation_id(route: &Route) -> String {
    let words = route.path.trim_start_matches("/v1/").replace(['/', '-', '.'], "_");
    format!("{}_{}", method(route.verb).trim_start_matches("x-"), words.replace(['{', '}'], ""))
}

fn needs(needs: Needs) -> String {
    match needs {
        Needs::Nothing => "nothing".to_owned(),
        Needs::Right(area, Access::See) => format!("see {}", area.name()),
        Needs::Right(area, Access::Change) => format!("change {}", area.name()),
        Needs::Socket => "the Unix socket".to_owned(),
    }
}

/// The routes, as a table of Markdown, and the policies.
#[must_use]
pub fn routes_document() -> String {
    let mut text =
        String::from("## Paths\n\n| method | path | needs | what |\n|---|---|---|---|\n");
    for route in routes() {
        let (method, needs) = (route.verb.method(), needs(route.needs));
        text += &format!("| {method} | `{}` | {needs} | {} |\n", route.path, route.summary);
    }
    text += "\n## Policies\n\n";
    text + &policies()
}
