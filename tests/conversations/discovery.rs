//! The user chooses a municipality.

use crate::support::Town;

#[tokio::test]
async fn without_a_hint_the_user_chooses_among_those_with_an_agreement() {
    let town = Town::new("choose").await;
    let mut browser = town.browser();
    let sent = browser.get(&town.bbr.redirect(&town.bbr.ask())).await;
    assert!(sent.location().starts_with("/discovery?login="), "{}", sent.location());
    let page = browser.get(&format!("{}{}", town.url, sent.location())).await;
    assert!(
        page.body.contains("Korsbæk Kommune")
            && page.body.contains("Feddet Kommune")
            && page.body.contains("BBR")
    );
}
