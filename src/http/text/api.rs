//! What the description of the API says around what the document for machines says, in Danish and in English.

use crate::http::visitor::Lang;

/// Every text of that page in one language.
pub(in crate::http) struct ApiText {
    /// The heading.
    pub(in crate::http) title: &'static str,
    /// Where the rest comes from, and in which language it is.
    pub(in crate::http) lead: &'static str,
    /// The link to the document for machines.
    pub(in crate::http) for_machines: &'static str,
    /// Heading of the list of calls.
    pub(in crate::http) calls: &'static str,
    /// A call that needs no proof of who calls.
    pub(in crate::http) anybody: &'static str,
    /// Heading of what a call may say in its address and its headers.
    pub(in crate::http) parameters: &'static str,
    /// Before the form of the content.
    pub(in crate::http) content: &'static str,
    /// Heading of what may come back.
    pub(in crate::http) answers: &'static str,
    /// Heading of the forms of content.
    pub(in crate::http) forms: &'static str,
    /// Column: the name.
    pub(in crate::http) name: &'static str,
    /// Column: which values.
    pub(in crate::http) kind: &'static str,
    /// Column: what it is.
    pub(in crate::http) about: &'static str,
    /// Column: the status of HTTP.
    pub(in crate::http) status: &'static str,
    /// Must be said.
    pub(in crate::http) required: &'static str,
}

impl ApiText {
    /// The texts of a language.
    pub(in crate::http) fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::Da => &DANISH,
            Lang::En => &ENGLISH,
        }
    }
}

static DANISH: ApiText = ApiText {
    title: "API'et for kommunens systemer",
    lead: "Siden er lavet af den beskrivelse, som maskiner læser, og som er på engelsk. Hvilken kommune kaldet gælder, følger af det token eller certifikat, det bærer.",
    for_machines: "Beskrivelsen for maskiner (OpenAPI)",
    calls: "Kald",
    anybody: "Kræver intet bevis for, hvem der kalder.",
    parameters: "Kan angives i adressen og i headere",
    content: "Indhold",
    answers: "Svar",
    forms: "Indholdets former",
    name: "Navn",
    kind: "Værdier",
    about: "Hvad det er",
    status: "Status",
    required: "skal være der",
};

static ENGLISH: ApiText = ApiText {
    title: "The API for a municipality's systems",
    lead: "This page is made of the description that machines read. The municipality follows from the proof that a call carries.",
    for_machines: "The description for machines (OpenAPI)",
    calls: "Calls",
    anybody: "Needs no proof of who calls.",
    parameters: "May be said in the address and in headers",
    content: "Content",
    answers: "Answers",
    forms: "The forms of content",
    name: "Name",
    kind: "Values",
    about: "What it is",
    status: "Status",
    required: "must be there",
};
