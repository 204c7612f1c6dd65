//! What the interface is made of: paths, what they need, what they take and answer, and who serves
//! them.

use axum::http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Failure;
use super::access::{Access, Area};
use super::gate::Call;

/// What is done to a path. POST and PUT are both `Write`; LIST, and GET with `list=true`, are `List`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// GET
    Read,
    /// LIST
    List,
    /// POST, PUT
    Write,
    /// DELETE
    Delete,
}

impl Verb {
    /// The method by which documents speak of it.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::Read => "GET",
            Self::List => "LIST",
            Self::Write => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// What it takes to be let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: anybody may.
    Nothing,
    /// A policy that is good for this.
    Right(Area, Access),
    /// A way in over the Unix socket.
    Socket,
}

/// What an answer looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The body stands in `data`.
    Data,
    /// The body stands in `auth`.
    Auth,
    /// The body stands alone.
    Plain,
    /// There is none.
    Nothing,
}

/// An answer to be sent.
pub(super) struct Reply {
    pub(super) form: Form,
    pub(super) status: StatusCode,
    pub(super) body: Value,
    pub(super) warnings: Vec<String>,
}

/// What a handler may answer.
pub(super) trait Answer {
    const FORM: Form;

    /// The schema of the body, where there is one.
    fn schema(generator: &mut SchemaGenerator) -> Option<Schema>;

    /// # Errors
    ///
    /// [`Failure`], where there is nothing to answer.
    fn reply(self) -> Result<Reply, Failure>;
}

fn reply(form: Form, body: impl Serialize, warnings: Vec<String>) -> Result<Reply, Failure> {
    let body = serde_json::to_value(body).map_err(|_| Failure::internal())?;
    Ok(Reply { form, status: StatusCode::OK, body, warnings })
}

/// A body in `data`.
pub(super) struct Data<T>(T);

impl<T> Data<T> {
    pub(super) const fn new(body: T) -> Self {
        Self(body)
    }
}

impl<T: Serialize + JsonSchema> Answer for Data<T> {
    const FORM: Form = Form::Data;

    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<T>())
    }

    fn reply(self) -> Result<Reply, Failure> {
        reply(Self::FORM, self.0, Vec::new())
    }
}

/// A token that was made or renewed.
pub(super) struct Auth<T>(pub(super) T, pub(super) Vec<String>);

impl<T: Serialize + JsonSchema> Answer for Auth<T> {
    const FORM: Form = Form::Auth;

    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<T>())
    }

    fn reply(self) -> Result<Reply, Failure> {
        reply(Self::FORM, self.0, self.1)
    }
}

/// A body without an envelope.
pub(super) struct Plain<T>(pub(super) StatusCode, pub(super) T);

impl<T: Serialize + JsonSchema> Answer for Plain<T> {
    const FORM: Form = Form::Plain;

    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<T>())
    }

    fn reply(self) -> Result<Reply, Failure> {
        let reply = reply(Self::FORM, self.1, Vec::new())?;
        Ok(Reply { status: self.0, ..reply })
    }
}

/// Done, and nothing to say.
pub(super) struct Done;

impl Answer for Done {
    const FORM: Form = Form::Nothing;

    fn schema(_: &mut SchemaGenerator) -> Option<Schema> {
        None
    }

    fn reply(self) -> Result<Reply, Failure> {
        let status = StatusCode::NO_CONTENT;
        Ok(Reply { form: Self::FORM, status, body: Value::Null, warnings: Vec::new() })
    }
}

/// What a list holds.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Keys {
    /// The names.
    keys: Vec<String>,
    /// What there is to know of each.
    #[serde(skip_serializing_if = "Map::is_empty")]
    key_info: Map<String, Value>,
}

/// A list; an empty one is answered as what is not there.
pub(super) struct Listing(Keys);

impl Listing {
    pub(super) fn new(keys: Vec<String>) -> Self {
        Self(Keys { keys, key_info: Map::new() })
    }

    pub(super) const fn with_info(keys: Vec<String>, key_info: Map<String, Value>) -> Self {
        Self(Keys { keys, key_info })
    }
}

impl Answer for Listing {
    const FORM: Form = Form::Data;

    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<Keys>())
    }

    fn reply(self) -> Result<Reply, Failure> {
        if self.0.keys.is_empty() {
            return Err(Failure::nothing());
        }
        reply(Self::FORM, self.0, Vec::new())
    }
}

/// For what takes no field.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoFields {}

/// What is sent with a request: fields of its query and its body.
pub(super) type Fields = Map<String, Value>;

type Handler = dyn Fn(&Call<'_>, Fields) -> Result<Reply, Failure> + Send + Sync;

/// One line of the table.
pub struct Route {
    /// What is done.
    pub verb: Verb,
    /// To what: `{name}` stands for one segment.
    pub path: &'static str,
    /// What it takes.
    pub needs: Needs,
    /// What happens, in a sentence.
    pub summary: &'static str,
    /// What the answer looks like.
    pub form: Form,
    request: fn(&mut SchemaGenerator) -> Schema,
    response: fn(&mut SchemaGenerator) -> Option<Schema>,
    handler: Box<Handler>,
}

/// A line of the table; what is taken and answered is what the handler's types say.
pub(super) fn route<Q, A>(
    verb: Verb,
    path: &'static str,
    needs: Needs,
    summary: &'static str,
    handler: fn(&Call<'_>, Q) -> Result<A, Failure>,
) -> Route
where
    Q: DeserializeOwned + JsonSchema + 'static,
    A: Answer + 'static,
{
    Route {
        verb,
        path,
        needs,
        summary,
        form: A::FORM,
        request: |generator| generator.subschema_for::<Q>(),
        response: A::schema,
        handler: Box::new(move |call, fields| {
            // The reader's words name the field and what it should be, never what a secret was.
            let request = serde_json::from_value(Value::Object(fields));
            let request = request.map_err(|error| Failure::bad(error.to_string()))?;
            handler(call, request)?.reply()
        }),
    }
}

impl Route {
    /// Carries it out.
    pub(super) fn serve(&self, call: &Call<'_>, fields: Fields) -> Result<Reply, Failure> {
        (self.handler)(call, fields)
    }

    /// The schema of what it takes.
    #[must_use]
    pub fn request_schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.request)(generator)
    }

    /// The schema of what it answers.
    #[must_use]
    pub fn response_schema(&self, generator: &mut SchemaGenerator) -> Option<Schema> {
        (self.response)(generator)
    }

    /// Names and values of the path's parameters, where `segments` is such a path.
    pub(super) fn matches(&self, segments: &[String]) -> Option<Vec<(&'static str, String)>> {
        let mut parameters = Vec::new();
        let mut template = self.path.split('/').skip(1);
        for segment in segments {
            let part = template.next()?;
            match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                Some(name) if !segment.is_empty() => parameters.push((name, segment.clone())),
                Some(_) => return None,
                None if part == segment => {}
                None => return None,
            }
        }
        template.next().is_none().then_some(parameters)
    }
}
