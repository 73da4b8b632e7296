//! The description of the API for people. It is made of the very document that machines read, so that neither can tell
//! what the other does not.

use std::sync::LazyLock;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value};

use super::{FormAction, Frame, answer};
use crate::http::text::ApiText;
use crate::http::visitor::Visitor;

/// The document for machines. What cannot be read is not shown; that all of it can is what the tests are for.
static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../api/openapi.json")).unwrap_or_default());

/// Every call and every form of content.
pub fn api(visitor: &Visitor) -> Response {
    let at = ApiText::of(visitor.lang());
    let calls = entries(&DOCUMENT["paths"]).flat_map(|(path, calls)| {
        let shared = &calls["parameters"];
        let methods = entries(calls).filter(|(method, _)| *method != "parameters");
        methods.map(move |(method, call)| Call::of((method, path), call, shared))
    });
    let forms = entries(&DOCUMENT["components"]["schemas"]);
    let page = ApiPage {
        frame: Frame { title: at.title, ..Frame::new(visitor, |t| t.about) },
        at,
        calls: calls.collect(),
        forms: forms.map(|(name, schema)| Form::of(name, schema)).collect(),
    };
    answer(StatusCode::OK, &page, visitor, FormAction::None, None)
}

/// One call.
struct Call {
    method: String,
    path: &'static str,
    summary: &'static str,
    needs_no_proof: bool,
    parameters: Vec<Field>,
    content: Vec<Part>,
    answers: Vec<Outcome>,
}

impl Call {
    fn of((method, path): (&str, &'static str), call: &'static Value, shared: &'static Value) -> Self {
        let parameters = [shared, &call["parameters"]].into_iter().filter_map(Value::as_array).flatten();
        Self {
            method: method.to_ascii_uppercase(),
            path,
            summary: text(&call["summary"]),
            needs_no_proof: call["security"].as_array().is_some_and(Vec::is_empty),
            parameters: parameters.map(|parameter| Field::of_parameter(resolved(parameter))).collect(),
            content: content(&call["requestBody"]),
            answers: entries(&call["responses"]).map(Outcome::of).collect(),
        }
    }
}

/// What may come back.
struct Outcome {
    status: &'static str,
    about: &'static str,
    content: Vec<Part>,
}

impl Outcome {
    fn of((status, response): (&'static str, &'static Value)) -> Self {
        let response = resolved(response);
        Self { status, about: text(&response["description"]), content: content(response) }
    }
}

/// One name of a form, or one parameter.
struct Field {
    name: &'static str,
    kind: Vec<Part>,
    about: &'static str,
    required: bool,
}

impl Field {
    fn of_parameter(parameter: &'static Value) -> Self {
        Self {
            name: text(&parameter["name"]),
            kind: kind(&parameter["schema"]),
            about: text(&parameter["description"]),
            required: parameter["required"] == Value::Bool(true),
        }
    }
}

/// One form of content.
struct Form {
    name: &'static str,
    about: &'static str,
    /// Which values there are, where it has no names.
    kind: Vec<Part>,
    fields: Vec<Field>,
}

impl Form {
    fn of(name: &'static str, schema: &'static Value) -> Self {
        let needed: Vec<&str> = schema["required"].as_array().into_iter().flatten().map(text).collect();
        let fields: Vec<Field> = entries(&schema["properties"])
            .map(|(name, field)| Field {
                name,
                kind: kind(field),
                about: text(&field["description"]),
                required: needed.contains(&name),
            })
            .collect();
        let kind = if fields.is_empty() { kind(schema) } else { Vec::new() };
        Self { name, about: text(&schema["description"]), kind, fields }
    }
}

/// A piece of what is said about values: words, or the name of a form.
struct Part {
    text: String,
    is_form: bool,
}

fn words(text: impl Into<String>) -> Part {
    Part { text: text.into(), is_form: false }
}

/// Which values a schema takes.
fn kind(schema: &'static Value) -> Vec<Part> {
    if let Some(form) = schema["$ref"].as_str() {
        let name = form.rsplit('/').next().unwrap_or_default();
        return vec![Part { text: name.to_owned(), is_form: true }];
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let mut parts = Vec::new();
        for choice in choices {
            parts.extend((!parts.is_empty()).then(|| words(" or ")));
            parts.extend(kind(choice));
        }
        return parts;
    }
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> = values.iter().map(Value::to_string).collect();
        return vec![words(values.join(", "))];
    }
    let values = match text(&schema["type"]) {
        "array" => return after("list of ", &schema["items"]),
        "object" if schema["additionalProperties"].is_object() => {
            return after("by name: ", &schema["additionalProperties"]);
        }
        _ if !schema["const"].is_null() => schema["const"].to_string(),
        values => values.to_owned(),
    };
    let limits = ["format", "pattern", "minimum", "maximum", "maxLength", "default"];
    let limits = limits.iter().filter(|limit| !schema[**limit].is_null());
    let limits: Vec<String> = limits.map(|limit| format!("{limit} {}", schema[*limit])).collect();
    vec![words(if limits.is_empty() { values } else { format!("{values} ({})", limits.join(", ")) })]
}

fn after(what: &str, schema: &'static Value) -> Vec<Part> {
    std::iter::once(words(what)).chain(kind(schema)).collect()
}

/// The form of the first content that is described.
fn content(holder: &'static Value) -> Vec<Part> {
    let first = entries(&holder["content"]).next();
    first
        .filter(|(_, content)| !content["schema"].is_null())
        .map_or(Vec::new(), |(_, content)| kind(&content["schema"]))
}

/// What a reference leads to.
fn resolved(value: &'static Value) -> &'static Value {
    let place = value["$ref"].as_str().and_then(|place| place.strip_prefix('#'));
    place.and_then(|place| DOCUMENT.pointer(place)).unwrap_or(value)
}

fn entries(value: &'static Value) -> impl Iterator<Item = (&'static str, &'static Value)> {
    let all = value.as_object().into_iter().flat_map(Map::iter);
    all.map(|(name, value)| (name.as_str(), value))
}

fn text(value: &'static Value) -> &'static str {
    value.as_str().unwrap_or_default()
}

#[derive(Template)]
#[template(path = "api.html")]
struct ApiPage<'a> {
    frame: Frame<'a>,
    at: &'static ApiText,
    calls: Vec<Call>,
    forms: Vec<Form>,
}
