//! The truth table of the judge of levels: every claim, under every ceiling, in every profile, against every requirement.
//!
//! The snapshot shows it in three parts, from which each cell follows; the test goes through all cells and proves that it
//! does. Beside it stand random cases, judged by arithmetic that shares nothing with the judge.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::collections::BTreeMap;
use std::fmt::Write;

use context_handler::domain::assurance::{
    Achieved, Ceiling, Comparison, Level, Nist, Nsis, Requirement, Rule, Stated, Verdict,
};
use context_handler::domain::federation::IdpProfile;
use context_handler::domain::reason::Reason;
use proptest::prelude::*;

const PROFILES: [IdpProfile; 6] = [
    IdpProfile::Oiosaml2,
    IdpProfile::Oiosaml2AdfsMultipleAuthn,
    IdpProfile::Oiosaml2WithoutRequestedLoa,
    IdpProfile::Oiosaml3,
    IdpProfile::Oiosaml3AdfsMultipleAuthn,
    IdpProfile::Oiosaml3AdfsRelayState,
];
const COMPARISONS: [Comparison; 4] =
    [Comparison::Minimum, Comparison::Exact, Comparison::Better, Comparison::Maximum];
const WORDS: [Option<&str>; 4] = [None, Some("Low"), Some("Substantial"), Some("High")];
const DIGITS: [Option<&str>; 5] = [None, Some("1"), Some("2"), Some("3"), Some("4")];
const CLASSES: [Option<&str>; 9] = [
    None,
    Some("https://data.gov.dk/concept/core/nsis"),
    Some("https://data.gov.dk/concept/core/nsis/loa/Low"),
    Some("https://data.gov.dk/concept/core/nsis/loa/Substantial"),
    Some("https://data.gov.dk/concept/core/nsis/loa/High"),
    Some("urn:dk:gov:saml:attribute:AssuranceLevel:1"),
    Some("urn:dk:gov:saml:attribute:AssuranceLevel:2"),
    Some("urn:dk:gov:saml:attribute:AssuranceLevel:3"),
    Some("urn:dk:gov:saml:attribute:AssuranceLevel:4"),
];

fn nsis() -> impl Iterator<Item = Option<Nsis>> + Clone {
    WORDS.iter().map(|word| word.and_then(Nsis::from_word))
}

fn nist() -> impl Iterator<Item = Option<Nist>> + Clone {
    DIGITS.iter().map(|digit| digit.and_then(Nist::from_digit))
}

fn levels() -> Vec<Level> {
    nist().flatten().map(Level::Nist).chain(nsis().flatten().map(Level::Nsis)).collect()
}

fn ceilings() -> Vec<Ceiling> {
    nsis().flat_map(|nsis| nist().map(move |nist| Ceiling { nist, nsis })).collect()
}

fn full() -> Ceiling {
    Ceiling { nist: Nist::new(4), nsis: Some(Nsis::High) }
}

fn claims() -> Vec<Stated<'static>> {
    let mut all = Vec::new();
    for class in CLASSES {
        for loa in WORDS {
            for (ial, aal) in WORDS.into_iter().flat_map(|ial| WORDS.map(|aal| (ial, aal))) {
                all.extend(DIGITS.map(|assurance_level| Stated { class, loa, ial, aal, assurance_level }));
            }
        }
    }
    all
}

/// What was stated, all told: a level on each scale. It is what counts where nothing is capped.
type Said = (Option<Nsis>, Option<Nist>);

fn said(claim: &Stated<'_>) -> Said {
    let achieved = Achieved::read(claim, full()).unwrap();
    (achieved.nsis, achieved.nist.filter(|_| !achieved.nist_by_nsis))
}

/// A claim that says just this.
fn claim(said: Said) -> Stated<'static> {
    let word = said.0.map(Nsis::word);
    let digit = said.1.and_then(|nist| DIGITS[usize::from(nist.digit())]);
    Stated { loa: word, assurance_level: digit, ..Stated::default() }
}

fn short((nsis, nist): Said) -> String {
    let nsis = nsis.map_or("-", |nsis| &nsis.word()[..1]);
    format!("{nsis}{}", nist.map_or("-".to_owned(), |nist| nist.digit().to_string()))
}

fn counts(achieved: &Achieved) -> Said {
    (achieved.nsis, achieved.nist)
}

fn requests(level: Option<Level>) -> impl Iterator<Item = Requirement> {
    let named: Vec<_> = level.map_or_else(levels, |level| vec![level]);
    COMPARISONS.into_iter().flat_map(move |comparison| {
        let one = move |level| Requirement { requested: vec![level], comparison, ..Requirement::default() };
        named.clone().into_iter().map(one)
    })
}

