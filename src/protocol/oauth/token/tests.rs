//! How a client proves itself, and what it is given tokens for.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::protocol::address::escaped;
use crate::protocol::keys::SignatureAlgorithm;
use crate::protocol::keys::fingerprint;
use crate::protocol::oauth::client::{Application, ClaimNames, LogoutAddresses, SubjectKind};

/// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn client(authentication: Authentication) -> Client {
    Client {
        application: Application::Web,
        redirect_uris: Vec::new(),
        authentication,
        jwks: None,
        logout: LogoutAddresses::default(),
        signed: SignatureAlgorithm::RSA_PSS_SHA256,
        access_signed: SignatureAlgorithm::RSA_PSS_SHA256,
        encrypted: None,
        tokens_live: SignedDuration::from_hours(1),
        refresh: None,
        require_par: false,
        dpop_bound: false,
        dpop_nonce: false,
        names: ClaimNames::Both,
        subject: SubjectKind::Name,
    }
}

fn hashes(secrets: &[&str]) -> Vec<SecretHash> {
    secrets.iter().map(|secret| SecretHash::new(&fingerprint(secret.as_bytes())).unwrap()).collect()
}

fn basic_header(client_id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode_to_string(format!("{}:{}", escaped(client_id), escaped(secret))))
}

fn prove(header: Option<&str>, form: &str, authentication: Authentication) -> Result<String, Fault> {
    let parameters = Parameters::read(form).unwrap();
    let client = client(authentication);
    let presented = Presented::read(header, &parameters)?;
    let proved = presented.prove(&client)?;
    Ok(format!("{} {proved:?}", presented.client_id().unwrap_or("-")))
}

const ASSERTION: &str = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=a.b.c";

#[test]
fn a_client_proves_itself_in_the_way_that_is_registered() {
    let secret = || hashes(&["gammel", "h&m m%l:gt"]);
    let header = basic_header("https://byggesag.example", "h&m m%l:gt");
    let by_header = prove(Some(&header), "", Authentication::SecretBasic(secret()));
    assert_eq!(by_header.as_deref(), Ok("https://byggesag.example Whole"));
    let again = "client_id=https://byggesag.example";
    assert!(prove(Some(&header), again, Authentication::SecretBasic(secret())).is_ok());
    let plain = format!("Basic {}", STANDARD.encode_to_string("https://byggesag.example:gammel"));
    let not_encoded = prove(Some(&plain), "", Authentication::SecretBasic(secret()));
    assert_eq!(not_encoded.as_deref(), Ok("https://byggesag.example Whole"));
    let form = "client_id=b&client_secret=gammel";
    assert_eq!(prove(None, form, Authentication::SecretPost(secret())).as_deref(), Ok("b Whole"));
    assert_eq!(prove(None, ASSERTION, Authentication::PrivateKeyJwt).as_deref(), Ok("- IfSigned(…)"));
    let over_tls = Authentication::TlsClientAuth { subject: "CN=b".into() };
    assert_eq!(prove(None, "client_id=b", over_tls).as_deref(), Ok("b IfOverTls(…)"));
    assert_eq!(prove(None, "client_id=b", Authentication::Public).as_deref(), Ok("b Whole"));
}

#[test]
fn no_other_way_and_no_other_secret_is_taken() {
    let ways = || {
        [
            Authentication::SecretBasic(hashes(&["hemmeligt"])),
            Authentication::SecretPost(hashes(&["hemmeligt"])),
            Authentication::PrivateKeyJwt,
            Authentication::TlsClientAuth { subject: "CN=b".into() },
            Authentication::Public,
        ]
    };
    let header = basic_header("b", "hemmeligt");
    let assertion = format!("client_id=b&{ASSERTION}");
    let shown = [
        (Some(header.as_str()), ""),
        (None, "client_id=b&client_secret=hemmeligt"),
        (None, assertion.as_str()),
        (None, "client_id=b"),
    ];
    for (given, (header, form)) in shown.into_iter().enumerate() {
        for (registered, way) in ways().into_iter().enumerate() {
            // A client without a proof of its own may still have one in its TLS connection.
            let fits = given == registered || given == 3 && registered == 4;
            let proved = prove(header, form, way);
            assert_eq!(proved.is_ok(), fits, "{given} {registered}: {proved:?}");
            if let Err(fault) = proved {
                assert_eq!(fault.reason, Reason::OidcClient);
                assert!(!fault.detail.contains("hemmeligt"));
            }
        }
    }
    for wrong in ["", "hemmelig", "hemmeligt ", "HEMMELIGT"] {
        let header = basic_header("b", wrong);
        let proved = prove(Some(&header), "", Authentication::SecretBasic(hashes(&["hemmeligt"])));
        assert_eq!(proved.unwrap_err().reason, Reason::OidcClient, "{wrong:?}");
    }
}

