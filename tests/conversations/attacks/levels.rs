//! Group I, the levels: what is said too high, in two ways, in no known word, or in the wrong profile.

use super::{refused, told};
use crate::support::{Answer, Fagsystem, Say, Town};

const LOA: &str = "https://data.gov.dk/concept/core/nsis/loa";
const IAL: &str = "https://data.gov.dk/concept/core/nsis/ial";
const AAL: &str = "https://data.gov.dk/concept/core/nsis/aal";
const NIST: &str = "dk:gov:saml:attribute:AssuranceLevel";
const SPEC_VERSION: &str = "https://data.gov.dk/model/core/specVersion";

/// A town in which one login follows another.
struct Talk {
    town: Town,
    logins: u32,
}

impl Talk {
    async fn new(name: &str) -> Self {
        Self { town: Town::new(name).await, logins: 0 }
    }

    /// A login at a fagsystem that asks for these classes, with the answer bent.
    async fn login(
        &mut self,
        fagsystem: &Fagsystem,
        asks: (&str, &[&str]),
        bend: impl FnOnce(&mut Say),
    ) -> Answer {
        self.logins += 1;
        let mut ask = fagsystem.ask();
        ask.id = format!("_request{}", self.logins);
        ask.classes = asks.1.iter().map(|class| (*class).to_owned()).collect();
        ask.comparison = match asks.0 {
            "exact" => "exact",
            "better" => "better",
            "maximum" => "maximum",
            _ => "minimum",
        };
        let mut browser = self.town.browser();
        let sent = fagsystem.send(&mut browser, &ask).await;
        let assertion = format!("_assertion{}", self.logins);
        let bend = |say: &mut Say| {
            say.assertion_id = assertion;
            bend(say);
        };
        self.town.korsbaek.answer(&self.town, &mut browser, &sent, bend).await
    }

    /// The same at the fagsystem that requires NSIS Substantial, with nothing asked beyond.
    async fn bent(&mut self, bend: impl FnOnce(&mut Say)) -> Answer {
        let bbr = self.town.bbr.clone();
        self.login(&bbr, ("", &[]), bend).await
    }

    async fn accepts(&mut self, what: &str, bend: impl FnOnce(&mut Say)) {
        let answer = self.bent(bend).await;
        assert_eq!(self.town.bbr.read(&answer, &self.town).status, ["Success"], "{what}");
    }

    /// No login for the fagsystem, and it is told that the level is why.
    async fn no_context(&mut self, reason: &str, rule: Option<&str>, bend: impl FnOnce(&mut Say)) {
        let answer = self.bent(bend).await;
        told(&self.town, &answer, &["Responder", "NoAuthnContext"], reason).await;
        let log = self.town.log().await;
        assert_eq!(log.last().unwrap().rule.as_deref(), rule);
    }
}

fn nsis(word: &str) -> String {
    format!("{LOA}/{word}")
}

#[tokio::test]
async fn of_levels_that_disagree_the_lower_counts() {
    // ATK-187
    let mut talk = Talk::new("i-disagree").await;
    talk.accepts("all agree", |say| {
        say.set(IAL, Some("Substantial"));
        say.set(AAL, Some("High"));
    })
    .await;
    type Bend = fn(&mut Say);
    let bends: [Bend; 5] = [
        |say| say.set(LOA, Some("Low")),
        |say| say.class = nsis("Low"),
        |say| say.set(IAL, Some("Low")),
        |say| say.set(AAL, Some("Low")),
        |say| {
            say.class = nsis("High");
            say.set(LOA, Some("High"));
            say.set(IAL, Some("Low"));
        },
    ];
    for bend in bends {
        talk.no_context("loa.lower", Some("below-registered"), bend).await;
        let log = talk.town.log().await;
        assert_eq!(log.last().unwrap().noticed, ["loa.inconsistent"]);
    }
    let driving = talk.town.driving.clone();
    let overclaimed = |say: &mut Say| {
        say.class = nsis("Low");
        say.set(LOA, Some("Low"));
        say.set(NIST, Some("3"));
    };
    let answer = talk.login(&driving, ("", &[]), overclaimed).await;
    assert_eq!(driving.read(&answer, &talk.town).status, ["Responder", "NoAuthnContext"]);
}

