//! The fault book: what the pages in `docs/faults/` say about each reason, read once.
//!
//! A page is plain Markdown of one strict shape, so that it reads well in the repository too: the code as title; then
//! Danish and English with the same four headings, and beneath the second of them, where the identity provider has
//! something to change, one heading for each [`Product`]. Within a text there are paragraphs of one line, numbered
//! steps, fenced commands, and `code` in backticks: nothing else. Who has to act is not written there, since
//! [`Reason::blame`] says it. How the words look is the business of whoever shows them.

use std::sync::LazyLock;

use serde::Serialize;

use super::reason::Reason;

/// What the book says about one reason, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Danish.
    pub da: Words,
    /// English.
    pub en: Words,
}

/// A page in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// What happened, in one sentence.
    pub means: &'static str,
    /// Who must do what, in one paragraph.
    pub fix: &'static str,
    /// Where that is done in each product, in the order of [`Product::ALL`]; read it through [`blocks`].
    pub products: Vec<(Product, &'static str)>,
    /// How to see that it is right now; read it through [`blocks`].
    pub test: &'static str,
}

/// One sentence in both languages of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// Danish.
    pub da: &'static str,
    /// English.
    pub en: &'static str,
}

/// What a reason means and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What happened.
    pub means: Sentence,
    /// Who must do what.
    pub fix: Sentence,
}

/// A product that municipalities run as their identity provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// Active Directory Federation Services.
    AdFs,
    /// Microsoft Entra ID.
    EntraId,
    /// OS2faktor.
    Os2faktor,
    /// SimpleSAMLphp.
    SimpleSamlPhp,
    /// Keycloak.
    Keycloak,
    /// Shibboleth IdP.
    Shibboleth,
}

impl Product {
    /// Every product that the book speaks of, in the order of its pages.
    pub const ALL: [Self; 6] =
        [Self::AdFs, Self::EntraId, Self::Os2faktor, Self::SimpleSamlPhp, Self::Keycloak, Self::Shibboleth];

    /// The name, as the product writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AdFs => "AD FS",
            Self::EntraId => "Entra ID",
            Self::Os2faktor => "OS2faktor",
            Self::SimpleSamlPhp => "SimpleSAMLphp",
            Self::Keycloak => "Keycloak",
            Self::Shibboleth => "Shibboleth",
        }
    }

    /// The name in an address.
    pub const fn anchor(self) -> &'static str {
        match self {
            Self::AdFs => "ad-fs",
            Self::EntraId => "entra-id",
            Self::Os2faktor => "os2faktor",
            Self::SimpleSamlPhp => "simplesamlphp",
            Self::Keycloak => "keycloak",
            Self::Shibboleth => "shibboleth",
        }
    }
}

