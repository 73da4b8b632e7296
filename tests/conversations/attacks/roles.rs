//! Group I: an identity provider claims more than its municipality has. What is too much is dropped and told in the
//! exchange log; the login and the genuine role beside it go on.

use jiff::SignedDuration;

use super::told;
use crate::support::roles::*;
use crate::support::{Town, at};

const KORSBAEK: &str = "urn:dk:gov:saml:cvrNumberIdentifier:11111111";
const FEDDET: &str = "urn:dk:gov:saml:cvrNumberIdentifier:99999999";

type Right = (String, String, Vec<String>);

fn right(scope: &str, right: &str, limits: &[(&str, &str)]) -> Right {
    let limits = limits.iter().map(|(name, value)| format!("{name} = {value}"));
    (scope.to_owned(), right.to_owned(), limits.collect())
}

/// A group that must be dropped for this reason, sent beside a genuine one, which must survive.
async fn dropped(town: &Town, attack: Group<'_>, reason: &str) {
    let (rights, rulings) = login(town, &town.bbr, &[attack, (KORSBAEK, WORKER, &[])]).await;
    assert_eq!(rights, [right(KORSBAEK, SEE, &[])], "{attack:?}");
    assert_eq!(rulings, ["bpp.kept", reason], "{attack:?}");
}

#[tokio::test]
async fn a_role_in_another_authoritys_matters_is_dropped_without_a_delegation() {
    // ATK-169
    let town = Town::new("i-scope").await;
    dropped(&town, (FEDDET, FEDDETS, &[]), "bpp.scope").await;
    dropped(&town, (FEDDET, WORKER, &[]), "bpp.delegation").await;
    dropped(&town, (&scope("22222222"), WORKER, &[]), "bpp.scope").await;
}

#[tokio::test]
async fn a_delegation_counts_while_it_is_in_force_and_in_its_direction_only() {
    // ATK-170
    for (name, from, until, kept) in
        [("now", 0, 1, true), ("over", -10, -1, false), ("just-over", -10, 0, false), ("early", 1, 10, false)]
    {
        let town = Town::with(&format!("i-delegation-{name}"), |files| {
            let toml = String::from_utf8(files["roles.toml"].clone()).unwrap();
            let toml = toml.replace("2026-11-21T08:00:00Z", &at(from).to_string());
            let toml = toml.replace("2026-11-21T09:00:00Z", &at(until).to_string());
            files.insert("roles.toml".into(), toml.into_bytes());
        })
        .await;
        if kept {
            let (rights, rulings) = login(&town, &town.bbr, &[(FEDDET, LENT, &[])]).await;
            assert_eq!((rights, rulings), (vec![right(FEDDET, SEE, &[])], vec!["bpp.kept"]));
        } else {
            dropped(&town, (FEDDET, LENT, &[]), "bpp.delegation").await;
        }
    }
    let town = Town::new("i-direction").await;
    dropped(&town, (FEDDET, WORKER, &[]), "bpp.delegation").await;
    let (rights, _) = login(&town, &town.bbr, &[(FEDDET, LENT, &[])]).await;
    assert_eq!(rights, [right(FEDDET, SEE, &[])]);
    town.pass(SignedDuration::from_hours(1));
    dropped(&town, (FEDDET, LENT, &[]), "bpp.delegation").await;
}

#[tokio::test]
async fn a_scope_that_is_no_cvr_number_to_the_letter_gives_nothing() {
    // ATK-172
    let town = Town::new("i-tricks").await;
    for trick in [
        "*",
        "",
        "11111111",
        &scope("*"),
        &scope(""),
        &scope("011111111"),
        &scope(" 11111111"),
        &scope("11111111 "),
        &scope("1111111１"),
        &scope("１１１１１１１１"),
        &scope("11111111:99999999"),
        &scope("11111111,99999999"),
        &scope("DK11111111"),
        &KORSBAEK.to_uppercase(),
        "urn:dk:gov:saml:productionUnitIdentifier:1111111111",
        "urn:dk:gov:saml:seNumberIdentifier:11111111",
        "urn:dk:gov:saml:cprNumberIdentifier:0101701234",
        "urn:dk:gov:saml:cprNumberIdentifier:010170-1234",
    ] {
        dropped(&town, (trick, WORKER, &[]), "bpp.scope").await;
    }
    let log = serde_json::to_string(&town.log().await).unwrap();
    assert!(!log.contains("1701234") && !log.contains("70-1234"), "a person's number is not written down");
}

#[tokio::test]
async fn another_authoritys_role_gives_nothing_in_ones_own_matters() {
    // ATK-173
    let town = Town::new("i-foreign-role").await;
    dropped(&town, (KORSBAEK, FEDDETS, &[]), "bpp.role").await;
    dropped(&town, (KORSBAEK, LENT, &[]), "bpp.role").await;
}