/// Two characters: why, and the level that a step-up would have to reach.
fn cell(achieved: &Achieved, requirement: &Requirement) -> String {
    let judged = achieved.judge(requirement, false);
    let why = match judged.rule {
        Rule::NothingRequired | Rule::NsisReached | Rule::NistReached => "=",
        Rule::NistByNsis => "~",
        Rule::NothingStated => "?",
        Rule::NistIsNotNsis => "n",
        Rule::BelowRegistered | Rule::BelowRequested => "<",
        Rule::AboveRequested => ">",
        Rule::StepUp => panic!("a step-up was not offered"),
    };
    assert_eq!(judged.verdict == Verdict::Enough, ["=", "~"].contains(&why));
    let up = match achieved.judge(requirement, true).verdict {
        Verdict::StepUp(level) => &level.word()[..1],
        _ => " ",
    };
    format!("{why}{up}")
}

fn row(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(" ").trim_end().to_owned()
}

#[test]
fn the_truth_table() {
    let mut table = String::from(
        "A level is written as NSIS and NIST: S3 is Substantial and 3, S- is Substantial alone, -- is nothing.\n\n\
         1. What is said, from the class and the attribute loa (down) and AssuranceLevel none, 1, 2, 3, 4 (across).\n\n",
    );
    for class in CLASSES {
        for loa in WORDS {
            let name = class.map_or("none", |class| class.rsplit([':', '/']).next().unwrap());
            let claims =
                DIGITS.map(|assurance_level| Stated { class, loa, assurance_level, ..Stated::default() });
            let cells = row(claims.iter().map(|claim| short(said(claim))));
            writeln!(table, "class {name:<11} loa {:<11} | {cells}", loa.unwrap_or("none")).unwrap();
        }
    }
    table +=
        "\nThe same from loa (down) and the lower of ial and aal none, Low, Substantial, High (across).\n\n";
    for loa in WORDS {
        let cells = row(WORDS.into_iter().map(|ial| short(said(&Stated { loa, ial, ..Stated::default() }))));
        writeln!(table, "loa {:<11} | {cells}", loa.unwrap_or("none")).unwrap();
    }
    table += "\n2. What counts, from what is said (down) and what the provider is registered for (across).\n";
    for profiles in [&PROFILES[..3], &PROFILES[3..]] {
        writeln!(table, "\n{profiles:?}").unwrap();
        let caps = row(ceilings().into_iter().map(|ceiling| short((ceiling.nsis, ceiling.nist))));
        writeln!(table, "said | {caps}").unwrap();
        for said in nsis().flat_map(|nsis| nist().map(move |nist| (nsis, nist))) {
            let under = |ceiling: Ceiling| {
                let achieved = |profile: &IdpProfile| {
                    let ceiling = profile.ceiling(ceiling.nist, ceiling.nsis);
                    counts(&Achieved::read(&claim(said), ceiling).unwrap())
                };
                let all: Vec<_> = profiles.iter().map(achieved).collect();
                assert!(all.iter().all(|one| *one == all[0]), "the profiles of a family are judged alike");
                short(all[0])
            };
            writeln!(table, "{:<4} | {}", short(said), row(ceilings().into_iter().map(under))).unwrap();
        }
    }
    table += "\n3. What the judge says, from what counts (down) and what is required (across).\n\
              = enough  ~ enough by translation  < too low  > too high  n NIST is not NSIS  ? nothing stated;\n\
              a letter behind it is the level of the step-up that would be offered.\n\
              NIST written as N3 was not stated but is what the NSIS level is worth.\n";
    let header = row(levels().into_iter().map(|level| match level {
        Level::Nist(nist) => format!("{} ", nist.digit()),
        Level::Nsis(nsis) => format!("{} ", &nsis.word()[..1]),
    }));
    for (comparison, what) in [None, Some(0), Some(1), Some(2), Some(3)].into_iter().zip([
        "registered",
        "requested, minimum",
        "requested, exact",
        "requested, better",
        "requested, maximum",
    ]) {
        writeln!(table, "\n{what:<18} | {header}").unwrap();
        for (name, achieved) in all_that_counts() {
            let cells = levels().into_iter().map(|level| {
                let registered = Requirement { registered: Some(level), ..Requirement::default() };
                let requirement = match comparison {
                    None => registered,
                    Some(n) => requests(Some(level)).nth(n).unwrap(),
                };
                cell(&achieved, &requirement)
            });
            writeln!(table, "{name:<18} | {}", row(cells)).unwrap();
        }
    }
    insta::assert_snapshot!("truth_table", table);
}

