//! Fagsystemer that speak OpenID Connect: all that others keep in metadata stands in the register itself.

use jiff::SignedDuration;
use serde::Deserialize;

use super::rights::WrittenWhenDown;
use super::written::{Written, yes};
use super::{Reader, beside};
use crate::domain::assurance::{Nist, Nsis};
use crate::domain::federation::{AttributeProfile, Dialect, Fagsystem, NoRights};
use crate::domain::id::{Cvr, EntityId};
use crate::domain::written::{Source, Spanned};
use crate::protocol::address;
use crate::protocol::jose::jwe::{ContentEncryption, KeyWrap, Sealing};
use crate::protocol::jose::{Jwks, SIGNED_WITH, Symmetric};
use crate::protocol::keys::SignatureAlgorithm;
use crate::protocol::oauth::client::{
    Application, Authentication, ClaimNames, Client, LogoutAddresses, Method, RedirectUri, Refresh,
    SecretHash, SubjectKind,
};

/// How long tokens live unless the register says otherwise, in minutes.
const AN_HOUR: u16 = 60;
/// No token lives longer than a session.
const LONGEST: u16 = 8 * 60;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct WrittenOidcClient {
    pub(in crate::broker::registry) client_id: Spanned<EntityId>,
    name: String,
    cvr: Cvr,
    #[serde(default = "yes")]
    active: bool,
    #[serde(default = "oiosaml3")]
    profile: Dialect,
    required_nist: Option<Spanned<Nist>>,
    required_nsis: Option<Spanned<Nsis>>,
    #[serde(default)]
    attribute_profile: AttributeProfile,
    #[serde(default)]
    attribute_service_down: WrittenWhenDown,
    attribute_service_cached_minutes: Option<Spanned<u16>>,
    #[serde(default)]
    no_rights: NoRights,
    #[serde(default)]
    application_type: Application,
    redirect_uris: Spanned<Vec<Spanned<String>>>,
    token_endpoint_auth_method: Spanned<Method>,
    #[serde(default)]
    secret_sha256: Vec<Spanned<String>>,
    tls_client_auth_subject_dn: Option<Spanned<String>>,
    /// The file with the key set, relative to this one.
    pub(in crate::broker::registry) jwks: Option<Spanned<String>>,
    frontchannel_logout_uri: Option<Spanned<String>>,
    backchannel_logout_uri: Option<Spanned<String>>,
    #[serde(default)]
    post_logout_redirect_uris: Vec<Spanned<String>>,
    id_token_signed_response_alg: Option<Spanned<String>>,
    access_token_signed_response_alg: Option<Spanned<String>>,
    id_token_encrypted_response_alg: Option<Spanned<String>>,
    id_token_encrypted_response_enc: Option<Spanned<String>>,
    token_minutes: Option<Spanned<u16>>,
    issue_refresh_token: Option<Spanned<bool>>,
    refresh_token_rotation: Option<Spanned<bool>>,
    refresh_token_minutes: Option<Spanned<u16>>,
    #[serde(default)]
    require_par: bool,
    #[serde(default)]
    dpop_bound: bool,
    #[serde(default)]
    dpop_nonce: bool,
    #[serde(default)]
    claim_names: ClaimNames,
    #[serde(default)]
    subject: SubjectKind,
}

fn oiosaml3() -> Dialect {
    Dialect::Oiosaml3
}

fn signing() -> Vec<(&'static str, SignatureAlgorithm)> {
    SIGNED_WITH.iter().filter_map(|one| Some((one.jose()?, *one))).collect()
}

/// What needs a secret in clear is left out: we keep hashes.
fn wrapping() -> Vec<(&'static str, KeyWrap)> {
    KeyWrap::ALL.iter().filter(|one| !one.is_symmetric()).map(|one| (one.name(), *one)).collect()
}

