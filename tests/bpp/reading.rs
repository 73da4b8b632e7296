//! What is taken, what is refused, and what a refusal tells.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use context_handler::domain::privilege::{PrivilegeGroup, PrivilegeList, Scope};
use context_handler::domain::reason::Reason;
use context_handler::protocol::bpp;

use crate::dice::Chance;
use crate::generator::{FAULTS, Generator};
use crate::second;

const CVR: &str = "urn:dk:gov:saml:cvrNumberIdentifier:11111111";
const ROLE: &str = "http://korsbaek.dk/roles/jobrole/sagsbehandler/1";
const KLE: &str = "http://sts.kombit.dk/constraints/KLE/1";
const ITST: &str = "http://itst.dk/oiosaml/basic_privilege_profile";
const DIGST: &str = "http://digst.dk/oiosaml/basic_privilege_profile";

/// A list of the usual shape.
fn list_of(groups: &str) -> String {
    format!("<bpp:PrivilegeList xmlns:bpp=\"{ITST}\">{groups}</bpp:PrivilegeList>")
}

fn group_of(inside: &str) -> String {
    format!("<PrivilegeGroup Scope=\"{CVR}\">{inside}</PrivilegeGroup>")
}

fn role() -> String {
    format!("<Privilege>{ROLE}</Privilege>")
}

fn genuine() -> String {
    list_of(&group_of(&format!("{}<Constraint Name=\"{KLE}\">27.45.00,32.30</Constraint>", role())))
}

fn meant() -> PrivilegeList {
    let limits = [(KLE, "27.45.00"), (KLE, "32.30")];
    PrivilegeList { groups: vec![PrivilegeGroup::new(Scope::new(CVR), [ROLE], limits)] }
}

/// The refusal of a value; whatever it says, it quotes nothing.
fn refusal(value: &str) -> String {
    let fault = bpp::read(value).unwrap_err();
    assert_eq!(fault.reason, Reason::BppXml, "{value}: {fault}");
    for quoted in ["sagsbehandler", "11111111", "27.45", "0101701234"] {
        assert!(!fault.detail.contains(quoted), "{fault}");
    }
    fault.detail.into_owned()
}

#[test]
fn every_form_that_is_met_in_the_field_means_the_same() {
    let xml = genuine();
    let constraint = format!("<Constraint Name=\"{KLE}\">27.45.00,32.30</Constraint>");
    let repeated = format!(
        "<Constraint Name=\"{KLE}\">27.45.00</Constraint><Constraint Name=\"{KLE}\">32.30</Constraint>"
    );
    let by_default = xml.replace("bpp:", "").replace("xmlns:bpp", "xmlns");
    let by_prefix = ["PrivilegeGroup", "Privilege>", "Constraint"].iter().fold(xml.clone(), |xml, name| {
        xml.replace(&format!("<{name}"), &format!("<bpp:{name}"))
            .replace(&format!("</{name}"), &format!("</bpp:{name}"))
    });
    let forms = [
        xml.replace(ITST, DIGST),
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n{xml}\n"),
        format!("\u{feff}{xml}"),
        xml.replace(" xmlns:bpp", " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:bpp"),
        xml.replace(
            " xmlns:bpp",
            " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"a b\" xmlns:bpp",
        ),
        by_default,
        by_prefix,
        xml.replace(&constraint, &repeated),
        xml.replace(&constraint, "").replace("<Privilege>", &format!("{constraint}<Privilege>")),
        xml.replace('>', ">\n  ").replace('<', "\n  <"),
        xml.replace(">http:", "><![CDATA[http:]]>").replace("/1</P", "&#x2F;1</P"),
        format!("<!-- from the role catalogue -->{xml}"),
        xml,
    ];
    for xml in &forms {
        let wrapped = |every: usize, with: &str| {
            let encoded = STANDARD.encode(xml).into_bytes();
            encoded.chunks(every).map(|line| str::from_utf8(line).unwrap()).collect::<Vec<_>>().join(with)
        };
        for value in [
            xml.clone(),
            format!("\n  {xml}\n"),
            STANDARD.encode(xml),
            STANDARD_NO_PAD.encode(xml),
            wrapped(76, "\n"),
            wrapped(64, "\r\n"),
            format!("  {}\n", wrapped(3, " ")),
        ] {
            assert_eq!(bpp::read(&value), Ok(meant()), "{value}");
        }
    }
}

