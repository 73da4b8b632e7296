//! The store cannot be written: nothing is issued, and it recovers by itself.

use crate::support::Town;

#[tokio::test]
async fn while_the_store_is_locked_nothing_is_issued_and_afterwards_all_is_well() {
    let town = Town::new("locked").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let lock = rusqlite::Connection::open(town.database()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let cookies = browser.cookies.clone();
    let refused = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
    assert_eq!(refused.status, 503);
    assert!(refused.headers.contains_key("retry-after") && refused.form().is_none());
    let mut other = town.bbr.ask();
    other.id = "_request2".into();
    assert_eq!(town.bbr.send(&mut town.browser(), &other).await.status, 503);
    lock.execute_batch("ROLLBACK").unwrap();
    browser.cookies = cookies;
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
    assert_eq!(town.bbr.read(&answer, &town).status, ["Success"], "nothing of the failed attempt was kept");
}

#[tokio::test]
async fn a_store_that_is_full_issues_nothing_until_there_is_room() {
    let town = Town::new("full").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let cookies = browser.cookies.clone();
    // A trigger that fails as a full disk does: within the transaction, after some of it was written.
    let database = rusqlite::Connection::open(town.database()).unwrap();
    database
        .execute_batch(
            "CREATE TRIGGER full AFTER INSERT ON session BEGIN SELECT RAISE(ABORT, 'disk full'); END",
        )
        .unwrap();
    let refused = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
    assert_eq!((refused.status, refused.form()), (503, None));
    assert!(
        !town
            .log()
            .await
            .iter()
            .any(|record| record.event == context_handler::domain::audit::Event::TokenIssued)
    );
    database.execute_batch("DROP TRIGGER full").unwrap();
    browser.cookies = cookies;
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
    assert_eq!(town.bbr.read(&answer, &town).status, ["Success"]);
}
