//! What a request may ask for, where its answer goes, and what of it changes nothing.

use proptest::prelude::*;

use super::*;
use crate::domain::assurance::{Nist, Nsis};
use crate::domain::id::CaseNumber;
use crate::protocol::address::unescaped;
use crate::protocol::keys::SignatureAlgorithm;
use crate::protocol::oauth::client::{
    Application, Authentication, ClaimNames, LogoutAddresses, RedirectUri, Refresh, SubjectKind,
};

const HERE: &str = "https://byggesag.example/callback";
const ISSUER: &str = "https://login.example";
/// The challenge of the example in RFC 7636.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn client() -> Client {
    Client {
        application: Application::Web,
        redirect_uris: vec![
            RedirectUri::new(HERE, Application::Web).unwrap(),
            RedirectUri::new("https://byggesag.example/other?tenant=1", Application::Web).unwrap(),
        ],
        authentication: Authentication::PrivateKeyJwt,
        jwks: None,
        logout: LogoutAddresses::default(),
        signed: SignatureAlgorithm::RSA_PSS_SHA256,
        access_signed: SignatureAlgorithm::RSA_PSS_SHA256,
        encrypted: None,
        tokens_live: SignedDuration::from_hours(1),
        refresh: Some(Refresh { rotates: true, lives: SignedDuration::from_hours(1) }),
        require_par: false,
        dpop_bound: false,
        dpop_nonce: false,
        names: ClaimNames::Both,
        subject: SubjectKind::Name,
    }
}