/// Every level that can come out of a claim under a ceiling, by its name in the table.
fn all_that_counts() -> BTreeMap<String, Achieved> {
    let mut all = BTreeMap::new();
    for said in nsis().flat_map(|nsis| nist().map(move |nist| (nsis, nist))) {
        for ceiling in ceilings() {
            let achieved = Achieved::read(&claim(said), ceiling).unwrap();
            let by = if achieved.nist_by_nsis { "N" } else { "" };
            let (nsis, nist) = counts(&achieved);
            let name = format!("{}{by}{}", &short((nsis, None))[..1], &short((None, nist))[1..]);
            all.insert(name, Achieved { noticed: Vec::new(), ..achieved });
        }
    }
    all
}

#[test]
fn every_cell_follows_from_the_three_parts_of_the_table() {
    let mut second = BTreeMap::new();
    for said in nsis().flat_map(|nsis| nist().map(move |nist| (nsis, nist))) {
        for (n, ceiling) in ceilings().into_iter().enumerate() {
            second.insert((said, n), Achieved::read(&claim(said), ceiling).unwrap());
        }
    }
    let mut cells = 0;
    for claim in claims() {
        let said = said(&claim);
        for (n, ceiling) in ceilings().into_iter().enumerate() {
            let (achieved, expected) = (Achieved::read(&claim, ceiling).unwrap(), &second[&(said, n)]);
            assert_eq!(counts(&achieved), counts(expected), "{claim:?} under {ceiling:?}");
            assert_eq!(achieved.nist_by_nsis, expected.nist_by_nsis, "{claim:?} under {ceiling:?}");
            cells += 1;
        }
    }
    assert_eq!(cells, 9 * 4 * 16 * 5 * 20);
    for achieved in all_that_counts().values() {
        let enough =
            |requirement: &Requirement| achieved.judge(requirement, false).verdict == Verdict::Enough;
        for request in requests(None) {
            for level in levels() {
                let registered = Requirement { registered: Some(level), ..Requirement::default() };
                let both = Requirement { registered: Some(level), ..request.clone() };
                assert_eq!(enough(&both), enough(&registered) && enough(&request), "{achieved} {both}");
            }
        }
    }
}

#[test]
fn the_page_for_people_says_what_the_rules_and_reasons_say() {
    let page = include_str!("../docs/assurance.md");
    for rule in Rule::ALL {
        let (code, sentence) = (format!("| `{}` |", rule.code()), rule.sentence());
        let row = page.lines().find(|line| line.starts_with(&code)).expect("a row of the table");
        assert!(row.contains(sentence.da) && row.contains(sentence.en), "{row}");
    }
    for reason in
        Reason::ALL.iter().filter(|reason| ["loa.", "robot."].iter().any(|f| reason.code().starts_with(f)))
    {
        let (code, means) = (format!("| `{reason}` |"), reason.explanation().means);
        let row = page.lines().find(|line| line.starts_with(&code)).expect("a row of the table");
        assert!(row.contains(means.da) && row.contains(means.en), "{row}");
    }
}

/// A level as a number on its scale, for arithmetic of the test's own.
fn number(level: Level) -> (bool, u8) {
    match level {
        Level::Nist(nist) => (false, nist.digit()),
        Level::Nsis(nsis) => (true, 1 + nsis as u8),
    }
}

/// The requirement, computed anew: numbers instead of types, 0 for nothing.
fn holds(nsis: u8, nist: u8, requirement: &Requirement) -> bool {
    let reached = |level: Level| if number(level).0 { nsis } else { nist };
    let fits = |level: &Level| {
        let (reached, wanted) = (reached(*level), number(*level).1);
        reached > 0
            && match requirement.comparison {
                Comparison::Exact => reached == wanted,
                Comparison::Minimum => reached >= wanted,
                Comparison::Better => reached > wanted,
                Comparison::Maximum => reached <= wanted,
            }
    };
    let requested = match requirement.comparison {
        Comparison::Better => requirement.requested.iter().all(fits),
        _ => requirement.requested.is_empty() || requirement.requested.iter().any(fits),
    };
    requested && requirement.registered.is_none_or(|level| reached(level) >= number(level).1)
}

fn numbers(achieved: &Achieved) -> (u8, u8) {
    (
        achieved.nsis.map_or(0, |level| number(Level::Nsis(level)).1),
        achieved.nist.map_or(0, |level| number(Level::Nist(level)).1),
    )
}

fn any_of<T: Clone + std::fmt::Debug + 'static>(all: Vec<T>) -> impl Strategy<Value = T> {
    prop::sample::select(all)
}