impl Reader<'_> {
    pub(super) fn clients(&mut self, source: Source<'_>, path: &str, file: &Written) {
        for written in &file.oidc_client {
            self.client_as_fagsystem(source, written);
            if let Some(client) = self.client(source, path, written) {
                self.snapshot.clients.insert(written.client_id.get_ref().clone(), client);
            }
        }
    }

    fn client_as_fagsystem(&mut self, source: Source<'_>, written: &WrittenOidcClient) {
        let name = &written.client_id;
        let levels = (written.required_nist.as_ref(), written.required_nsis.as_ref());
        let cached = written.attribute_service_cached_minutes.as_ref();
        let registered = Fagsystem {
            entity_id: name.get_ref().clone(),
            name: written.name.clone(),
            cvr: written.cvr,
            active: written.active,
            dialect: written.profile,
            required: self.required(source, levels, written.profile, name),
            attributes: written.attribute_profile,
            sign_response: false,
            when_down: self.when_down(source, written.attribute_service_down, cached, name),
            no_rights: written.no_rights,
        };
        if !self.snapshot.federation.add_fagsystem(registered) {
            self.twice(source, name);
        }
        self.unlike_others(source, name);
    }

    fn client(&mut self, source: Source<'_>, path: &str, written: &WrittenOidcClient) -> Option<Client> {
        let jwks = self.jwks(source, path, written);
        let signed = self.algorithm(source, written.id_token_signed_response_alg.as_ref(), &signing());
        let access = written.access_token_signed_response_alg.as_ref();
        Some(Client {
            application: written.application_type,
            redirect_uris: self.redirect_uris(source, written),
            encrypted: self.encryption(source, written, jwks.as_ref()),
            authentication: self.authentication(source, written, jwks.as_ref())?,
            jwks,
            logout: self.logout(source, written),
            signed,
            access_signed: access.map_or(signed, |_| self.algorithm(source, access, &signing())),
            tokens_live: self.minutes(source, written.token_minutes.as_ref()),
            refresh: self.refresh(source, written),
            require_par: written.require_par,
            dpop_bound: written.dpop_bound,
            dpop_nonce: written.dpop_nonce,
            names: written.claim_names,
            subject: written.subject,
        })
    }

    fn wrong<T>(&mut self, source: Source<'_>, at: &Spanned<T>, what: impl Into<String>) {
        self.complaints.push(source.complain(at.span(), what));
    }

    /// Each address is one client's, since a code that is sent there is that client's.
    fn redirect_uris(&mut self, source: Source<'_>, written: &WrittenOidcClient) -> Vec<RedirectUri> {
        if written.redirect_uris.get_ref().is_empty() {
            self.wrong(source, &written.redirect_uris, "expected at least one address");
        }
        let mut uris = Vec::new();
        for uri in written.redirect_uris.get_ref() {
            let Some(known) = self.own_address(source, uri, written.application_type) else { continue };
            let owner = written.client_id.get_ref().clone();
            match self.redirects.insert(known.clone(), owner) {
                None => uris.push(known),
                Some(other) => {
                    let what =
                        format!("expected an address that no client has yet; {other} has {}", known.as_str());
                    self.wrong(source, uri, what);
                }
            }
        }
        uris
    }

    fn own_address(
        &mut self,
        source: Source<'_>,
        uri: &Spanned<String>,
        application: Application,
    ) -> Option<RedirectUri> {
        let read = RedirectUri::new(uri.get_ref(), application);
        read.map_err(|what| self.wrong(source, uri, format!("{what}, got {:?}", uri.get_ref()))).ok()
    }

    fn jwks(&mut self, source: Source<'_>, path: &str, written: &WrittenOidcClient) -> Option<Jwks> {
        let file = written.jwks.as_ref()?;
        let beside = beside(path, file.get_ref());
        let Some(content) = self.kept.files.get(&beside) else {
            self.wrong(source, file, format!("expected a key set at {beside}, found none"));
            return None;
        };
        // What is no text is no key set either.
        let read = Jwks::read(&String::from_utf8_lossy(content), Symmetric::Refused);
        read.map_err(|fault| {
            self.wrong(source, file, format!("the key set in {beside} is refused: {fault}"));
        })
        .ok()
    }

    /// How the client proves itself, with all that this takes and nothing that another way would take.
    fn authentication(
        &mut self,
        source: Source<'_>,
        written: &WrittenOidcClient,
        jwks: Option<&Jwks>,
    ) -> Option<Authentication> {
        let at = &written.token_endpoint_auth_method;
        let method = *at.get_ref();
        if (method == Method::None) != (written.application_type != Application::Web) {
            let what =
                "expected \"none\" for native and javascript, which keep no secret, and another for web";
            self.wrong(source, at, what);
        }
        let by_secret = matches!(method, Method::ClientSecretBasic | Method::ClientSecretPost);
        let hashes = self.secrets(source, written);
        let with_subject = method == Method::TlsClientAuth;
        for (is_needed, is_there, key) in [
            (by_secret, !written.secret_sha256.is_empty(), "secret-sha256"),
            (with_subject, written.tls_client_auth_subject_dn.is_some(), "tls-client-auth-subject-dn"),
        ] {
            if is_needed != is_there {
                let (some, not) = if is_needed { ("a", "none") } else { ("no", "one") };
                self.wrong(source, at, format!("expected {some} `{key}` with {}, got {not}", method.name()));
            }
        }
        if method == Method::PrivateKeyJwt && !jwks.is_some_and(Jwks::verifies) {
            self.wrong(source, at, "expected `jwks` with a signing key for private_key_jwt");
        }
        match method {
            Method::ClientSecretBasic => Some(Authentication::SecretBasic(hashes)),
            Method::ClientSecretPost => Some(Authentication::SecretPost(hashes)),
            Method::PrivateKeyJwt => Some(Authentication::PrivateKeyJwt),
            Method::TlsClientAuth => {
                let subject = written.tls_client_auth_subject_dn.as_ref()?.get_ref().clone();
                Some(Authentication::TlsClientAuth { subject })
            }
            Method::None => Some(Authentication::Public),
        }
    }

    fn secrets(&mut self, source: Source<'_>, written: &WrittenOidcClient) -> Vec<SecretHash> {
        let mut hashes = Vec::new();
        for digits in &written.secret_sha256 {
            match SecretHash::new(digits.get_ref()) {
                Some(hash) => hashes.push(hash),
                // What came is not shown: it may be the secret itself.
                None => {
                    let what = "expected a SHA-256 of 64 hexadecimal digits, got something else";
                    self.wrong(source, digits, what);
                }
            }
        }
        hashes
    }

    fn encryption(
        &mut self,
        source: Source<'_>,
        written: &WrittenOidcClient,
        jwks: Option<&Jwks>,
    ) -> Option<Sealing> {
        let enc = written.id_token_encrypted_response_enc.as_ref();
        match (&written.id_token_encrypted_response_alg, enc) {
            (Some(alg), enc) => {
                let key = self.algorithm(source, Some(alg), &wrapping());
                let content = ContentEncryption::ALL.map(|one| (one.name(), one));
                let content = self.algorithm(source, enc, &content);
                if jwks.and_then(|keys| key.find(keys)).is_none() {
                    self.wrong(source, alg, "expected `jwks` with an encryption key for it");
                }
                Some(Sealing { key, content })
            }
            (None, Some(enc)) => {
                self.wrong(source, enc, "expected `id-token-encrypted-response-alg` beside it");
                None
            }
            (None, None) => None,
        }
    }

    /// The algorithm of this name; the first, unless the register says otherwise.
    fn algorithm<T: Copy>(
        &mut self,
        source: Source<'_>,
        written: Option<&Spanned<String>>,
        known: &[(&str, T)],
    ) -> T {
        let Some(written) = written else { return known[0].1 };
        known.iter().find(|(name, _)| name == written.get_ref()).map_or_else(
            || {
                let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
                let what = format!("expected one of {}, got {:?}", names.join(", "), written.get_ref());
                self.wrong(source, written, what);
                known[0].1
            },
            |(_, algorithm)| *algorithm,
        )
    }

    /// A session of a web client that nobody can end stays open when the user has long gone.
    fn logout(&mut self, source: Source<'_>, written: &WrittenOidcClient) -> LogoutAddresses {
        let (front, back) = (&written.frontchannel_logout_uri, &written.backchannel_logout_uri);
        if written.application_type == Application::Web && front.is_none() && back.is_none() {
            let what = "expected `backchannel-logout-uri` or `frontchannel-logout-uri`, got neither";
            self.wrong(source, &written.client_id, what);
        }
        for uri in front.iter().chain(back) {
            if let Err(fault) = address::check(uri.get_ref()) {
                self.wrong(source, uri, fault.detail.into_owned());
            }
        }
        let plain = |uri: &Option<Spanned<String>>| uri.as_ref().map(|uri| uri.get_ref().clone());
        let after = written.post_logout_redirect_uris.iter();
        let after = after.filter_map(|uri| self.own_address(source, uri, written.application_type));
        LogoutAddresses { after: after.collect(), frontchannel: plain(front), backchannel: plain(back) }
    }

    fn minutes(&mut self, source: Source<'_>, written: Option<&Spanned<u16>>) -> SignedDuration {
        if let Some(minutes) = written {
            self.within(source, minutes, 1, LONGEST);
        }
        SignedDuration::from_mins(written.map_or(AN_HOUR, |minutes| *minutes.get_ref()).into())
    }

    /// A public client's refresh token is good once, or bound to a key: else whoever copies it keeps it.
    fn refresh(&mut self, source: Source<'_>, written: &WrittenOidcClient) -> Option<Refresh> {
        let is_issued = written.issue_refresh_token.as_ref().is_some_and(|issue| *issue.get_ref());
        let (rotation, lives) = (&written.refresh_token_rotation, &written.refresh_token_minutes);
        if !is_issued {
            let without = "expected `issue-refresh-token = true` beside it";
            if let Some(rotation) = rotation {
                self.wrong(source, rotation, without);
            }
            if let Some(lives) = lives {
                self.wrong(source, lives, without);
            }
            return None;
        }
        let rotates = rotation.as_ref().is_none_or(|rotates| *rotates.get_ref());
        let is_copied_easily = written.application_type != Application::Web && !written.dpop_bound;
        if let Some(rotation) = rotation.as_ref().filter(|_| !rotates && is_copied_easily) {
            let what = "expected rotation or `dpop-bound = true` for native and javascript";
            self.wrong(source, rotation, what);
        }
        Some(Refresh { rotates, lives: self.minutes(source, lives.as_ref()) })
    }
}
