//! Group I: rights that are stated in a doubtful way. What is doubtful is refused, never read in the sender's favour.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::refused;
use crate::support::{Say, Town};

const OLD: &str = "dk:gov:saml:attribute:Privileges_intermediate";
const NEW: &str = "https://data.gov.dk/model/core/eid/privilegesIntermediate";
const SIMPLE: &str = "dk:gov:saml:attribute:Privileges_simple";
const ITST: &str = "http://itst.dk/oiosaml/basic_privilege_profile";
const DIGST: &str = "http://digst.dk/oiosaml/basic_privilege_profile";

/// A list of these groups.
fn list(namespace: &str, groups: &str) -> String {
    format!("<bpp:PrivilegeList xmlns:bpp=\"{namespace}\">{groups}</bpp:PrivilegeList>")
}

fn group(inside: &str) -> String {
    format!(
        "<PrivilegeGroup Scope=\"urn:dk:gov:saml:cvrNumberIdentifier:11111111\">{inside}</PrivilegeGroup>"
    )
}

fn role(name: &str) -> String {
    group(&format!("<Privilege>http://korsbaek.test/roles/jobrole/{name}/1</Privilege>"))
}

fn genuine() -> String {
    list(ITST, &role("a"))
}

/// States rights in these attributes.
fn stating(attributes: &[(&str, &[&str])]) -> impl FnOnce(&mut Say) {
    let value = |value: &&str| (*value).to_owned();
    let stated =
        attributes.iter().map(|(name, values)| ((*name).to_owned(), values.iter().map(value).collect()));
    let stated: Vec<(String, Vec<String>)> = stated.collect();
    move |say| say.attributes.extend(stated)
}

/// A login in which the rights are stated so goes through.
async fn passes(town: &str, attributes: &[(&str, &[&str])]) {
    let town = Town::new(town).await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, stating(attributes)).await;
    let told = town.bbr.read(&answer, &town);
    assert_eq!(told.status, ["Success"], "{attributes:?}");
    let simple = told.attributes.iter().any(|(name, _)| name.contains("rivileges"));
    assert!(!simple, "nothing of what the identity provider wrote is passed on as it is");
}

/// A login in which the rights are stated so is refused.
async fn fails(town: &str, attributes: &[(&str, &[&str])], reason: &str) {
    let town = Town::new(town).await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, stating(attributes)).await;
    refused(&town, &answer, reason).await;
    let detail = town.log().await.into_iter().rev().find_map(|record| record.detail).unwrap();
    assert!(!detail.contains("jobrole"), "a refusal quotes no right: {detail}");
}

#[tokio::test]
async fn rights_are_stated_once() {
    // ATK-181
    let same = STANDARD.encode(genuine());
    let retold = STANDARD.encode(list(DIGST, &format!("{}{}", role("a"), role("a"))));
    let other = STANDARD.encode(list(DIGST, &role("b")));
    let (same, retold, other) = (same.as_str(), retold.as_str(), other.as_str());
    passes("i-twins-one", &[(NEW, &[same])]).await;
    passes("i-twins-two", &[(OLD, &[same]), (NEW, &[retold])]).await;
    for (number, attributes) in [
        &[(OLD, &[same][..]), (NEW, &[other])][..],
        &[(NEW, &[same, other])],
        &[(NEW, &[same]), (NEW, &[other])],
        &[(NEW, &[same, same])],
        &[(OLD, &[same]), (OLD, &[same])],
    ]
    .into_iter()
    .enumerate()
    {
        fails(&format!("i-twins-{number}-no"), attributes, "attr.ambiguous").await;
    }
}

#[tokio::test]
async fn only_the_two_namespaces_and_the_shape_of_the_profile_are_read() {
    // ATK-182
    for (number, namespace) in [ITST, DIGST].into_iter().enumerate() {
        passes(&format!("i-namespace-{number}"), &[(NEW, &[&STANDARD.encode(list(namespace, &role("a")))])])
            .await;
        let qualified = list(namespace, &role("a")).replace("bpp:", "").replace("xmlns:bpp", "xmlns");
        passes(&format!("i-qualified-{number}"), &[(NEW, &[&STANDARD.encode(qualified)])]).await;
    }
    for (number, xml) in [
        list("http://example.test/oiosaml/basic_privilege_profile", &role("a")),
        genuine().replace("<Privilege>", &format!("<Privilege xmlns=\"{ITST}\">")),
        list(ITST, &group(&role("a"))),
        list(ITST, "<Privilege>http://korsbaek.test/roles/jobrole/a/1</Privilege>"),
        list(ITST, &format!("{} and {}", role("a"), role("b"))),
        genuine().replace("jobrole/a", "jobrole/a<!-- -->dmin"),
        format!("<!DOCTYPE a>{}", genuine()),
    ]
    .into_iter()
    .enumerate()
    {
        fails(&format!("i-shape-{number}"), &[(NEW, &[&STANDARD.encode(xml)])], "bpp.xml").await;
    }
}

#[tokio::test]
async fn a_list_is_one_base64_text_of_utf_8_or_plain_xml() {
    // ATK-184
    let encoded = STANDARD.encode(genuine());
    let lines: Vec<&str> = encoded.as_bytes().chunks(76).map(|line| str::from_utf8(line).unwrap()).collect();
    passes("i-base64-lines", &[(NEW, &[&lines.join("\n")])]).await;
    passes("i-base64-plain", &[(NEW, &[&genuine()])]).await;
    let latin1: Vec<u8> = genuine().replace("jobrole/a", "jobrole/\u{e6}").chars().map(|c| c as u8).collect();
    for (number, value) in [
        STANDARD.encode(&encoded),
        STANDARD.encode(latin1),
        encoded.replacen('P', "*", 1),
        format!("{encoded}{encoded}"),
        String::new(),
        "0101701234".into(),
    ]
    .into_iter()
    .enumerate()
    {
        fails(&format!("i-base64-{number}"), &[(NEW, &[&value])], "bpp.xml").await;
    }
}

#[tokio::test]
async fn plain_privileges_give_nothing_and_hinder_nothing() {
    passes("i-simple", &[(SIMPLE, &["http://korsbaek.test/roles/jobrole/admin/1"])]).await;
}
