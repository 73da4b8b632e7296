//! What the fault book promises: no reason without its page, no page without its reason, and all of it readable.

use std::collections::BTreeSet;
use std::fs;

use super::*;
use crate::domain::faults::Explanation;
use crate::domain::reason::Blame;

#[test]
fn every_reason_has_a_page_that_reads_and_no_page_is_without_a_reason() {
    for reason in Reason::ALL {
        let read = read(*reason).unwrap_or_else(|complaint| panic!("{reason}: {complaint}"));
        assert_eq!(&read, reason.page(), "{reason}");
        let Explanation { means, fix } = reason.explanation();
        assert_eq!(
            [means.da, means.en, fix.da, fix.en],
            [read.da.means, read.en.means, read.da.fix, read.en.fix]
        );
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/faults");
    for file in fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let code = name.strip_suffix(".md").unwrap();
        assert!(Reason::from_code(code).is_some(), "{name}");
    }
}

#[test]
fn every_text_is_whole_sentences_of_reasonable_length_and_differs_between_the_languages() {
    for reason in Reason::ALL {
        let Page { da, en } = reason.page();
        for words in [da, en] {
            for (text, longest) in [(words.means, 220), (words.fix, 420)] {
                sentence(reason, text);
                assert!(text.len() <= longest && !text.contains(['\n', '`']), "{reason}: {text:?}");
            }
            for text in longer(words) {
                assert!(text.len() <= 1500, "{reason}: {} bytes in {text:?}", text.len());
                prose(reason, text);
            }
        }
        assert!(da.means != en.means && da.fix != en.fix && da.test != en.test, "{reason}");
    }
}

#[test]
fn what_a_reason_means_is_said_without_codes() {
    for reason in Reason::ALL {
        for text in [reason.page().da.means, reason.page().en.means] {
            let coded = reason.code().contains(['.', '_']) && text.contains(reason.code());
            assert!(!coded && !text.contains('_'), "{reason}: {text:?}");
        }
    }
}

#[test]
fn both_languages_speak_of_the_same_products_with_the_same_commands() {
    for reason in Reason::ALL {
        let Page { da, en } = reason.page();
        let products = |words: &Words| words.products.iter().map(|(product, _)| *product).collect::<Vec<_>>();
        assert_eq!(products(da), products(en), "{reason}");
        for (danish, english) in longer(da).zip(longer(en)) {
            assert_eq!(typed(danish), typed(english), "{reason}");
        }
    }
}

#[test]
fn whoever_runs_an_identity_provider_reads_where_to_put_it_right_in_each_product() {
    // Whoever runs a robot has it take another way: nothing in any product lets it reach an NSIS level.
    let elsewhere = Reason::RobotNsis;
    let blamed = |reason: &&Reason| reason.blame() == Blame::IdentityProvider && **reason != elsewhere;
    for reason in Reason::ALL.iter().filter(blamed) {
        let products: Vec<_> = reason.page().da.products.iter().map(|(product, _)| *product).collect();
        assert_eq!(products, Product::ALL, "{reason}");
    }
}

#[test]
fn no_page_names_a_code_that_is_gone() {
    let families: BTreeSet<&str> = Reason::ALL.iter().filter_map(|reason| family(reason.code())).collect();
    let gone = |code: &str| {
        family(code).is_some_and(|family| families.contains(family)) && Reason::from_code(code).is_none()
    };
    assert!(gone("sig.no_such") && !gone("sig.invalid") && !gone("sign.logout") && !gone("idp.signing.key"));
    for reason in Reason::ALL {
        for words in [&reason.page().da, &reason.page().en] {
            for text in longer(words) {
                let code = lines(text).into_iter().flat_map(spans).find_map(|span| match span {
                    Span::Code(code) if gone(code) => Some(code),
                    _ => None,
                });
                assert_eq!(code, None, "{reason}");
            }
        }
    }
}

