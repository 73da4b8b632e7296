//! What the small browser makes of pages as others write them.

use super::*;

fn page(body: &str) -> Page {
    let address = "http://localhost:8080/discovery?login=1".to_owned();
    Page { status: 200, location: None, address, body: body.to_owned() }
}

fn given(name: &str, value: &str, is_secret: bool) -> Given {
    Given { name: name.to_owned(), value: value.to_owned(), is_secret }
}

#[test]
fn a_form_is_read_with_what_is_escaped_in_it_and_the_button_that_is_pressed() {
    let page = page(
        r#"<form id="find" method="get" action="/discovery"><input type="hidden" name="x" value="y"></form>
        <form method="post" action="/choose?a=1&amp;b=2"><input type="hidden" name="RelayState" value="&#34;&#x26;&lt;æ">
        <input type="checkbox" name="remember" value="yes"><button name="choice" value="1">1</button>
        <button class="c" name="choice" value="2 https://idp.example">2</button></form>"#,
    );
    let form = page.form(Some(("choice", "2"))).unwrap();
    assert_eq!(form.action, "http://localhost:8080/choose?a=1&b=2");
    let expected = [("RelayState", "\"&<æ"), ("choice", "2 https://idp.example")];
    assert_eq!(form.fields, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
    assert!(form.by_post && !page.form(None).unwrap().by_post);
    assert!(page.form(Some(("choice", "3"))).is_none());
}

#[test]
fn forms_of_other_software_are_read_however_they_are_written() {
    for (body, action) in [
        (
            "<FORM METHOD='POST' ACTION='/adfs/ls/?a=b'><INPUT TYPE=hidden NAME=t VALUE=1><input name=\"user\"></FORM>",
            "http://localhost:8080/adfs/ls/?a=b",
        ),
        (
            "<form onsubmit=\"if (a > b) { go('x'); }\" action=\"https://idp.example/auth?x=1&amp;y=2\" method=\"post\"><input type=hidden name=t value=1 /><input id=u name=user value=\"\" type=text autofocus></form>",
            "https://idp.example/auth?x=1&y=2",
        ),
        (
            "<form method=post action=\"?AuthState=7\"><input name='t' value='1' type='hidden'/><input type='text' name='user'></form>",
            "http://localhost:8080/discovery?AuthState=7",
        ),
        (
            "<form method=post><input name='t' value='1' type='hidden'/><input type='text' name='user'></form>",
            "http://localhost:8080/discovery?login=1",
        ),
    ] {
        let (form, left) = page(body).form_for(&[given("user", "robot & co", false)]).unwrap().unwrap();
        assert_eq!(form.action, action, "{body}");
        assert!(form.by_post);
        assert_eq!(
            form.fields,
            [("t", "1"), ("user", "robot & co")].map(|(n, v)| (n.into(), v.into())),
            "{body}"
        );
        assert_eq!(left, []);
    }
}

#[test]
fn a_login_form_is_filled_in_with_what_fits_and_with_nothing_else() {
    let page = page(
        r#"<form action="/search"><input name="q"></form>
        <form action="/login" method="post"><input type="hidden" name="token" value="t"><input name="username" value="old">
        <input type="password" name="password"><input type="checkbox" name="stay" value="yes"><button name="go" value="in">Log in</button></form>"#,
    );
    let all = [given("username", "robot", false), given("password", "s3cret", true), given("otp", "1", true)];
    let (form, left) = page.form_for(&all).unwrap().unwrap();
    let sent: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(sent, [("token", "t"), ("go", "in"), ("username", "robot"), ("password", "s3cret")]);
    assert_eq!(left, [all[2].clone()]);
    let twice = [given("username", "one", false), given("username", "other", false)];
    assert_eq!(
        page.form_for(&twice).unwrap().unwrap().1,
        [twice[1].clone()],
        "the second is for a second login"
    );
    assert!(
        page.form_for(&[given("token", "other", false)]).unwrap().is_none(),
        "what is hidden is not filled in"
    );
    let shown = page.form_for(&[given("password", "s3cret", false)]).unwrap_err();
    assert!(shown.contains("--form-file") && !shown.contains("s3cret"), "{shown}");
}

#[test]
fn a_cookie_goes_to_whom_it_is_for_and_to_nobody_else() {
    let mut browser = Browser { client: reqwest_client(), jar: Vec::new() };
    browser.keep("login.korsbaek.example", "a=1; Path=/; Secure");
    browser.keep("login.korsbaek.example", "b=2; Domain=.korsbaek.example");
    browser.keep("login.korsbaek.example", "c=3; Domain=other.example");
    browser.keep("login.korsbaek.example", "d=4; Domain=example.com");
    browser.keep("login.korsbaek.example", "e=5");
    browser.keep("login.korsbaek.example", "e=; Max-Age=0");
    let sent = |host: &str| {
        let fitting = browser.jar.iter().filter(|cookie| cookie.goes_to(host));
        fitting.map(|cookie| cookie.name.as_str()).collect::<Vec<_>>().concat()
    };
    assert_eq!(sent("login.korsbaek.example"), "abcd");
    assert_eq!((sent("korsbaek.example"), sent("www.korsbaek.example")), ("b".to_owned(), "b".to_owned()));
    for stranger in ["evil.example", "other.example", "example.com", "notkorsbaek.example", "example"] {
        assert_eq!(sent(stranger), "", "{stranger}");
    }
}

#[expect(clippy::disallowed_methods, reason = "it is not used to send anything")]
fn reqwest_client() -> reqwest::Client {
    reqwest::Client::new()
}
