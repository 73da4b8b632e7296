//! Pages that explain: what this is, what each reason means, how our API is called.

use axum::extract::Path;
use axum::response::Response;

use super::pages;
use super::visitor::Visitor;
use crate::domain::reason::Reason;

pub(super) async fn home(visitor: Visitor) -> Response {
    pages::home(&visitor)
}

pub(super) async fn errors(visitor: Visitor) -> Response {
    pages::errors(&visitor)
}

pub(super) async fn error(visitor: Visitor, Path(code): Path<String>) -> Response {
    match Reason::from_code(&code) {
        Some(reason) => pages::error(&visitor, reason),
        None => pages::not_found(&visitor),
    }
}

pub(super) async fn api(visitor: Visitor) -> Response {
    pages::api(&visitor)
}

pub(super) async fn only_messages(visitor: Visitor) -> Response {
    pages::only_messages(&visitor)
}

pub(super) async fn not_found(visitor: Visitor) -> Response {
    pages::not_found(&visitor)
}
