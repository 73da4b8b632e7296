//! Who knocks: decode, one call to the broker, encode. Every route stands on this page.

mod api;
pub mod assets;
mod authorize;
mod console;
mod cookies;
mod door;
mod help;
mod logout;
mod multipart;
mod oidc;
pub mod operations;
pub mod pages;
mod saml;
mod soap;
mod text;
mod trust;
pub mod visitor;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};

use crate::telemetry::{Metrics, request_line};
pub use door::Door;
use operations::Operations;

/// The largest body that is read: a message of the largest size, in base64 and escaped.
const MAX_BODY: usize = 1024 * 1024;

/// What the world sees.
pub fn router(door: Arc<Door>, metrics: Arc<Metrics>) -> Router {
    let many_users = DefaultBodyLimit::max(api::users::MAX_BULK);
    Router::new()
        // Fagsystemer: we are their identity provider.
        .route("/saml/idp/metadata", get(saml::idp_metadata))
        .route("/saml/idp/sso", get(saml::sso_redirect).post(saml::sso_post))
        .route("/saml/idp/slo", get(logout::idp_redirect).post(logout::idp_post))
        .route("/saml/idp/slo/soap", post(logout::idp_soap))
        // Identity providers: we are their service provider.
        .route("/saml/sp/metadata", get(saml::sp_metadata))
        .route("/saml/sp/acs", post(saml::acs))
        .route("/saml/sp/slo", get(logout::sp_redirect).post(logout::sp_post))
        .route("/saml/sp/slo/soap", post(logout::sp_soap))
        // Those who ask about users: we are their attribute authority.
        .route("/saml/aa/metadata", get(saml::aa_metadata))
        .route("/saml/aa/soap", post(soap::attribute_query))
        // Fagsystemer that speak OpenID Connect: we are their provider.
        .route("/oauth2/logout", get(logout::by_client).post(logout::by_client_posted))
        .route("/oauth2/authorize", get(authorize::by_redirect).post(authorize::by_post))
        // Municipalities' systems: the users that they keep here, and who of theirs is logged in.
        .route("/api/openapi.json", get(api::openapi))
        .route("/api/docs", get(help::api))
        .route("/api/v1/users", get(api::users::list).post(api::users::post))
        .route(
            "/api/v1/users/bulk",
            post(api::users::replace_all).put(api::users::put_many).layer(many_users),
        )
        .route("/api/v1/users/{id}", get(api::users::one).put(api::users::put).delete(api::users::delete))
        .route("/api/v1/sessions", get(api::sessions::list).delete(api::sessions::end_many))
        .route("/api/v1/sessions/{id}", delete(api::sessions::end_one))
        // Users: choosing a municipality, seeing where they are logged in, logging out.
        .route("/discovery", get(saml::discovery).post(saml::choose))
        .route("/sessions", get(logout::sessions))
        .route("/logout", get(logout::farewell).post(logout::leave))
        .merge(of_trust())
        // Everybody: what this is, and what went wrong.
        .route("/", get(help::home))
        .route("/errors", get(help::errors))
        .route("/errors/{code}", get(help::error))
        .route(assets::ROUTE, get(assets::asset))
        .fallback(help::not_found)
        .method_not_allowed_fallback(help::only_messages)
        // Clients of OpenID Connect without a browser between us; their pages may ask (OPTIONS) what they may read.
        .merge(oidc::routes(&door))
        .with_state(door)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(metrics, request_line))
}

/// Trust verification: for municipalities, for those who see to it that all of them are ready, and for their systems.
fn of_trust() -> Router<Arc<Door>> {
    let metadata_form = DefaultBodyLimit::max(console::MOST_FORM);
    let metadata = DefaultBodyLimit::max(api::checks::MOST_BODY);
    Router::new()
        // Municipalities: proving that their identity provider works.
        .route("/trust/runs/{ticket}", get(trust::show).post(trust::begin))
        .route("/trust/runs/{ticket}/again", post(trust::again))
        .route("/trust/runs/{ticket}/run.json", get(trust::run_json))
        .route("/trust/runs/{ticket}/report.json", get(trust::report_json))
        .route("/trust/runs/{ticket}/report.junit", get(trust::report_junit))
        .route("/trust/runs/{ticket}/report.zip", get(trust::report_zip))
        .route("/schemas/trust-report.schema.json", get(trust::schema))
        .route("/api/v1/adoption", get(api::trust::adoption))
        .route("/api/v1/trust/runs", get(api::trust::list).post(api::trust::order))
        .route("/api/v1/trust/runs/{id}", get(api::trust::one))
        .route("/api/v1/trust/systems/{name}", get(api::trust::system))
        // Whoever wants metadata to be looked at.
        .route("/api/v1/trust/checks", post(api::checks::check).layer(metadata))
        .route("/Validation/IdentityProviderSamlMetadata", post(api::validation::idp).layer(metadata))
        .route("/Validation/BrugervendteSystemSamlMetadata", post(api::validation::sp).layer(metadata))
        // Those who see to it that trust is established: their progress, and that of others.
        .route("/trust", get(console::front))
        .route("/trust/metadata", get(console::metadata_form).post(console::metadata).layer(metadata_form))
        .route("/trust/certificates", get(console::certificates))
        .route("/trust/certificates.atom", get(console::certificates_atom))
        .route("/trust/certificates.ics", get(console::certificates_ics))
        .route("/trust/invitations/{ticket}", get(console::invitation).post(console::accept))
        .route("/trust/authorities/{cvr}", get(console::authority))
        .route("/trust/authorities/{cvr}/runs", post(console::order))
        .route("/trust/authorities/{cvr}/runs/{id}", get(console::run))
        .route("/trust/authorities/{cvr}/runs/{id}/{form}", get(console::run_file))
        .route("/trust/matrix", get(console::matrix))
        .route("/trust/matrix.csv", get(console::matrix_csv))
        .route("/trust/sp", get(console::mirror))
        .route("/trust/sign-in", post(console::sign_in))
        .route("/trust/sign-out", post(console::sign_out))
}

/// What those who run us see, on a listener of its own.
pub fn operations_router(operations: Arc<Operations>) -> Router {
    Router::new()
        .route("/healthz", get(operations::healthz))
        .route("/readyz", get(operations::readyz))
        .route("/metrics", get(operations::metrics))
        .route("/version", get(operations::version))
        .with_state(operations)
}
