//! Which addresses, secrets and key sets a client may have.

use proptest::prelude::*;

use super::*;

const APPLICATIONS: [Application; 3] = [Application::Web, Application::Native, Application::JavaScript];

fn registered(uri: &str, application: Application) -> RedirectUri {
    RedirectUri::new(uri, application).unwrap()
}

#[test]
fn an_address_is_registered_exactly_and_belongs_to_its_kind_of_program() {
    for (uri, application) in [
        ("https://byggesag.example/callback", Application::Web),
        ("https://byggesag.example/callback?tenant=1", Application::Web),
        ("http://localhost:8088/callback", Application::Web),
        ("https://byggesag.example/", Application::JavaScript),
        ("dk.byggesag.app:/callback", Application::Native),
        ("http://127.0.0.1/callback", Application::Native),
        ("http://[::1]:4711", Application::Native),
    ] {
        assert!(RedirectUri::new(uri, application).is_ok(), "{uri}");
    }
    for (uri, application) in [
        ("", Application::Web),
        ("http://byggesag.example/callback", Application::Web),
        ("http://byggesag.example/", Application::JavaScript),
        ("dk.byggesag.app:/callback", Application::Web),
        ("https://byggesag.example/app", Application::Native),
        ("http://127.0.0.1.evil.example/", Application::Native),
        ("http://localhost:0/callback", Application::Native),
        ("http://localhost:99999/callback", Application::Native),
        ("http://localhost:80@evil.example/", Application::Native),
        ("javascript:alert(1)", Application::Native),
        ("myapp:/callback", Application::Native),
        ("Dk.App:/callback", Application::Native),
    ] {
        assert!(RedirectUri::new(uri, application).is_err(), "{uri}");
    }
    for uri in [
        "https://*.byggesag.example/callback",
        "https://byggesag.example/*",
        "https://byggesag.example/callback#a",
        "https://byggesag.example/callback?code=1",
        "https://byggesag.example/callback?a=b&iss=c",
        "https://byggesag.example\\@evil.example/",
        "https://user@byggesag.example/",
        "https://byggesag.example/a b",
        "https://byggesag.example/æ",
    ] {
        for application in APPLICATIONS {
            assert!(RedirectUri::new(uri, application).is_err(), "{uri}");
        }
    }
    let long = format!("https://byggesag.example/{}", "a".repeat(RedirectUri::LONGEST - 25));
    assert!(RedirectUri::new(&long, Application::Web).is_ok());
    assert!(RedirectUri::new(&format!("{long}a"), Application::Web).is_err());
}

#[test]
fn only_an_app_on_a_device_may_be_answered_at_another_port() {
    let native = registered("http://127.0.0.1/callback", Application::Native);
    for same in
        ["http://127.0.0.1/callback", "http://127.0.0.1:1/callback", "http://127.0.0.1:65535/callback"]
    {
        assert!(native.is(same, Application::Native), "{same}");
    }
    for other in [
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:/callback",
        "http://127.0.0.1:080/callback",
        "http://127.0.0.1:+80/callback",
        "http://127.0.0.1:80/callback/",
        "http://127.0.0.1:80/callback?a=b",
        "http://127.0.0.1:80@evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.2/callback",
        "http://localhost/callback",
        "https://127.0.0.1/callback",
        "HTTP://127.0.0.1/callback",
    ] {
        assert!(!native.is(other, Application::Native), "{other}");
    }
    let web = registered("http://localhost:8088/callback", Application::Web);
    assert!(web.is("http://localhost:8088/callback", Application::Web));
    assert!(!web.is("http://localhost:8089/callback", Application::Web));
    let private = registered("dk.byggesag.app:/callback", Application::Native);
    assert!(private.is("dk.byggesag.app:/callback", Application::Native));
    assert!(!private.is("dk.byggesag.app:/callback2", Application::Native));
}

#[test]
fn a_secret_is_known_by_its_hash_and_by_nothing_else() {
    let hash = SecretHash::new(&crate::protocol::keys::fingerprint(b"hemmeligt")).unwrap();
    assert!(hash.is_of("hemmeligt"));
    for other in ["", "hemmelig", "hemmeligt ", "Hemmeligt"] {
        assert!(!hash.is_of(other), "{other}");
    }
    for wrong in ["", "hemmeligt", &"0".repeat(63), &"g".repeat(64), &"0".repeat(65), &"é".repeat(32)] {
        assert!(SecretHash::new(wrong).is_none(), "{wrong}");
    }
    assert!(format!("{hash:?}").len() < 24, "most of the hash stays unseen");
}

proptest! {
    /// ATK-262, ATK-263: whatever is changed in an address, it is another one.
    #[test]
    fn a_changed_address_is_another_one(at in 0usize..33, with in "[ -~]{0,3}") {
        let uri = "https://byggesag.example/callback";
        let changed = format!("{}{with}{}", &uri[..at], &uri[at + 1..]);
        prop_assume!(changed != uri);
        for application in APPLICATIONS {
            prop_assert!(!RedirectUri(uri.to_owned()).is(&changed, application));
        }
    }

    #[test]
    fn an_app_is_answered_on_its_own_device_whatever_the_port(text in "http://[ -~]{0,40}") {
        let native = registered("http://127.0.0.1/callback", Application::Native);
        if native.is(&text, Application::Native) {
            let rest = text.strip_prefix("http://127.0.0.1").unwrap().strip_suffix("/callback").unwrap();
            prop_assert!(rest.is_empty() || rest[1..].parse::<u16>().is_ok());
        }
    }
}