/// A plain request, with these parameters instead of its own, or without those that are empty.
fn asked(changes: &[(&str, &str)]) -> Parameters {
    let plain = [
        ("response_type", "code"),
        ("redirect_uri", HERE),
        ("scope", "openid"),
        ("state", "s"),
        ("nonce", "n"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let kept = plain.iter().filter(|(name, _)| changes.iter().all(|(other, _)| other != name));
    let pairs: Vec<_> =
        kept.chain(changes).map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    Parameters::read(&pairs.join("&")).unwrap()
}

fn read(changes: &[(&str, &str)]) -> Result<AuthorizationRequest, Fault> {
    AuthorizationRequest::read(&asked(changes), &client())
}

#[test]
fn a_plain_request_is_read() {
    let request = read(&[]).unwrap();
    assert_eq!(request.nonce.as_deref(), Some("n"));
    assert_eq!(request.challenge.as_str(), CHALLENGE);
    assert!(!request.offline && !request.force_authn && !request.is_passive);
    assert!(request.levels.is_empty() && request.max_age.is_none());
    let reply = ReplyTo::prove(&asked(&[]), &client()).unwrap();
    assert_eq!(
        (reply.redirect_uri.as_str(), reply.state.as_deref(), reply.form_post),
        (HERE, Some("s"), false)
    );
    assert!(read(&[("state", ""), ("nonce", "")]).unwrap().nonce.is_none(), "PKCE does their work");
}

/// ATK-262: the positive twin is the test above.
#[test]
fn an_answer_goes_to_a_registered_address_letter_by_letter() {
    for evil in [
        "",
        "https://evil.example/callback",
        "https://byggesag.example/callback/",
        "https://byggesag.example/callback?x=1",
        "https://byggesag.example/callback#",
        "https://byggesag.example/callback/../evil",
        "https://byggesag.example/callback/..;/evil",
        "https://byggesag.example/callbac%6b",
        "https://byggesag.example/callbac",
        "https://byggesag.example:443/callback",
        "https://byggesag.example.evil.example/callback",
        "https://sub.byggesag.example/callback",
        "https://byggesag.example@evil.example/callback",
        "https://byggesag.example\\.evil.example/callback",
        "https://Byggesag.example/callback",
        "http://byggesag.example/callback",
        "https://byggesagXexample/callback",
        " https://byggesag.example/callback",
        "//byggesag.example/callback",
        "https://byggesag.example/other",
        "https://byggesag.example/other?tenant=2",
    ] {
        let fault = ReplyTo::prove(&asked(&[("redirect_uri", evil)]), &client()).unwrap_err();
        assert_eq!(fault.reason, Reason::OidcRedirect, "{evil}");
        assert!(evil.len() < 5 || !fault.detail.contains(evil), "a stranger's text stays out of the log");
    }
    assert!(
        ReplyTo::prove(&asked(&[("redirect_uri", "https://byggesag.example/other?tenant=1")]), &client())
            .is_ok()
    );
}

#[test]
fn only_the_code_flow_with_pkce_is_taken() {
    for (changes, reason) in [
        (&[("response_type", "")][..], Reason::ParamMissing),
        (&[("response_type", "token")], Reason::OidcResponseType),
        (&[("response_type", "code id_token")], Reason::OidcResponseType),
        (&[("code_challenge", "")], Reason::OidcRequest),
        (&[("code_challenge_method", "")], Reason::OidcRequest),
        (&[("code_challenge_method", "plain")], Reason::OidcRequest),
        (&[("code_challenge_method", "s256")], Reason::OidcRequest),
        (&[("code_challenge", "kort")], Reason::OidcRequest),
        (&[("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN")], Reason::OidcRequest),
        (&[("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM")], Reason::OidcRequest),
        (&[("scope", "")], Reason::OidcScope),
        (&[("scope", "profile email")], Reason::OidcScope),
        (&[("scope", "openid2")], Reason::OidcScope),
        (&[("request", "eyJhbGciOiJub25lIn0.e30.")], Reason::OidcObject),
        (&[("response_mode", "fragment")], Reason::OidcRequest),
        (&[("response_mode", "web_message")], Reason::OidcRequest),
        (&[("dpop_jkt", "kort")], Reason::OidcRequest),
    ] {
        assert_eq!(read(changes).unwrap_err().reason, reason, "{changes:?}");
    }
    for good in [
        &[("response_mode", "query")][..],
        &[("response_mode", "form_post")],
        &[("scope", "profile openid email unknown")],
        &[("dpop_jkt", CHALLENGE)],
    ] {
        assert!(read(good).is_ok(), "{good:?}");
    }
}

#[test]
fn a_refresh_token_is_for_those_who_ask_and_are_registered_for_it() {
    assert!(read(&[("scope", "openid offline_access")]).unwrap().offline);
    let without = Client { refresh: None, ..client() };
    let asks = asked(&[("scope", "openid offline_access")]);
    assert!(!AuthorizationRequest::read(&asks, &without).unwrap().offline);
}

#[test]
fn levels_are_those_of_both_scales_and_of_no_other() {
    let substantial = Level::Nsis(Nsis::Substantial);
    let three = Level::Nist(Nist::new(3).unwrap());
    let both = format!("{} urn:mace:incommon:iap:silver {} {0}", substantial.class(), three.class());
    assert_eq!(read(&[("acr_values", &both)]).unwrap().levels, [substantial, three]);
    for wrong in
        ["urn:dk:gov:saml:attribute:AssuranceLevel:5", "https://data.gov.dk/concept/core/nsis/loa/Highest"]
    {
        assert_eq!(read(&[("acr_values", wrong)]).unwrap_err().reason, Reason::OidcRequest, "{wrong}");
    }
}

/// ATK-281: nothing in a request asks for more of a user, or for less of a login, than the register says.
#[test]
fn a_request_cannot_widen_what_a_client_is_told() {
    let plain = read(&[]).unwrap();
    for more in [
        &[(
            "claims",
            r#"{"id_token":{"cpr":{"essential":true},"acr":{"value":"urn:dk:gov:saml:attribute:AssuranceLevel:1"}}}"#,
        )][..],
        &[("scope", "openid cpr admin")],
        &[("id_token_hint", "eyJhbGciOiJub25lIn0.e30.")],
        &[("display", "touch")],
        &[("acr_values", "0")],
        &[("login_hint", "anders@korsbaek.example")],
        &[("login_hint", "0101010101")],
        &[
            ("subject_type", "public"),
            ("audience", "https://other.example"),
            ("resource", "https://other.example"),
        ],
    ] {
        assert!(read(more).unwrap() == plain, "{more:?}");
    }
}

#[test]
fn a_hint_is_a_municipality_and_nothing_else() {
    let hint = |name, value| read(&[(name, value)]).unwrap().municipality;
    assert_eq!(hint("domain_hint", "11111111"), Some(Hint::Cvr(Cvr::new("11111111").unwrap())));
    assert_eq!(hint("login_hint", "Korsbæk Kommune"), Some(Hint::Name("Korsbæk Kommune".into())));
    let of_both = read(&[("domain_hint", "11111111"), ("login_hint", "Feddet")]).unwrap().municipality;
    assert_eq!(of_both, Some(Hint::Cvr(Cvr::new("11111111").unwrap())));
    for nothing in ["", "0101010101", "010101-0101", "<script>", "a@b.dk", &"a".repeat(81)] {
        assert_eq!(hint("login_hint", nothing), None, "{nothing}");
    }
}

#[test]
fn prompt_and_max_age_only_ever_ask_for_more_of_the_user() {
    let met =
        |changes: &[(&str, &str)]| read(changes).map(|request| (request.force_authn, request.is_passive));
    for (changes, expected) in [
        (&[("prompt", "none")][..], (false, true)),
        (&[("prompt", "login")], (true, false)),
        (&[("prompt", "select_account consent")], (true, false)),
        (&[("prompt", "consent")], (false, false)),
        (&[("max_age", "0")], (true, false)),
        (&[("max_age", "3600")], (false, false)),
    ] {
        assert_eq!(met(changes), Ok(expected), "{changes:?}");
    }
    assert_eq!(read(&[("max_age", "3600")]).unwrap().max_age, Some(SignedDuration::from_hours(1)));
    for wrong in [
        ("prompt", "none login"),
        ("prompt", "none none"),
        ("prompt", "create"),
        ("prompt", "LOGIN"),
        ("max_age", "-1"),
        ("max_age", "+1"),
        ("max_age", "1.5"),
        ("max_age", "99999999999"),
        ("max_age", " 1"),
    ] {
        assert_eq!(met(&[wrong]).unwrap_err().reason, Reason::OidcRequest, "{wrong:?}");
    }
}

#[test]
fn what_cannot_be_carried_is_refused_and_not_sent_back() {
    let long = "x".repeat(MAX_STATE);
    assert!(read(&[("state", &long)]).is_ok());
    for state in [format!("{long}x"), "a\nb".to_owned(), "a\0".to_owned()] {
        assert_eq!(read(&[("state", &state)]).unwrap_err().reason, Reason::OidcRequest);
        assert_eq!(ReplyTo::prove(&asked(&[("state", &state)]), &client()).unwrap().state, None);
    }
    assert!(read(&[("nonce", &"n".repeat(MAX_NONCE))]).is_ok());
    assert_eq!(read(&[("nonce", &"n".repeat(MAX_NONCE + 1))]).unwrap_err().reason, Reason::OidcRequest);
}

#[test]
fn an_answer_says_whose_it_is_and_brings_the_state_back() {
    let reply = ReplyTo::prove(&asked(&[("state", "a&b=c#å")]), &client()).unwrap();
    let expected = format!("{HERE}?code=c%26d&state=a%26b%3Dc%23%C3%A5&iss=https%3A%2F%2Flogin.example");
    assert_eq!(reply.code("c&d", ISSUER), Answer::Redirect(expected));
    let case = CaseNumber::new("4829 137 502").unwrap();
    let refused = reply.refusal(Reason::Passive, case, ISSUER).unwrap();
    let Answer::Redirect(address) = &refused else { panic!("{refused:?}") };
    assert!(address.starts_with(&format!("{HERE}?error=login_required&error_description=passive%3A%20")));
    assert!(address.ends_with("&state=a%26b%3Dc%23%C3%A5&iss=https%3A%2F%2Flogin.example"), "{address}");
    assert_eq!(reply.refusal(Reason::OidcRedirect, case, ISSUER), None);

    let other = [("redirect_uri", "https://byggesag.example/other?tenant=1"), ("state", "")];
    let reply = ReplyTo::prove(&asked(&other), &client()).unwrap();
    let expected = "https://byggesag.example/other?tenant=1&code=c&iss=https%3A%2F%2Flogin.example";
    assert_eq!(reply.code("c", ISSUER), Answer::Redirect(expected.to_owned()));

    let reply = ReplyTo::prove(&asked(&[("response_mode", "form_post")]), &client()).unwrap();
    let fields = vec![("code", "c".to_owned()), ("state", "s".to_owned()), ("iss", ISSUER.to_owned())];
    assert_eq!(reply.code("c", ISSUER), Answer::Form { action: HERE.to_owned(), fields });
}

#[test]
fn a_pushed_request_is_named_by_us() {
    let named = |uri: &str| pushed(&asked(&[("request_uri", uri)])).map(|ours| ours.map(str::to_owned));
    assert_eq!(named(""), Ok(None));
    assert_eq!(named(&format!("{PUSHED}abc")), Ok(Some("abc".to_owned())));
    for foreign in ["https://evil.example/request.jwt", "urn:ietf:params:oauth:request_uri:", "urn:other:abc"]
    {
        assert_eq!(named(foreign).unwrap_err().reason, Reason::OidcPushed, "{foreign}");
    }
}

#[test]
fn nothing_that_a_client_chose_is_shown() {
    let (parameters, client) = (asked(&[("state", "hemmeligt"), ("nonce", "hemmeligt")]), client());
    let reply = ReplyTo::prove(&parameters, &client).unwrap();
    let request = AuthorizationRequest::read(&parameters, &client).unwrap();
    let shown = format!("{reply:?} {request:?} {:?}", reply.code("hemmeligt", ISSUER));
    assert!(!shown.contains("hemmeligt") && !shown.contains(CHALLENGE), "{shown}");
}

proptest! {
    #[test]
    fn a_state_comes_back_as_it_was_sent(state in "\\PC{1,200}") {
        let reply = ReplyTo::prove(&asked(&[("state", &state)]), &client()).unwrap();
        let Answer::Redirect(address) = reply.code("c", ISSUER) else { panic!() };
        let raw = address.split_once("&state=").unwrap().1.split_once("&iss=").unwrap().0;
        prop_assert_eq!(unescaped(raw).unwrap(), state);
    }

    #[test]
    fn no_address_but_the_registered_ones_is_ever_answered(uri in "https://byggesag\\.example[ -~]{0,20}") {
        let known = ReplyTo::prove(&asked(&[("redirect_uri", &uri)]), &client()).is_ok();
        prop_assert_eq!(known, client().redirect_uris.iter().any(|registered| registered.as_str() == uri));
    }
}