#[test]
fn a_page_that_is_not_of_the_one_shape_is_refused() {
    let words = |text: &'static str| Reader { rest: text }.words(["L", "M", "F", "T"]);
    let right = "## L\n\n### M\n\na\n\n### F\n\nb\n\n#### AD FS\n\nc\n\n### T\n\nd\n";
    let products = vec![(Product::AdFs, "c")];
    assert_eq!(words(right), Ok(Words { means: "a", fix: "b", products, test: "d" }));
    for (wrong, text) in [
        ("the order", "## L\n\n### F\n\nb\n\n### M\n\na\n\n### T\n\nd\n"),
        ("an empty text", "## L\n\n### M\n\n### F\n\nb\n\n### T\n\nd\n"),
        ("an unknown product", "## L\n\n### M\n\na\n\n### F\n\nb\n\n#### ADFS\n\nc\n\n### T\n\nd\n"),
        (
            "products in another order",
            "## L\n\n### M\n\na\n\n### F\n\nb\n\n#### Keycloak\n\nc\n\n#### AD FS\n\nc\n\n### T\n\nd\n",
        ),
        ("no test", "## L\n\n### M\n\na\n\n### F\n\nb\n"),
        ("a loose line", "## L\n### M\n\na\n\n### F\n\nb\n\n### T\n\nd\n"),
        ("no end of the line", "## L\n\n### M\n\na\n\n### F\n\nb\n\n### T\n\nd"),
    ] {
        assert!(words(text).is_err(), "{wrong}");
    }
}

#[test]
fn a_text_falls_into_paragraphs_steps_and_commands() {
    let text = "Type `x` and see `sig.invalid`.\n\n```\na\n\nb\n```\n\n1. One.\n2. Two.\n\nDone.";
    assert_eq!(
        blocks(text),
        [
            Block::Paragraph("Type `x` and see `sig.invalid`."),
            Block::Commands("a\n\nb"),
            Block::Steps("1. One.\n2. Two."),
            Block::Paragraph("Done."),
        ]
    );
    assert_eq!(steps("1. One.\n2. Two.").collect::<Vec<_>>(), ["One.", "Two."]);
    assert_eq!(
        spans("Type `x` and see `sig.invalid`.").collect::<Vec<_>>(),
        [
            Span::Plain("Type "),
            Span::Code("x"),
            Span::Plain(" and see "),
            Span::Reason(Reason::SigInvalid),
            Span::Plain(".")
        ]
    );
}

/// The texts that are read through [`blocks`].
fn longer(words: &Words) -> impl Iterator<Item = &'static str> {
    words.products.iter().map(|(_, text)| *text).chain([words.test])
}

/// The lines of prose of a text.
fn lines(text: &'static str) -> Vec<&'static str> {
    let prose = |block| match block {
        Block::Paragraph(line) => vec![line],
        Block::Steps(block) => steps(block).collect(),
        Block::Commands(_) => Vec::new(),
    };
    blocks(text).into_iter().flat_map(prose).collect()
}

/// What a text wants to be typed: the same in every language.
fn typed(text: &'static str) -> Vec<&'static str> {
    let commands = |block| match block {
        Block::Commands(commands) => Some(commands),
        _ => None,
    };
    blocks(text).into_iter().filter_map(commands).collect()
}

fn prose(reason: &Reason, text: &'static str) {
    for block in blocks(text) {
        match block {
            Block::Paragraph(line) => {
                assert!(
                    !line.contains('\n') && !line.starts_with(['#', '-', '*', '>']),
                    "{reason}: {line:?}"
                );
                sentence(reason, line);
            }
            Block::Steps(block) => {
                for (at, line) in block.lines().enumerate() {
                    assert!(line.starts_with(&format!("{}. ", at + 1)), "{reason}: {line:?}");
                }
                steps(block).for_each(|step| sentence(reason, step));
            }
            Block::Commands(commands) => {
                assert!(!commands.trim().is_empty() && !commands.contains("```"), "{reason}: {commands:?}");
            }
        }
    }
}

fn sentence(reason: &Reason, text: &str) {
    let ends = text.ends_with(['.', ':']);
    let begins = text.chars().next().is_some_and(|first| first.is_uppercase() || "`“".contains(first));
    assert!(text.len() > 15 && begins && ends, "{reason}: {text:?}");
    assert!(text.matches('`').count().is_multiple_of(2), "{reason}: {text:?}");
}

/// What stands before the one dot of a code.
fn family(code: &str) -> Option<&str> {
    let (family, rest) = code.split_once('.')?;
    let letters = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    (letters(family) && letters(rest)).then_some(family)
}
