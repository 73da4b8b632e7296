//! What counts of what is stated, in the small; the whole table is in `tests/assurance.rs`.

use super::{Achieved, Ceiling, Comparison, Level, Nist, Nsis, Requirement, Rule, Stated, Verdict};
use crate::domain::reason::{Fault, Reason};

const FULL: Ceiling = Ceiling { nist: Some(Nist::ALL[3]), nsis: Some(Nsis::High) };

fn read(stated: Stated<'_>, ceiling: Ceiling) -> Achieved {
    Achieved::read(&stated, ceiling).unwrap()
}

fn meets(achieved: &Achieved, requirement: &Requirement) -> Result<(), Fault> {
    achieved.judge(requirement, false).without_step_up()
}

fn nist(digit: u8) -> Nist {
    Nist::new(digit).unwrap()
}

fn requires(level: Level) -> Requirement {
    Requirement { registered: Some(level), ..Requirement::default() }
}

#[test]
fn the_lower_of_class_and_attribute_counts() {
    let uri = Nsis::High.uri();
    let achieved = read(Stated { class: Some(&uri), loa: Some("Substantial"), ..Stated::default() }, FULL);
    assert_eq!(achieved.nsis, Some(Nsis::Substantial));
    assert_eq!(achieved.noticed, [Reason::LoaInconsistent]);
}

#[test]
fn a_part_lowers_a_level_but_states_none() {
    let lowered = read(Stated { loa: Some("High"), aal: Some("Low"), ..Stated::default() }, FULL);
    assert_eq!(lowered.nsis, Some(Nsis::Low));
    let alone = read(Stated { ial: Some("High"), ..Stated::default() }, FULL);
    assert_eq!(alone.nsis, None);
}

#[test]
fn a_level_above_the_registered_one_is_lowered_to_it() {
    let ceiling = Ceiling { nist: Some(nist(3)), nsis: Some(Nsis::Low) };
    let achieved = read(Stated { loa: Some("High"), ..Stated::default() }, ceiling);
    assert_eq!(achieved.nsis, Some(Nsis::Low));
    assert!(achieved.noticed.contains(&Reason::LoaCap));
    assert!(meets(&achieved, &requires(Level::Nsis(Nsis::Substantial))).is_err());
}

#[test]
fn nist_never_becomes_nsis_and_nsis_is_worth_nist() {
    let nist_only = read(Stated { assurance_level: Some("4"), ..Stated::default() }, FULL);
    assert_eq!(nist_only.nsis, None);
    assert!(meets(&nist_only, &requires(Level::Nsis(Nsis::Low))).is_err());
    let nsis = read(Stated { loa: Some("Substantial"), ..Stated::default() }, FULL);
    assert!(meets(&nsis, &requires(Level::Nist(nist(3)))).is_ok());
    assert!(meets(&nsis, &requires(Level::Nist(nist(4)))).is_err());
}

#[test]
fn without_a_registration_a_statement_is_worth_nothing() {
    let achieved = read(Stated { loa: Some("High"), ..Stated::default() }, Ceiling::default());
    assert_eq!((achieved.nsis, achieved.nist), (None, None));
    let refused = meets(&achieved, &requires(Level::Nsis(Nsis::Low))).unwrap_err();
    assert_eq!(refused.reason, Reason::LoaUnknown);
}

#[test]
fn a_word_that_is_no_level_is_refused() {
    for word in ["low", "HIGH", "https://data.gov.dk/concept/core/nsis/loa/High", "", "4"] {
        let stated = Stated { loa: Some(word), ..Stated::default() };
        assert_eq!(Achieved::read(&stated, FULL).unwrap_err().reason, Reason::LoaUnknown, "{word:?}");
    }
}

#[test]
fn a_request_is_compared_as_it_says() {
    let achieved = read(Stated { loa: Some("Substantial"), ..Stated::default() }, FULL);
    let asks = |comparison, level| Requirement {
        requested: vec![Level::Nsis(level)],
        comparison,
        ..Requirement::default()
    };
    for (comparison, level, met) in [
        (Comparison::Exact, Nsis::Substantial, true),
        (Comparison::Exact, Nsis::Low, false),
        (Comparison::Minimum, Nsis::Low, true),
        (Comparison::Minimum, Nsis::High, false),
        (Comparison::Better, Nsis::Low, true),
        (Comparison::Better, Nsis::Substantial, false),
        (Comparison::Maximum, Nsis::High, true),
        (Comparison::Maximum, Nsis::Low, false),
    ] {
        assert_eq!(meets(&achieved, &asks(comparison, level)).is_ok(), met, "{comparison:?} {level:?}");
    }
}