#[test]
fn what_says_less_than_the_schema_demands_gives_nothing_and_is_no_fault() {
    for empty in [list_of(""), list_of("\n"), format!("<PrivilegeList xmlns=\"{DIGST}\"/>")] {
        assert_eq!(bpp::read(&STANDARD.encode(empty)), Ok(PrivilegeList::default()));
    }
    let without = genuine().replace(&format!(" Scope=\"{CVR}\""), "");
    let read = bpp::read(&without).unwrap();
    assert_eq!((&read.groups[0].scope, read.groups[0].gives()), (&Scope::Missing, false));
    assert!(read.normalised().is_empty());
    let nothing_left = bpp::read(&genuine().replace("27.45.00,32.30", " , ")).unwrap();
    assert!(!nothing_left.groups[0].gives(), "a limit that leaves nothing is no absent limit");
    assert!(bpp::read(&genuine()).unwrap().groups[0].gives());
}

#[test]
fn plain_privileges_without_a_scope_give_nothing() {
    let list = bpp::simple([ROLE, "urn:dk:other"]);
    assert_eq!(list.groups, [PrivilegeGroup::new(Scope::Missing, [ROLE, "urn:dk:other"], [])]);
    assert!(list.normalised().is_empty());
    assert!(bpp::simple([]).is_empty());
}

#[test]
fn what_is_no_list_of_the_profile_is_refused() {
    let xml = genuine();
    let group = group_of(&role());
    let bent = |from: &str, to: &str| {
        assert!(xml.contains(from), "{from}");
        xml.replacen(from, to, 1)
    };
    for (value, told) in [
        (bent(ITST, "http://example.dk/oiosaml/basic_privilege_profile"), "namespace of the profile"),
        (bent(ITST, &format!("{ITST}/")), "namespace of the profile"),
        (xml.replace("bpp:PrivilegeList", "bpp:List"), "outermost"),
        (bent("<PrivilegeGroup", "<PrivilegeGroup xmlns=\"urn:other\""), "in none, got another"),
        (bent("<PrivilegeGroup", &format!("<PrivilegeGroup xmlns=\"{DIGST}\"")), "in none, got another"),
        (bent("<Privilege>", &format!("<Privilege xmlns=\"{ITST}\">")), "one namespace, got Privilege"),
        (list_of(&group_of(&group)), "expected Privilege or Constraint, got PrivilegeGroup"),
        (
            list_of(&format!("{group}{}", role())),
            "group 2 of the list: expected PrivilegeGroup, got Privilege",
        ),
        (list_of(&format!("{group} and {group}")), "holds text"),
        (list_of(&group_of(&format!("also{}", role()))), "holds text"),
        (list_of(&format!("<![CDATA[x]]>{group}")), "holds text"),
        (list_of(&group_of("")), "expected a Privilege in PrivilegeGroup"),
        (bent(ROLE, " "), "expected a URI in Privilege"),
        (bent(ROLE, &format!("{ROLE}<!-- x -->")), "value.comment"),
        (bent(ROLE, &format!("{ROLE}<?x y?>")), "xml.malformed"),
        (bent(ROLE, "<sagsbehandler/>"), "got an element"),
        (bent(ROLE, "sag & behandling"), "xml.malformed"),
        (bent(ROLE, "sag &sagsbehandler; x"), "xml.malformed"),
        (bent(&format!(" Name=\"{KLE}\""), ""), "expected a Name"),
        (bent(&format!("\"{KLE}\""), "\"\""), "expected a Name"),
        (bent("<Privilege>", "<Privilege Scope=\"x\">"), "no other attribute on Privilege"),
        (bent(" Scope=", " scope="), "no other attribute on PrivilegeGroup"),
        (bent(" Scope=", " bpp:Scope=\"x\" Scope="), "no other attribute on PrivilegeGroup"),
        (bent(" xmlns:bpp", " Scope=\"x\" xmlns:bpp"), "no attribute on PrivilegeList"),
        (format!("<!DOCTYPE a>{xml}"), "xml.doctype"),
        (format!("<!DOCTYPE a [<!ENTITY b SYSTEM \"http://example.dk/\">]>{xml}"), "xml.doctype"),
        (format!("{xml}{xml}"), "xml.malformed"),
        (xml[..xml.len() - 1].to_owned(), "xml.malformed"),
    ] {
        for value in [STANDARD.encode(&value), value.clone()] {
            let detail = refusal(&value);
            assert!(detail.contains(told), "{told}: {detail}");
        }
    }
    assert_eq!(bpp::read(&xml), Ok(meant()));
}