#[test]
fn two_proofs_at_once_are_refused_and_so_is_half_a_one() {
    let header = basic_header("b", "hemmeligt");
    for (header, form) in [
        (Some(header.as_str()), "client_id=b&client_secret=hemmeligt".to_owned()),
        (Some(header.as_str()), ASSERTION.to_owned()),
        (None, format!("client_id=b&client_secret=hemmeligt&{ASSERTION}")),
        (Some(header.as_str()), "client_id=another".to_owned()),
        (Some("Bearer abc"), "client_id=b".to_owned()),
        (Some("Basic"), "client_id=b".to_owned()),
        (Some("Basic !!!"), "client_id=b".to_owned()),
        (Some("Basic Yg=="), "client_id=b".to_owned()),
        (None, "client_secret=hemmeligt".to_owned()),
        (None, String::new()),
        (None, "client_assertion=a.b.c".to_owned()),
        (None, "client_assertion_type=saml2&client_assertion=a.b.c".to_owned()),
    ] {
        let parameters = Parameters::read(&form).unwrap();
        let read = Presented::read(header, &parameters).map(drop);
        assert_eq!(read.unwrap_err().reason, Reason::OidcClient, "{header:?} {form}");
    }
}

fn reason(form: &str) -> Option<Reason> {
    TokenRequest::read(&Parameters::read(form).unwrap()).err().map(|fault| fault.reason)
}

#[test]
fn tokens_are_given_for_codes_and_refresh_tokens_only() {
    let code = format!("grant_type=authorization_code&code=c&redirect_uri=r&code_verifier={VERIFIER}");
    assert_eq!(reason(&code), None);
    assert_eq!(reason("grant_type=refresh_token&refresh_token=r"), None);
    for other in
        ["password", "client_credentials", "implicit", "urn:ietf:params:oauth:grant-type:token-exchange"]
    {
        assert_eq!(reason(&format!("grant_type={other}&code=c")), Some(Reason::OidcGrant), "{other}");
    }
    for missing in ["grant_type", "code=", "redirect_uri", "code_verifier"] {
        let without: Vec<_> = code.split('&').filter(|pair| !pair.starts_with(missing)).collect();
        assert_eq!(reason(&without.join("&")), Some(Reason::ParamMissing), "{missing}");
    }
    assert_eq!(reason("grant_type=refresh_token"), Some(Reason::ParamMissing));
}

#[test]
fn a_code_is_redeemed_by_whoever_asked_for_it() {
    let challenge = Challenge::new(CHALLENGE).unwrap();
    assert_eq!(challenge.check(&Verifier::new(VERIFIER).unwrap()), Ok(()));
    let mut other = VERIFIER.to_owned();
    other.replace_range(0..1, "e");
    let longer = format!("{VERIFIER}a");
    for wrong in [other.as_str(), CHALLENGE, longer.as_str()] {
        let fault = challenge.check(&Verifier::new(wrong).unwrap()).unwrap_err();
        assert_eq!(fault.reason, Reason::OidcPkce);
    }
    for no_verifier in
        ["", &VERIFIER[1..], &"a".repeat(129), &format!("{}+", "a".repeat(43)), &"æ".repeat(43)]
    {
        assert_eq!(
            Verifier::new(no_verifier).err().map(|f| f.reason),
            Some(Reason::OidcPkce),
            "{no_verifier}"
        );
    }
}

#[test]
fn an_answer_has_the_names_of_the_standard_and_no_empty_ones() {
    let answer = TokenAnswer {
        access_token: "a".into(),
        token_type: TokenType::Dpop,
        expires_in: 3600,
        id_token: Some("i".into()),
        refresh_token: None,
        scope: scope(false),
    };
    let expected = serde_json::json!({
        "access_token": "a", "token_type": "DPoP", "expires_in": 3600, "id_token": "i", "scope": "openid",
    });
    let read = |answer: &TokenAnswer| serde_json::from_str::<serde_json::Value>(&answer.to_json()).unwrap();
    assert_eq!(read(&answer), expected);
    let with = TokenAnswer { refresh_token: Some("r".into()), scope: scope(true), ..answer };
    assert_eq!(
        (&read(&with)["refresh_token"], &read(&with)["scope"]),
        (&"r".into(), &"openid offline_access".into())
    );
}

proptest! {
    #[test]
    fn a_challenge_fits_its_verifier_and_no_other(one in "[A-Za-z0-9._~-]{43,128}", other in "[A-Za-z0-9._~-]{43,128}") {
        let made = URL_SAFE_NO_PAD.encode_to_string(openssl::sha::sha256(one.as_bytes()));
        let challenge = Challenge::new(&made).unwrap();
        prop_assert!(challenge.check(&Verifier::new(&one).unwrap()).is_ok());
        prop_assert_eq!(challenge.check(&Verifier::new(&other).unwrap()).is_ok(), one == other);
    }

    #[test]
    fn any_name_and_secret_survive_the_header(client_id in "\\PC{1,40}", secret in "\\PC{1,40}") {
        let header = basic_header(&client_id, &secret);
        let parameters = Parameters::read("").unwrap();
        let presented = Presented::read(Some(&header), &parameters).unwrap();
        prop_assert_eq!(presented.client_id(), Some(client_id.as_str()));
        let client = client(Authentication::SecretBasic(hashes(&[&secret])));
        prop_assert_eq!(presented.prove(&client), Ok(Proved::Whole));
    }

    #[test]
    fn no_header_makes_the_reader_fall_over(header in "\\PC{0,100}") {
        let parameters = Parameters::read("").unwrap();
        let _ = Presented::read(Some(&header), &parameters);
    }
}