#[test]
fn a_class_that_is_no_level_says_nothing_and_a_misspelt_level_is_refused() {
    for class in ["https://data.gov.dk/concept/core/nsis", "urn:federation:authentication:windows", ""] {
        let achieved = read(Stated { class: Some(class), loa: Some("Low"), ..Stated::default() }, FULL);
        assert_eq!((achieved.nsis, achieved.noticed), (Some(Nsis::Low), Vec::new()), "{class:?}");
    }
    for class in [
        "https://data.gov.dk/concept/core/nsis/loa/high",
        "https://data.gov.dk/concept/core/nsis/loa/",
        "urn:dk:gov:saml:attribute:AssuranceLevel:5",
        "urn:dk:gov:saml:attribute:AssuranceLevel:03",
    ] {
        let stated = Stated { class: Some(class), loa: Some("Low"), ..Stated::default() };
        assert_eq!(Achieved::read(&stated, FULL).unwrap_err().reason, Reason::LoaUnknown, "{class:?}");
    }
}

#[test]
fn a_nist_level_beside_an_nsis_level_is_worth_no_more_than_that() {
    let both = Stated { loa: Some("Low"), assurance_level: Some("3"), ..Stated::default() };
    for ceiling in [FULL, Ceiling { nsis: None, ..FULL }] {
        let achieved = read(both.clone(), ceiling);
        assert_eq!(achieved.nist, Some(nist(2)));
        assert!(achieved.noticed.contains(&Reason::LoaInconsistent));
    }
    let agreeing = read(Stated { loa: Some("High"), assurance_level: Some("3"), ..Stated::default() }, FULL);
    assert_eq!((agreeing.nist, agreeing.nist_by_nsis), (Some(nist(3)), false));
    assert!(agreeing.noticed.is_empty(), "the older scale may be stated carefully");
}

#[test]
fn a_step_up_is_for_a_missing_nsis_level_and_for_nothing_else() {
    let nist_three = read(Stated { assurance_level: Some("3"), ..Stated::default() }, FULL);
    let substantial = requires(Level::Nsis(Nsis::Substantial));
    let judged = nist_three.judge(&substantial, true);
    assert_eq!((judged.verdict, judged.rule), (Verdict::StepUp(Nsis::Substantial), Rule::StepUp));
    let also = |requested: Level, comparison| Requirement {
        requested: vec![requested],
        comparison,
        ..substantial.clone()
    };
    for (requirement, offered, rule) in [
        (substantial.clone(), false, Rule::NistIsNotNsis),
        (requires(Level::Nist(nist(4))), true, Rule::BelowRegistered),
        (also(Level::Nist(nist(4)), Comparison::Minimum), true, Rule::NistIsNotNsis),
        (also(Level::Nsis(Nsis::Low), Comparison::Maximum), true, Rule::NistIsNotNsis),
        (also(Level::Nsis(Nsis::High), Comparison::Better), true, Rule::NistIsNotNsis),
    ] {
        let judged = nist_three.judge(&requirement, offered);
        assert!(matches!(judged.verdict, Verdict::Refuse(_)), "{requirement}");
        assert_eq!(judged.rule, rule, "{requirement}");
    }
    let higher = nist_three.judge(&also(Level::Nsis(Nsis::Substantial), Comparison::Better), true);
    assert_eq!(higher.verdict, Verdict::StepUp(Nsis::High));
}

#[test]
fn an_identity_provider_is_asked_for_the_lowest_level_that_would_be_enough() {
    let (low, substantial, three) =
        (Level::Nsis(Nsis::Low), Level::Nsis(Nsis::Substantial), Level::Nist(nist(3)));
    let asks = |registered, comparison, requested: &[Level]| {
        Requirement { registered: Some(registered), requested: requested.to_vec(), comparison }.to_ask()
    };
    assert_eq!(asks(substantial, Comparison::Exact, &[]), [substantial]);
    assert_eq!(asks(substantial, Comparison::Minimum, &[low]), [substantial], "the registered minimum stays");
    assert_eq!(asks(three, Comparison::Better, &[low]), [substantial]);
    assert_eq!(asks(low, Comparison::Maximum, &[substantial]), [low]);
    assert_eq!(asks(three, Comparison::Minimum, &[substantial, three]), [substantial, three]);
    assert_eq!(asks(substantial, Comparison::Maximum, &[low]), [], "nothing would be enough");
}

#[test]
fn every_rule_has_a_code_of_its_own_and_a_sentence_in_both_languages() {
    for (n, rule) in Rule::ALL.iter().enumerate() {
        assert!(Rule::ALL.iter().skip(n + 1).all(|other| other.code() != rule.code()), "{}", rule.code());
        assert!([rule.sentence().da, rule.sentence().en].iter().all(|text| text.ends_with('.')));
    }
}
