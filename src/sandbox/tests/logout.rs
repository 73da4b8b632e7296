//! The end of a session that fagsystemer of both protocols share, from a user's seat.

use super::openid_connect::BYGGESAG;
use super::*;

impl User {
    /// Agnes is logged in to two fagsystemer by SAML and to one by OpenID Connect, and was asked once.
    async fn at_three() -> Self {
        let mut user = Self::arrive().await;
        user.logs_in_to_three().await;
        user
    }

    async fn logs_in_to_three(&mut self) {
        assert_shows(&self.log_in(BBR, KORSBAEK, "agnes").await, 200, &["id=\"who\">Agnes Holm<"]);
        for next in [BOOKING, BYGGESAG] {
            let page = self.choose(next, "", KORSBAEK).await;
            assert_shows(&page, 200, &["id=\"who\">Agnes Holm<"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_at_any_fagsystem_reaches_all_of_them_and_the_municipality() {
    let mut user = User::at_three().await;
    for (begins, told) in [
        (BBR, "You are logged out here and of the other systems"),
        (BOOKING, "You are logged out here and of the other systems"),
        (BYGGESAG, "You are logged out here, and the context handler says that it is done"),
    ] {
        let page = user.presses(begins, "/logout").await;
        assert_shows(&page, 200, &[told]);
        for place in [BBR, BOOKING, BYGGESAG, idp::KORSBAEK.place] {
            assert!(!user.is_in(place).await, "{place} after a logout at {begins}");
        }
        user.logs_in_to_three().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_at_the_municipality_reaches_every_fagsystem() {
    let mut user = User::at_three().await;
    let page = user.presses(idp::KORSBAEK.place, "/logout").await;
    assert_eq!(page.status, 200, "{}", page.body);
    for place in [BBR, BOOKING, BYGGESAG, idp::KORSBAEK.place] {
        assert!(!user.is_in(place).await, "{place}");
    }
    assert!(user.choose(BBR, "", KORSBAEK).await.form(Some(("who", "viggo"))).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_ends_the_tokens_too_and_nobody_elses_session() {
    let mut user = User::at_three().await;
    let agnes = std::mem::replace(&mut user.walk.browser, Browser::new(super::client().unwrap()));
    assert_shows(&user.log_in(BYGGESAG, KORSBAEK, "viggo").await, 200, &["id=\"who\">Viggo Lund<"]);
    let viggo = std::mem::replace(&mut user.walk.browser, agnes);
    user.presses(BBR, "/logout").await;
    assert!(!user.is_in(BYGGESAG).await);
    user.walk.browser = viggo;
    assert!(user.is_in(BYGGESAG).await);
    assert_shows(&user.presses(BYGGESAG, "/refresh").await, 200, &["Viggo Lund", "a new access token"]);
}