#[test]
fn what_is_not_exactly_one_base64_text_of_utf_8_is_refused() {
    let xml = genuine();
    let encoded = STANDARD.encode(&xml);
    // A text whose last character has bits to spare, and the same with one of them set.
    let spare = STANDARD.encode(format!("{xml}{}", " ".repeat((3 - xml.len() % 3) % 3 + 1)));
    let set = spare.replace("A==", "B==");
    assert!(spare.ends_with("A==") && bpp::read(&spare).is_ok());
    let latin1: Vec<u8> = xml.replace("sags", "s\u{e6}gs").chars().map(|c| c as u8).collect();
    let utf16: Vec<u8> = xml.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let url = URL_SAFE.encode(xml.replace("sags", "\u{fbf0}?>\u{fbf0}?~"));
    assert!(url.contains('-') || url.contains('_'));
    for (value, told) in [
        (STANDARD.encode(&encoded), "inside the base64"),
        (set, "spare bits"),
        (STANDARD.encode(latin1), "not UTF-8"),
        (STANDARD.encode(utf16), "inside the base64"),
        (url, "alphabet"),
        (format!("{}=", STANDARD.encode(format!("{xml}{}", " ".repeat((3 - xml.len() % 3) % 3)))), "base64"),
        (format!("{spare}{spare}"), "base64"),
        (encoded.replacen('a', "\0", 1), "alphabet"),
        (String::new(), "got nothing"),
        (" \n".into(), "got nothing"),
        ("0101701234".into(), "base64"),
    ] {
        let detail = refusal(&value);
        assert!(detail.contains(told), "{told}: {detail}");
    }
}

#[test]
fn a_list_beyond_all_bounds_is_refused_before_anybody_unfolds_it() {
    let many = |groups: usize| list_of(&group_of(&role()).repeat(groups));
    assert_eq!(bpp::read(&many(1_000)).unwrap().groups.len(), 1_000);
    let huge = many(40_000);
    assert!(refusal(&huge).contains("bytes"));
    assert!(refusal(&STANDARD.encode(&huge)).contains("bytes"));
    let deep = list_of(&format!("{}{}", "<PrivilegeGroup>".repeat(50), "</PrivilegeGroup>".repeat(50)));
    assert!(refusal(&deep).contains("levels"));
    let privileges: String = (0..2_000).map(|n| format!("<Privilege>{n}</Privilege>")).collect();
    let values: Vec<String> = (0..2_000).map(|n| n.to_string()).collect();
    let limit = |values: &[String]| format!("<Constraint Name=\"k\">{}</Constraint>", values.join(","));
    let unfolds = |values| list_of(&group_of(&format!("{privileges}{}", limit(values))));
    assert!(bpp::read(&unfolds(&values[..40])).is_ok());
    assert!(refusal(&unfolds(&values)).contains("unfolds"));
    assert!(refusal(&unfolds(&["x".repeat(100_000)])).contains("unfolds"));
}

#[test]
fn ten_thousand_random_lists_mean_the_same_to_a_second_reader() {
    // ATK-196
    let mut chance = Chance::new();
    let (mut taken, mut refused) = (0, [0; FAULTS]);
    for number in 0..10_000 {
        let fault = chance.one_in(3).then(|| chance.below(FAULTS));
        let value = Generator { chance: &mut chance, fault }.value();
        let ours = bpp::read(&value).map(|list| second::told(&list));
        let theirs = second::read(&value);
        assert_eq!(ours.as_ref().ok(), theirs.as_ref(), "{number}, {fault:?}, {ours:?}:\n{value}");
        assert_eq!(ours.is_ok(), fault.is_none(), "{number}, {fault:?}, {ours:?}:\n{value}");
        match fault {
            Some(fault) => refused[fault] += 1,
            None => taken += 1,
        }
    }
    assert!(taken > 5_000 && refused.iter().all(|count| *count > 20), "{taken}, {refused:?}");
}
