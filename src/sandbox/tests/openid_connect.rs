//! The fagsystem that speaks OpenID Connect, from a user's seat.

use super::*;

pub(super) const BYGGESAG: u16 = oidc::PLACE;

impl User {
    /// Presses a button of a fagsystem or an identity provider that needs no more than being pressed.
    pub(super) async fn presses(&mut self, place: u16, what: &str) -> Page {
        let form = Form { action: format!("{}{what}", self.at(place)), by_post: true, fields: Vec::new() };
        let pressed = self.submit(&form).await;
        self.follow(pressed).await
    }

    /// Whether a fagsystem or an identity provider shows that somebody is logged in.
    pub(super) async fn is_in(&mut self, place: u16) -> bool {
        let home = self.at(place);
        let home = self.open(&home).await;
        assert_eq!(home.status, 200, "{}", home.body);
        home.body.contains("id=\"who\"")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_logs_in_by_openid_connect_is_seen_with_what_was_said_and_gets_fresh_tokens() {
    let mut user = User::arrive().await;
    let page = user.log_in(BYGGESAG, KORSBAEK, "agnes").await;
    let said =
        ["id=\"who\">Agnes Holm<", "Handle building cases", "Substantial", "<li>its own roles only: 1</li>"];
    assert_shows(&page, 200, &said);
    let page = user.presses(BYGGESAG, "/userinfo").await;
    assert_shows(&page, 200, &["userinfo says the same about the same user"]);
    for times in 1..=2 {
        let page = user.presses(BYGGESAG, "/refresh").await;
        assert_shows(&page, 200, &["Agnes Holm"]);
        assert_eq!(
            page.body.matches("a new access token for the refresh token").count(),
            times,
            "{}",
            page.body
        );
    }
    let page = user.presses(BYGGESAG, "/userinfo").await;
    assert_eq!(
        page.body.matches("userinfo says the same").count(),
        2,
        "by the fresh token too: {}",
        page.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_refused_at_the_broker_is_told_so_by_the_fagsystem_of_openid_connect() {
    let mut user = User::arrive().await;
    let page = user.log_in(BYGGESAG, KORSBAEK, "robot").await;
    assert_shows(&page, 403, &["unmet_authentication_requirements", "robot.nsis"]);
    user.forgotten();
    let begun = user.begin(BYGGESAG, "?passive=true").await;
    assert_shows(&user.follow(begun).await, 403, &["login_required"]);
    assert!(!user.is_in(BYGGESAG).await);
}
