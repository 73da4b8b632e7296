//! What we publish about ourselves to clients: the same document for OpenID Connect and for OAuth (RFC 8414). It says
//! only what is so.

use serde::Serialize;

use super::claims::short_names;
use super::client::Method;
use crate::domain::assurance::{Level, Nist, Nsis};
use crate::protocol::jose::jwe::{ContentEncryption, KeyWrap};

/// The document.
#[derive(Clone, Debug, Serialize)]
pub struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    pushed_authorization_request_endpoint: String,
    userinfo_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    jwks_uri: String,
    end_session_endpoint: String,
    scopes_supported: [&'static str; 2],
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 2],
    grant_types_supported: [&'static str; 2],
    acr_values_supported: Vec<String>,
    subject_types_supported: [&'static str; 2],
    id_token_signing_alg_values_supported: Vec<&'static str>,
    id_token_encryption_alg_values_supported: Vec<&'static str>,
    id_token_encryption_enc_values_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    dpop_signing_alg_values_supported: Vec<&'static str>,
    tls_client_certificate_bound_access_tokens: bool,
    claims_supported: Vec<&'static str>,
    prompt_values_supported: [&'static str; 4],
    code_challenge_methods_supported: [&'static str; 1],
    ui_locales_supported: [&'static str; 2],
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    require_pushed_authorization_requests: bool,
    authorization_response_iss_parameter_supported: bool,
    frontchannel_logout_supported: bool,
    frontchannel_logout_session_supported: bool,
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
}

/// The claims that are no attributes of the user.
const FRAME: [&str; 11] =
    ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"];

impl Discovery {
    /// Describes a broker at this address, which is its name as well. `signs` are the algorithms that its key can sign
    /// with, `verifies` those that it takes from clients.
    pub fn new(issuer: &str, signs: &[&'static str], verifies: &[&'static str]) -> Self {
        let at = |path: &str| format!("{issuer}/oauth2/{path}");
        let wraps = KeyWrap::ALL.into_iter().filter(|wrap| !wrap.is_symmetric());
        let levels = Nsis::ALL.map(Level::Nsis).into_iter().chain(Nist::ALL.map(Level::Nist));
        let proving = Method::ALL.into_iter().filter(|method| *method != Method::None);
        Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: at("authorize"),
            token_endpoint: at("token"),
            pushed_authorization_request_endpoint: at("par"),
            userinfo_endpoint: at("userinfo"),
            introspection_endpoint: at("introspect"),
            revocation_endpoint: at("revoke"),
            jwks_uri: at("jwks"),
            end_session_endpoint: at("logout"),
            scopes_supported: ["openid", "offline_access"],
            response_types_supported: ["code"],
            response_modes_supported: ["query", "form_post"],
            grant_types_supported: ["authorization_code", "refresh_token"],
            acr_values_supported: levels.map(Level::class).collect(),
            subject_types_supported: ["public", "pairwise"],
            id_token_signing_alg_values_supported: signs.to_vec(),
            id_token_encryption_alg_values_supported: wraps.map(|wrap| wrap.name()).collect(),
            id_token_encryption_enc_values_supported: ContentEncryption::ALL
                .map(ContentEncryption::name)
                .to_vec(),
            token_endpoint_auth_methods_supported: Method::ALL.map(Method::name).to_vec(),
            token_endpoint_auth_signing_alg_values_supported: verifies.to_vec(),
            introspection_endpoint_auth_methods_supported: proving.map(Method::name).collect(),
            introspection_endpoint_auth_signing_alg_values_supported: verifies.to_vec(),
            revocation_endpoint_auth_methods_supported: Method::ALL.map(Method::name).to_vec(),
            revocation_endpoint_auth_signing_alg_values_supported: verifies.to_vec(),
            dpop_signing_alg_values_supported: verifies.to_vec(),
            tls_client_certificate_bound_access_tokens: true,
            claims_supported: FRAME.into_iter().chain(short_names()).collect(),
            prompt_values_supported: ["none", "login", "select_account", "consent"],
            code_challenge_methods_supported: ["S256"],
            ui_locales_supported: ["da", "en"],
            claims_parameter_supported: false,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            require_pushed_authorization_requests: false,
            authorization_response_iss_parameter_supported: true,
            frontchannel_logout_supported: true,
            frontchannel_logout_session_supported: true,
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_names_every_address_below_its_issuer_and_no_weak_way_in() {
        let document = Discovery::new("https://login.example", &["PS256"], &["PS256", "ES256"]);
        let json = super::super::json(&document).unwrap();
        assert_eq!(json["issuer"], "https://login.example");
        assert_eq!(json["token_endpoint"], "https://login.example/oauth2/token");
        for (name, value) in json.as_object().unwrap() {
            if name.ends_with("_endpoint") || name == "jwks_uri" {
                assert!(value.as_str().unwrap().starts_with("https://login.example/oauth2/"), "{name}");
            }
        }
        assert_eq!(json["code_challenge_methods_supported"], serde_json::json!(["S256"]));
        assert_eq!(json["response_types_supported"], serde_json::json!(["code"]));
        let text = json.to_string();
        for weak in ["plain", "implicit", "password", "token", "fragment", "HS256", "RSA1_5", "dir"] {
            assert!(!text.contains(&format!("\"{weak}\"")), "{weak}");
        }
        assert_eq!(json["acr_values_supported"].as_array().unwrap().len(), 7);
    }
}