/// A part of a text that stands by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// One line of prose; read it through [`spans`].
    Paragraph(&'static str),
    /// Numbered steps, one a line; read them through [`steps`].
    Steps(&'static str),
    /// Commands or configuration, exactly as they stand.
    Commands(&'static str),
}

/// A part of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Prose.
    Plain(&'static str),
    /// The code of a reason, which has a page of its own.
    Reason(Reason),
    /// Something that is typed or read letter by letter.
    Code(&'static str),
}

/// The parts of a text, in their order.
pub fn blocks(text: &'static str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (block, after) = match rest.strip_prefix("```\n") {
            Some(inside) => {
                let (commands, after) = inside.split_once("\n```").unwrap_or((inside, ""));
                (Block::Commands(commands), after)
            }
            None => {
                let (block, after) = rest.split_once("\n\n").unwrap_or((rest, ""));
                let steps = block.starts_with("1. ");
                (if steps { Block::Steps(block) } else { Block::Paragraph(block) }, after)
            }
        };
        blocks.push(block);
        rest = after.trim_start();
    }
    blocks
}

/// The steps of [`Block::Steps`], without their numbers.
pub fn steps(block: &'static str) -> impl Iterator<Item = &'static str> {
    block.lines().map(|line| line.split_once(". ").map_or(line, |(_, step)| step))
}

/// The parts of a line, in their order.
pub fn spans(line: &'static str) -> impl Iterator<Item = Span> {
    line.split('`').enumerate().filter(|(_, part)| !part.is_empty()).map(|(at, part)| {
        match (at % 2 == 1, Reason::from_code(part)) {
            (true, Some(reason)) => Span::Reason(reason),
            (true, None) => Span::Code(part),
            (false, _) => Span::Plain(part),
        }
    })
}

impl Reason {
    /// What the fault book says about it.
    pub fn page(self) -> &'static Page {
        page(self)
    }

    /// What it means and what to do, in short.
    pub fn explanation(self) -> Explanation {
        let Page { da, en } = self.page();
        Explanation {
            means: Sentence { da: da.means, en: en.means },
            fix: Sentence { da: da.fix, en: en.fix },
        }
    }
}

/// The page of a reason.
fn page(reason: Reason) -> &'static Page {
    static EMPTY: Page = Page { da: Words::EMPTY, en: Words::EMPTY };
    static PAGES: LazyLock<Vec<Page>> = LazyLock::new(|| {
        // A page that cannot be read would be blank; that there is none is proved below.
        Reason::ALL.iter().map(|reason| read(*reason).unwrap_or_else(|_| EMPTY.clone())).collect()
    });
    PAGES.get(reason as usize).unwrap_or(&EMPTY)
}

fn read(reason: Reason) -> Result<Page, String> {
    let mut reader = Reader { rest: reason.written() };
    reader.heading("# ", reason.code())?;
    let da = reader.words(["Dansk", "Hvad det betyder", "Sådan rettes det", "Sådan prøves det"])?;
    let en = reader.words(["English", "What it means", "How to fix it", "How to test it"])?;
    if reader.rest.is_empty() { Ok(Page { da, en }) } else { Err(reader.expected("the end")) }
}

/// Reads a page from its top to its end.
struct Reader {
    rest: &'static str,
}

impl Reader {
    fn words(&mut self, [language, means, fix, test]: [&str; 4]) -> Result<Words, String> {
        self.heading("## ", language)?;
        self.heading("### ", means)?;
        let means = self.text()?;
        self.heading("### ", fix)?;
        let fix = self.text()?;
        let mut products = Vec::new();
        for product in Product::ALL {
            if self.heading("#### ", product.name()).is_ok() {
                products.push((product, self.text()?));
            }
        }
        self.heading("### ", test)?;
        Ok(Words { means, fix, products, test: self.text()? })
    }

    /// Goes past this heading and the empty line after it.
    fn heading(&mut self, level: &str, name: &str) -> Result<(), String> {
        let after = self.rest.strip_prefix(level).and_then(|rest| rest.strip_prefix(name));
        self.rest = after
            .and_then(|rest| rest.strip_prefix("\n\n"))
            .ok_or_else(|| self.expected(&format!("{level}{name}")))?;
        Ok(())
    }

    /// Takes what stands before the next heading.
    fn text(&mut self) -> Result<&'static str, String> {
        let (text, rest) = match self.rest.find("\n\n#") {
            Some(end) => (&self.rest[..end], &self.rest[end + 2..]),
            None => (self.rest.strip_suffix('\n').ok_or_else(|| self.expected("a line end"))?, ""),
        };
        if text.is_empty() || text.starts_with('#') || text.trim() != text {
            return Err(self.expected("a text"));
        }
        self.rest = rest;
        Ok(text)
    }

    fn expected(&self, what: &str) -> String {
        let came: String = self.rest.chars().take(40).collect();
        format!("expected {what:?}, got {came:?}")
    }
}

impl Words {
    const EMPTY: Self = Self { means: "", fix: "", products: Vec::new(), test: "" };
}

#[cfg(test)]
mod tests;