#[tokio::test]
async fn a_role_that_nobody_registered_or_somebody_deleted_is_dropped() {
    // ATK-175
    let town = Town::new("i-unknown").await;
    for unknown in ["http://korsbaek.test/roles/jobrole/borgmester/1", &WORKER.to_uppercase(), "*", "1=1"] {
        dropped(&town, (KORSBAEK, unknown, &[]), "bpp.role").await;
    }
    let groups = [(KORSBAEK, FIXED, &[][..])];
    assert_eq!(login(&town, &town.bbr, &groups).await.1, ["bpp.kept"]);
    town.change(|files| {
        let toml = String::from_utf8(files["roles.toml"].clone()).unwrap();
        let tables = toml.split_inclusive("\n\n").filter(|table| !table.contains(FIXED));
        files.insert("roles.toml".into(), tables.collect::<String>().into_bytes());
    })
    .await;
    dropped(&town, (KORSBAEK, FIXED, &[]), "bpp.role").await;
}

#[tokio::test]
async fn a_fagsystems_own_role_cannot_be_sent_directly() {
    let town = Town::new("i-direct").await;
    for scope in [KORSBAEK, FEDDET] {
        dropped(&town, (scope, EDIT, &[(KLE, "27.00")]), "bpp.role").await;
        dropped(&town, (scope, BOOK, &[]), "bpp.role").await;
    }
}

#[tokio::test]
async fn a_limit_that_the_register_fixes_is_not_changed_by_a_message() {
    // ATK-176
    let town = Town::new("i-fixed").await;
    let fixed = right(KORSBAEK, EDIT, &[(KLE, "27.00"), (KLE, "32.30")]);
    for limits in
        [&[][..], &[(KLE, "27.99")], &[(PARAMETER, "27.99")], &[(KLE, "27.00"), (PARAMETER, "27.99")]]
    {
        let (rights, rulings) = login(&town, &town.bbr, &[(KORSBAEK, FIXED, limits)]).await;
        assert_eq!(rights, std::slice::from_ref(&fixed), "{limits:?}");
        let expected: &[&str] =
            if limits.is_empty() { &["bpp.kept"] } else { &["bpp.kept", "bpp.constraint"] };
        assert_eq!(rulings, expected, "{limits:?}");
    }
}

#[tokio::test]
async fn a_parameter_that_reaches_further_than_its_syntax_drops_the_right() {
    // ATK-178
    let town = Town::new("i-parameter").await;
    let long = "27.".repeat(33_000);
    for (role, name, value) in [
        (TOPIC, PARAMETER, "*"),
        (TOPIC, PARAMETER, "27.*"),
        (TOPIC, PARAMETER, "27.45;32.30"),
        (TOPIC, PARAMETER, "27.45,*"),
        (TOPIC, PARAMETER, "27.45|32.30"),
        (TOPIC, PARAMETER, "27.45 32.30"),
        (TOPIC, PARAMETER, "55.10"),
        (TOPIC, PARAMETER, "２７.４５"),
        (TOPIC, PARAMETER, ""),
        (TOPIC, PARAMETER, ","),
        (TOPIC, PARAMETER, &long),
        (UNIT, UNIT_PARAMETER, "*"),
        (UNIT, UNIT_PARAMETER, "a;b"),
        (UNIT, UNIT_PARAMETER, "a b"),
        (UNIT, UNIT_PARAMETER, "%2a"),
        (UNIT, UNIT_PARAMETER, &long),
        (UNIT, UNIT_PARAMETER, &"a".repeat(201)),
        (UNIT, UNIT_PARAMETER, &(0..101).map(|n| format!("{n},")).collect::<String>()),
    ] {
        let limits = [(name, value)];
        dropped(&town, (KORSBAEK, role, &limits), "bpp.constraint").await;
    }
    dropped(&town, (KORSBAEK, TOPIC, &[]), "bpp.constraint").await;
    let twin =
        [(KORSBAEK, TOPIC, &[(PARAMETER, "27.45")][..]), (KORSBAEK, UNIT, &[(UNIT_PARAMETER, "5b0c-11")])];
    let (rights, rulings) = login(&town, &town.bbr, &twin).await;
    let expected = [right(KORSBAEK, EDIT, &[(KLE, "27.45")]), right(KORSBAEK, SEE, &[(ENHED, "5b0c-11")])];
    assert_eq!((rights.as_slice(), rulings), (&expected[..], vec!["bpp.kept"; 2]));
}