fn any_claim() -> impl Strategy<Value = Stated<'static>> {
    let class = any_of(CLASSES.to_vec());
    let word = || any_of(WORDS.to_vec());
    (class, word(), word(), word(), any_of(DIGITS.to_vec()))
        .prop_map(|(class, loa, ial, aal, assurance_level)| Stated { class, loa, ial, aal, assurance_level })
}

fn any_ceiling() -> impl Strategy<Value = Ceiling> {
    (any_of(PROFILES.to_vec()), any_of(ceilings()))
        .prop_map(|(profile, ceiling)| profile.ceiling(ceiling.nist, ceiling.nsis))
}

fn any_requirement() -> impl Strategy<Value = Requirement> {
    let level = || any_of(levels());
    (prop::option::of(level()), prop::collection::vec(level(), 0..4), any_of(COMPARISONS.to_vec()))
        .prop_map(|(registered, requested, comparison)| Requirement { registered, requested, comparison })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_random_case_is_judged_too_kindly(
        claim in any_claim(),
        ceiling in any_ceiling(),
        higher in any_ceiling(),
        requirement in any_requirement(),
        offered in any::<bool>(),
    ) {
        let achieved = Achieved::read(&claim, ceiling).unwrap();
        let (nsis, nist) = numbers(&achieved);
        prop_assert!(achieved.nsis <= ceiling.nsis && achieved.nist <= ceiling.nist, "above the registered cap");
        let names_nsis = claim.loa.is_some() || claim.class.is_some_and(|class| class.contains("/nsis/loa/"));
        prop_assert!(names_nsis || nsis == 0, "NIST was turned into NSIS");
        for word in [claim.loa, claim.class.and_then(|class| class.rsplit('/').next())].into_iter().flatten() {
            let word = Nsis::from_word(word);
            prop_assert!(word.is_none_or(|word| achieved.nsis.is_none_or(|nsis| nsis <= word)), "not the lowest");
        }
        for part in [claim.ial, claim.aal].into_iter().flatten().map(Nsis::from_word) {
            prop_assert!(achieved.nsis <= part, "a part is lower");
        }

        let judged = achieved.judge(&requirement, offered);
        let enough = judged.verdict == Verdict::Enough;
        prop_assert_eq!(enough, holds(nsis, nist, &requirement), "{} {}", achieved, requirement);
        match &judged.verdict {
            Verdict::Enough => {}
            Verdict::StepUp(level) => {
                let reached = number(Level::Nsis(*level)).1;
                prop_assert!(offered && reached > nsis && holds(reached, nist, &requirement));
                prop_assert!(!holds(0, 4, &requirement), "another level would have been enough");
            }
            Verdict::Refuse(fault) => {
                let expected = if (nsis, nist) == (0, 0) { Reason::LoaUnknown } else { Reason::LoaLower };
                prop_assert_eq!(fault.reason, expected);
                let lowest_up = (nsis + 1..=3).find(|up| holds(*up, nist, &requirement));
                prop_assert!(!offered || lowest_up.is_none() || !requirement.requires_nsis());
            }
        }

        let raised = Ceiling { nist: ceiling.nist.max(higher.nist), nsis: ceiling.nsis.max(higher.nsis) };
        let under_raised = Achieved::read(&claim, raised).unwrap();
        prop_assert!(achieved.nsis <= under_raised.nsis && achieved.nist <= under_raised.nist);
        let upwards = matches!(requirement.comparison, Comparison::Minimum | Comparison::Better);
        if enough && (upwards || requirement.requested.is_empty()) {
            prop_assert_eq!(under_raised.judge(&requirement, offered).verdict, Verdict::Enough);
        }
    }

    #[test]
    fn a_word_that_is_no_level_is_never_read_as_one(word in "[A-Za-z0-9 ]{0,12}", place in 0_usize..5) {
        let mut stated = Stated { loa: Some("High"), assurance_level: Some("4"), ..Stated::default() };
        let class = format!("https://data.gov.dk/concept/core/nsis/loa/{word}");
        let is_level = match place {
            0 => { stated.loa = Some(&word); Nsis::from_word(&word).is_some() }
            1 => { stated.ial = Some(&word); Nsis::from_word(&word).is_some() }
            2 => { stated.aal = Some(&word); Nsis::from_word(&word).is_some() }
            3 => { stated.assurance_level = Some(&word); Nist::from_digit(&word).is_some() }
            _ => { stated.class = Some(&class); Nsis::from_word(&word).is_some() }
        };
        match Achieved::read(&stated, full()) {
            Ok(_) => prop_assert!(is_level),
            Err(fault) => prop_assert!(!is_level && fault.reason == Reason::LoaUnknown),
        }
    }
}