#[tokio::test]
async fn a_word_that_is_no_level_is_not_guessed_at() {
    // ATK-188
    let mut talk = Talk::new("i-words").await;
    talk.accepts("a class without a level", |say| say.class = LOA.trim_end_matches("/loa").into()).await;
    for word in ["substantial", "SUBSTANTIAL", "Betydelig", "3", "", &nsis("Substantial")] {
        for name in [LOA, IAL, AAL, NIST] {
            let word = if name == NIST && word == "3" { "5" } else { word };
            talk.no_context("loa.unknown", None, |say| say.set(name, Some(word))).await;
        }
    }
    for class in [nsis("substantial"), nsis(""), "urn:dk:gov:saml:attribute:AssuranceLevel:9".into()] {
        talk.no_context("loa.unknown", None, |say| say.class = class).await;
    }
}

#[tokio::test]
async fn two_levels_in_one_place_are_none() {
    // ATK-188
    let mut talk = Talk::new("i-twice").await;
    talk.accepts("the older scale beside the newer", |say| say.set(NIST, Some("3"))).await;
    for name in [LOA, IAL, AAL, NIST] {
        let value = if name == NIST { "3" } else { "Substantial" };
        for values in [vec![vec![value], vec![value]], vec![vec![value, value]]] {
            let answer = talk
                .bent(|say| {
                    say.set(name, None);
                    let said = values.iter().map(|all| all.iter().map(|one| (*one).to_owned()).collect());
                    say.attributes.extend(said.map(|all| (name.to_owned(), all)));
                })
                .await;
            refused(&talk.town, &answer, "attr.duplicate").await;
        }
    }
}

#[tokio::test]
async fn the_older_scale_never_becomes_the_newer() {
    // ATK-188
    let mut talk = Talk::new("i-older").await;
    for digit in ["1", "2", "3", "4"] {
        talk.no_context("loa.lower", Some("nist-is-not-nsis"), |say| say.nist(digit)).await;
        talk.no_context("loa.lower", Some("below-registered"), |say| {
            say.set(LOA, Some("Low"));
            say.set(NIST, Some(digit));
        })
        .await;
    }
    let class = |say: &mut Say| {
        say.nist("4");
        say.class = "urn:dk:gov:saml:attribute:AssuranceLevel:4".into();
    };
    talk.no_context("loa.lower", Some("nist-is-not-nsis"), class).await;
    let driving = talk.town.driving.clone();
    let answer = talk.login(&driving, ("", &[]), |say| say.nist("3")).await;
    let told = driving.read(&answer, &talk.town);
    assert_eq!((told.status.as_slice(), told.attribute(NIST)), (&["Success".to_owned()][..], Some("3")));
}