#[tokio::test]
async fn two_limits_of_one_name_are_one_list_of_alternatives_and_two_sources_must_agree() {
    // ATK-179
    let town = Town::new("i-twice").await;
    let both = [right(KORSBAEK, EDIT, &[(KLE, "27.45"), (KLE, "32.30")])];
    for limits in [&[(PARAMETER, "27.45"), (PARAMETER, "32.30")][..], &[(PARAMETER, "27.45,32.30")]] {
        let (rights, rulings) = login(&town, &town.bbr, &[(KORSBAEK, TOPIC, limits)]).await;
        assert_eq!((rights.as_slice(), rulings), (&both[..], vec!["bpp.kept"]));
    }
    dropped(&town, (KORSBAEK, TOPIC, &[(PARAMETER, "27.45"), (PARAMETER, "*")]), "bpp.constraint").await;
    for (within, beside, given) in [
        (&[(PARAMETER, "27.45,32.30")][..], "32.30,27.45", &both[..]),
        (&[], "27.45,32.30", &both[..]),
        (&[(PARAMETER, "27.45")], "27.45,32.30", &[]),
        (&[(PARAMETER, "27.45,32.30")], "27.45", &[]),
    ] {
        let (rights, _) = login_with(&town, &town.bbr, |say| {
            say.rights(&[(KORSBAEK, TOPIC, within)]);
            say.attributes.push((PARAMETER.to_owned(), vec![beside.to_owned()]));
        })
        .await;
        assert_eq!(rights, given, "{within:?} and {beside}");
    }
}

#[tokio::test]
async fn values_of_one_role_never_limit_another() {
    let town = Town::new("i-pooled").await;
    let groups = [(KORSBAEK, UNIT, &[(PARAMETER, "27.45")][..]), (KORSBAEK, TOPIC, &[])];
    let (rights, _) = login(&town, &town.bbr, &groups).await;
    assert!(rights.is_empty(), "{rights:?}");
}

#[tokio::test]
async fn each_fagsystem_is_told_its_own_roles_and_no_other() {
    let town = Town::new("i-own-roles").await;
    let groups = [(KORSBAEK, WORKER, &[][..]), (KORSBAEK, FIXED, &[])];
    let (rights, rulings) = login(&town, &town.driving, &groups).await;
    assert_eq!((rights, rulings), (vec![right(KORSBAEK, BOOK, &[])], vec!["bpp.kept", "bpp.mapping"]));
    let (rights, _) = login(&town, &town.bbr, &groups).await;
    let edit = right(KORSBAEK, EDIT, &[(KLE, "27.00"), (KLE, "32.30")]);
    assert_eq!(rights, [right(KORSBAEK, SEE, &[]), edit]);
}

#[tokio::test]
async fn a_user_without_rights_is_refused_where_the_fagsystem_asks_for_that() {
    let refusing = |files: &mut context_handler::broker::registry::Files| {
        let toml = String::from_utf8(files["register.toml"].clone()).unwrap();
        let line = "metadata = \"bbr.xml\"\n";
        let toml = toml.replace(line, &format!("{line}no-rights = \"refuse\"\n"));
        files.insert("register.toml".into(), toml.into_bytes());
    };
    let town = Town::with("i-none", refusing).await;
    let (rights, _) = login(&town, &town.bbr, &[(KORSBAEK, WORKER, &[])]).await;
    assert_eq!(rights, [right(KORSBAEK, SEE, &[])]);
    let (rights, _) = login(&town, &town.driving, &[]).await;
    assert!(rights.is_empty(), "the other fagsystem takes everybody");
    let mut browser = town.browser();
    let mut ask = town.bbr.ask();
    ask.id = "_without".into();
    let sent = town.bbr.send(&mut browser, &ask).await;
    let answer = town
        .korsbaek
        .answer(&town, &mut browser, &sent, |say| {
            say.assertion_id = "_without".into();
            say.rights(&[(FEDDET, FEDDETS, &[])]);
        })
        .await;
    told(&town, &answer, &["Requester", "RequestDenied"], "bpp.none").await;
    let log = town.log().await;
    let refused = log.iter().rev().find(|record| !record.rulings.is_empty()).unwrap();
    assert_eq!((refused.reason.as_str(), refused.rulings[0].reason.code()), ("bpp.none", "bpp.scope"));
}

#[tokio::test]
async fn a_heap_of_nonsense_neither_fills_the_log_nor_hides_what_was_given() {
    let town = Town::new("i-heap").await;
    let names: Vec<String> = (0..500).map(|n| format!("http://korsbaek.test/roles/jobrole/{n}/1")).collect();
    let mut groups: Vec<Group<'_>> = names.iter().map(|name| (KORSBAEK, name.as_str(), &[][..])).collect();
    groups.push((KORSBAEK, WORKER, &[]));
    let (rights, rulings) = login(&town, &town.bbr, &groups).await;
    assert_eq!(rights, [right(KORSBAEK, SEE, &[])]);
    assert_eq!((rulings.len(), rulings[0]), (100, "bpp.kept"));
    assert_eq!(town.log().await.pop().unwrap().more_rulings, 401);
}
