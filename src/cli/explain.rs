//! `explain`: what the fault book says about a reason code.

use clap::Args;
use serde::Serialize;

use super::{Done, Exit, Session, table};
use crate::domain::faults::Page;
use crate::domain::faults::Sentence;
use crate::domain::reason::{Blame, Reason};
use crate::domain::written::{Complaint, nearest};

/// Which code is asked about.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The code, as it stands in the log or on an error page; without one, all codes are listed
    code: Option<String>,
}

/// A reason with what it means, in short.
#[derive(Serialize)]
pub(super) struct Explained {
    pub(super) code: &'static str,
    who: &'static str,
    means: Both,
    fix: Both,
}

#[derive(Serialize)]
struct Both {
    da: &'static str,
    en: &'static str,
}

/// A reason with all that the book says.
#[derive(Serialize)]
struct Whole {
    #[serde(flatten)]
    explained: Explained,
    products: Vec<InProduct>,
    test: Both,
}

/// Where it is put right in one product.
#[derive(Serialize)]
struct InProduct {
    product: &'static str,
    #[serde(flatten)]
    text: Both,
}

impl Explain {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        let Some(code) = self.code else {
            let all: Vec<Whole> = Reason::ALL.iter().copied().map(whole).collect();
            session.answer(&all, || {
                let row =
                    |Whole { explained, .. }: &Whole| [explained.code, explained.means.en].map(str::to_owned);
                table(&all.iter().map(|whole| row(whole).to_vec()).collect::<Vec<_>>())
            });
            return Ok(Exit::Ok);
        };
        let Some(reason) = Reason::from_code(code.trim()) else {
            let known: Vec<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
            let complaint = Complaint::whole_file("explain", format!("expected a reason code, got {code:?}"));
            return Err(vec![complaint.hint(match nearest(code.trim(), &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`context-handler explain` lists them all".to_owned(),
            })]);
        };
        let whole = whole(reason);
        session.answer(&whole, || {
            let below_title = reason.written().split_once('\n').map_or("", |(_, page)| page);
            format!("{reason} (who must act: {})\n{}", whole.explained.who, below_title.trim_end())
        });
        Ok(Exit::Ok)
    }
}

impl Explained {
    pub(super) fn text(&self) -> String {
        let language = |means: &str, fix: &str| [means, fix].join("\n  ").trim_end().to_owned();
        let english = language(self.means.en, self.fix.en);
        let danish = language(self.means.da, self.fix.da);
        format!("{} (who must act: {})\n\n  {english}\n\n  {danish}", self.code, self.who)
    }
}

fn whole(reason: Reason) -> Whole {
    let Page { da, en } = reason.page();
    let products = da
        .products
        .iter()
        .zip(&en.products)
        .map(|(&(product, da), &(_, en))| InProduct { product: product.name(), text: Both { da, en } });
    Whole {
        explained: explained(reason),
        products: products.collect(),
        test: Both { da: da.test, en: en.test },
    }
}

pub(super) fn explained(reason: Reason) -> Explained {
    let both = |sentence: Sentence| Both { da: sentence.da, en: sentence.en };
    let who = match reason.blame() {
        Blame::Fagsystem => "the fagsystem",
        Blame::IdentityProvider => "the identity provider",
        Blame::AttributeService => "whoever runs the attribute service",
        Blame::Register => "whoever keeps the register",
        Blame::User => "the user",
        Blame::Caller => "the system that called",
        Blame::Us => "the operator of the context handler",
        Blame::Nobody => "nobody",
    };
    let explanation = reason.explanation();
    Explained { code: reason.code(), who, means: both(explanation.means), fix: both(explanation.fix) }
}