#[tokio::test]
async fn an_answer_is_held_against_the_request_as_the_request_says() {
    // ATK-191
    let mut talk = Talk::new("i-comparison").await;
    let driving = talk.town.driving.clone();
    let four = "urn:dk:gov:saml:attribute:AssuranceLevel:4";
    let three = "urn:dk:gov:saml:attribute:AssuranceLevel:3";
    let two = "urn:dk:gov:saml:attribute:AssuranceLevel:2";
    let (low, substantial, high) = (nsis("Low"), nsis("Substantial"), nsis("High"));
    // The provider answers NSIS Substantial, worth NIST 3; the fagsystem's registered minimum is NIST 3.
    for (comparison, classes, rule, met) in [
        ("minimum", vec![three], "nist-by-nsis", true),
        ("minimum", vec![four], "below-requested", false),
        ("minimum", vec![two], "nist-by-nsis", true),
        ("minimum", vec![&high], "below-requested", false),
        ("minimum", vec![&high, three], "nist-by-nsis", true),
        ("exact", vec![three], "nist-by-nsis", true),
        ("exact", vec![two], "above-requested", false),
        ("exact", vec![two, four], "below-requested", false),
        ("exact", vec![&substantial], "nsis-reached", true),
        ("better", vec![two], "nist-by-nsis", true),
        ("better", vec![three], "below-requested", false),
        ("better", vec![&low], "nsis-reached", true),
        ("better", vec![&substantial], "below-requested", false),
        ("maximum", vec![four], "nist-by-nsis", true),
        ("maximum", vec![two], "above-requested", false),
        ("maximum", vec![&low], "above-requested", false),
        ("minimum", vec!["https://data.gov.dk/eid/Professional"], "nist-by-nsis", true),
    ] {
        let answer = talk.login(&driving, (comparison, &classes), |_| {}).await;
        let status = driving.read(&answer, &talk.town).status;
        let log = talk.town.log().await;
        let last = log.last().unwrap();
        assert_eq!(last.rule.as_deref(), Some(rule), "{comparison} {classes:?}");
        if met {
            assert_eq!(status, ["Success"], "{comparison} {classes:?}");
        } else {
            assert_eq!(status, ["Responder", "NoAuthnContext"], "{comparison} {classes:?}");
            assert_eq!(last.reason, "loa.lower");
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_lower_or_names_an_unknown_class_is_told_to_the_fagsystem() {
    // ATK-191
    let mut talk = Talk::new("i-lower").await;
    talk.accepts("as required", |_| {}).await;
    let lower = |say: &mut Say| {
        say.class = nsis("Low");
        say.set(LOA, Some("Low"));
    };
    talk.no_context("loa.lower", Some("below-registered"), lower).await;
    let unknown = |say: &mut Say| {
        say.class = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified".into();
        say.set(LOA, None);
    };
    talk.no_context("loa.unknown", Some("nothing-stated"), unknown).await;
}

#[tokio::test]
async fn a_request_for_a_level_that_does_not_exist_is_refused() {
    let mut talk = Talk::new("i-asked").await;
    talk.accepts("as required", |_| {}).await;
    for class in [nsis("substantial"), "urn:dk:gov:saml:attribute:AssuranceLevel:5".into()] {
        let mut ask = talk.town.bbr.ask();
        ask.id = "_request0".into();
        ask.classes = vec![class];
        let answer = talk.town.bbr.send(&mut talk.town.browser(), &ask).await;
        refused(&talk.town, &answer, "request.unsupported").await;
    }
}

#[tokio::test]
async fn an_assertion_follows_the_profile_of_its_connection() {
    // ATK-194
    let mut talk = Talk::new("i-profile").await;
    talk.accepts("the version of the profile", |_| {}).await;
    for version in [None, Some("2.0"), Some("DK-SAML-2.0"), Some("OIO-SAML-3.1"), Some("")] {
        let answer = talk.bent(|say| say.set(SPEC_VERSION, version)).await;
        refused(&talk.town, &answer, "profile").await;
    }
    let older = |say: &mut Say| {
        say.set(SPEC_VERSION, None);
        say.set("dk:gov:saml:attribute:SpecVer", Some("DK-SAML-2.0"));
    };
    let answer = talk.bent(older).await;
    refused(&talk.town, &answer, "profile").await;
}

#[tokio::test]
async fn a_private_person_is_not_mixed_with_an_employee() {
    // ATK-194
    const PERSON: &str = "https://data.gov.dk/model/core/eid/person/";
    let mut talk = Talk::new("i-mixed").await;
    talk.accepts("what belongs to an employee", |say| {
        say.set("https://data.gov.dk/model/core/eid/professional/uuid/persistent", Some("5b0c"));
        say.set("https://data.gov.dk/model/core/eid/fullName", Some("Ib Dam"));
    })
    .await;
    for name in ["uuid/persistent", "pid", "cprUuid"] {
        let answer = talk.bent(|say| say.set(&format!("{PERSON}{name}"), Some("5b0c"))).await;
        refused(&talk.town, &answer, "profile").await;
    }
    let answer = talk.bent(|say| say.name_id = format!("{PERSON}uuid/5b0c")).await;
    refused(&talk.town, &answer, "profile").await;
}
