//! How much XML is taken: every number with its reason.

/// The bounds of one document. What exceeds them is refused before a tree is built.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Size in bytes.
    pub bytes: usize,
    /// How deep elements may nest.
    pub depth: usize,
    /// Elements, texts, comments and CDATA sections together.
    pub nodes: usize,
    /// Attributes of one element, namespace declarations not counted.
    pub attributes: usize,
    /// Namespace declarations of one element.
    pub declarations: usize,
    /// Namespace declarations in force at one place: the parser copies that list whenever an element adds to it.
    pub declarations_in_force: usize,
    /// Namespace declarations of the whole document.
    pub declarations_in_all: usize,
    /// Length of one name in bytes.
    pub name: usize,
    /// Signatures of the whole document.
    pub signatures: usize,
}

impl Limits {
    /// For a message that anybody can post.
    ///
    /// The largest genuine message seen is an assertion with some hundred privileges, 60 kB, 12 deep, 1,500 nodes; a
    /// response holds two signatures, and at most two more in what it advises. Some writers repeat each namespace
    /// declaration at every attribute value, hence thousands in all, but few at one place.
    pub const MESSAGE: Limits = Limits {
        bytes: 512 * 1024,
        depth: 100,
        nodes: 50_000,
        attributes: 64,
        declarations: 64,
        declarations_in_force: 256,
        declarations_in_all: 8_192,
        name: 256,
        signatures: 8,
    };

    /// For a privilege list within a message: three levels, no signature, a few attributes. The largest genuine ones
    /// seen have some hundred privileges and 60 kB.
    pub const PRIVILEGES: Limits = Limits {
        bytes: 256 * 1024,
        depth: 8,
        attributes: 8,
        declarations: 16,
        declarations_in_force: 32,
        signatures: 0,
        ..Limits::MESSAGE
    };

    /// For metadata that an operator chose to load: a federation's aggregate is large, its shape is as plain.
    pub const METADATA: Limits = Limits {
        bytes: 16 * 1024 * 1024,
        nodes: 400_000,
        declarations_in_all: 65_536,
        signatures: 4_096,
        ..Limits::MESSAGE
    };
}
