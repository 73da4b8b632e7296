//! What is written is canonical, whatever is written.

use context_handler::domain::reason::Reason;
use context_handler::protocol::xml::{Canonical, Document, Name, Writer};
use proptest::prelude::*;

use crate::support::*;

#[test]
fn a_value_cannot_leave_its_place() {
    let hostile = "x</saml:AttributeValue></saml:Attribute><saml:Attribute Name=\"role\">&]]><!--\r\n\t\"'";
    let mut w = Writer::new();
    w.start(saml("Attribute")).attribute("Name", hostile).element(saml("AttributeValue"), hostile).end();
    let written = w.finish().unwrap();
    let document = Document::parse(written.as_str().as_bytes()).unwrap();
    assert_eq!(document.root().attribute("Name"), Some(hostile));
    assert_eq!(document.root().children().count(), 1);
    assert_eq!(document.root().only_child(saml("AttributeValue")).unwrap().text().unwrap(), hostile);
}

#[test]
fn characters_that_xml_cannot_carry_are_a_fault_and_not_dropped() {
    for bad in ["\0", "\u{8}", "\u{1f}", "\u{fffe}", "\u{ffff}"] {
        let in_text = Writer::new().element(saml("a"), bad).finish().unwrap_err();
        let in_attribute = Writer::new().start(saml("a")).attribute("b", bad).end().finish().unwrap_err();
        assert_eq!((in_text.reason, in_attribute.reason), (Reason::AttrChars, Reason::AttrChars), "{bad:?}");
    }
    Writer::new().element(saml("a"), "\t\n\r æøå \u{10ffff}").finish().unwrap();
}

#[test]
fn a_writer_that_is_used_wrongly_gives_nothing() {
    let faults = [
        Writer::new().finish(),
        Writer::new().start(saml("a")).finish(),
        Writer::new().element(saml("a"), "").end().finish(),
        Writer::new().element(saml("a"), "").element(saml("a"), "").finish(),
        Writer::new().start(saml("a")).text("x").attribute("b", "").end().finish(),
        Writer::new().start(saml("a")).attribute("b", "").attribute("b", "").end().finish(),
        Writer::new().start(saml("a")).end().text("x").finish(),
        Writer::new().start(saml("a")).attribute("ID", "_1").end().finish_signed("_1", &IDP.key),
        Writer::new()
            .start(saml("a"))
            .attribute("ID", "_1")
            .signature_goes_here()
            .end()
            .finish_signed("_2", &IDP.key),
    ];
    for fault in faults {
        assert_eq!(fault.unwrap_err().reason, Reason::Internal);
    }
    assert_eq!(
        Writer::new().start(saml("a")).attribute("b c", "").end().finish().unwrap_err().reason,
        Reason::AttrChars
    );
}

#[test]
fn what_we_sign_is_written_in_canonical_form() {
    let inner = assertion("_a1", "Maude", Some(&IDP.key));
    let outer = response("_r1", &inner, Some(&IDP.key));
    for written in [inner, outer] {
        let document = Document::parse(written.as_str().as_bytes()).unwrap();
        assert_eq!(document.root().canonical().unwrap().as_str(), written.as_str());
    }
}

#[test]
fn an_embedded_element_loses_what_is_already_declared_and_gains_what_it_must_undo() {
    let plain = Name::new("", "", "plain");
    let inner = Writer::new().start(plain).element(saml("x"), "").end().finish().unwrap();
    let mut w = Writer::new();
    w.start(Name::new("urn:d", "", "outer")).start(saml("y")).embed(&inner).end().end();
    let written = w.finish().unwrap();
    assert_eq!(
        written.as_str(),
        "<outer xmlns=\"urn:d\"><saml:y xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">\
         <plain xmlns=\"\"><saml:x></saml:x></plain></saml:y></outer>"
    );
}

/// What a random writer does next.
#[derive(Clone, Debug)]
enum Step {
    Start(usize),
    Attribute(usize, String),
    Text(String),
    End,
    Embed(Vec<Step>),
}

