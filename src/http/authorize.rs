//! OpenID Connect at the door, where users come with their browsers.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::door::{Door, Knock, Posted};
use super::saml::{Onward, answer};
use crate::domain::reason::Fault;
use crate::protocol::oauth::parameters::Parameters;

/// A client's request in an address.
pub(super) async fn by_redirect(
    State(door): State<Arc<Door>>,
    knock: Knock,
    RawQuery(query): RawQuery,
) -> Response {
    let parameters = Parameters::read(query.as_deref().unwrap_or_default());
    authorize(&door, &knock, "/oauth2/authorize GET", parameters).await
}

/// A client's request in a form.
pub(super) async fn by_post(State(door): State<Arc<Door>>, knock: Knock, posted: Posted) -> Response {
    authorize(&door, &knock, "/oauth2/authorize POST", self::posted(&posted)).await
}

async fn authorize(
    door: &Door,
    knock: &Knock,
    endpoint: &'static str,
    parameters: Result<Parameters, Fault>,
) -> Response {
    let visit = door.visit(knock, endpoint);
    let wished = parameters.as_ref().ok().and_then(|parameters| door.broker.wished_languages(parameters));
    let visitor = knock.visitor.clone().hinted(wished.as_deref());
    let step = door.broker.begin_authorization(&visit, parameters).await;
    answer(&visitor, step, Onward::ByRedirect)
}

/// Address and form together: nothing stands twice in the two of them.
pub(super) fn posted(posted: &Posted) -> Result<Parameters, Fault> {
    Parameters::read(&[&posted.query, posted.form()?].join("&"))
}