const NAMES: [Name; 7] = [
    Name::new("", "", "n"),
    Name::new("urn:a", "", "a"),
    Name::new("urn:b", "", "b"),
    Name::new("urn:a", "p", "c"),
    Name::new("urn:b", "p", "d"),
    Name::new("urn:b", "q", "e"),
    Name::new("http://c.example/?x=1", "r", "f"),
];

const ATTRIBUTES: [Name; 6] = [
    Name::new("", "", "z"),
    Name::new("", "", "a"),
    Name::new("urn:a", "s", "a"),
    Name::new("urn:b", "t", "a"),
    Name::new("http://c.example/?x=1", "r", "m"),
    Name::new("http://www.w3.org/XML/1998/namespace", "xml", "lang"),
];

fn text() -> impl Strategy<Value = String> {
    "[a-c <>&\"'\\]\t\n\ræ\u{1F600}]{0,8}"
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let leaf = prop_oneof![
        3 => (0..NAMES.len()).prop_map(Step::Start),
        3 => ((0..ATTRIBUTES.len()), text()).prop_map(|(name, value)| Step::Attribute(name, value)),
        2 => text().prop_map(Step::Text),
        2 => Just(Step::End),
    ];
    let leaves = prop::collection::vec(leaf.clone(), 0..12).prop_map(Step::Embed);
    prop::collection::vec(prop_oneof![8 => leaf, 1 => leaves], 0..40)
}

fn write(steps: &[Step]) -> Canonical {
    let mut w = Writer::new();
    w.start(NAMES[0]);
    let (mut depth, mut fresh) = (1, Some(Vec::new()));
    for step in steps {
        match step {
            Step::Start(name) => {
                w.start(NAMES[*name]);
                (depth, fresh) = (depth + 1, Some(Vec::new()));
            }
            Step::Attribute(name, value) => {
                let Some(taken) = &mut fresh else { continue };
                if taken.contains(name) {
                    continue;
                }
                taken.push(*name);
                let name = ATTRIBUTES[*name];
                if name.namespace.is_empty() {
                    w.attribute(name.local, value)
                } else {
                    w.attribute_ns(name, value)
                };
            }
            Step::Text(text) => {
                w.text(text);
                fresh = None;
            }
            Step::End if depth > 1 => {
                w.end();
                (depth, fresh) = (depth - 1, None);
            }
            Step::End => {}
            Step::Embed(steps) => {
                w.embed(&write(steps));
                fresh = None;
            }
        }
    }
    for _ in 0..depth {
        w.end();
    }
    w.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_is_its_own_canonical_form(steps in steps()) {
        let written = write(&steps);
        let document = Document::parse(written.as_str().as_bytes()).unwrap();
        let canonical = document.root().canonical().unwrap();
        prop_assert_eq!(canonical.as_str(), written.as_str());
    }

    #[test]
    fn text_and_attributes_come_back_as_they_were_written(value in "[^\0-\u{8}\u{b}\u{c}\u{e}-\u{1f}\u{fffe}\u{ffff}]*") {
        let written = Writer::new().start(NAMES[0]).attribute("a", &value).text(&value).end().finish().unwrap();
        let document = Document::parse(written.as_str().as_bytes()).unwrap();
        prop_assert_eq!(document.root().attribute("a"), Some(value.as_str()));
        prop_assert_eq!(document.root().text().unwrap(), value);
    }

    #[test]
    fn reading_never_panics_and_what_is_read_has_a_stable_canonical_form(bytes in "(<|>|/|a|:|p|=|'|\"| |x|&#|;|xmlns|!--|--|\\[CDATA\\[|\\]\\]|\\?|!DOCTYPE|\r|\n|é){0,60}") {
        if let Ok(document) = Document::parse(bytes.as_bytes()) {
            let Ok(canonical) = document.root().canonical() else { return Ok(()) };
            let again = Document::parse(canonical.as_str().as_bytes()).unwrap();
            let canonical_again = again.root().canonical().unwrap();
            prop_assert_eq!(canonical_again.as_str(), canonical.as_str());
        }
    }
}
