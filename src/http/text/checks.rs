//! What the pages about metadata and certificates say, in Danish and in English, each text once beside the other.

use crate::http::visitor::Lang;

macro_rules! texts {
    ($( $name:ident $doc:literal $en:literal / $da:literal ; )*) => {
        /// Every text of the pages about metadata and certificates in one language.
        pub(in crate::http) struct ChecksText { $( #[doc = $doc] pub(in crate::http) $name: &'static str, )* }

        static DANISH: ChecksText = ChecksText { $( $name: $da, )* };
        static ENGLISH: ChecksText = ChecksText { $( $name: $en, )* };
    };
}

impl ChecksText {
    /// The texts of a language.
    pub(in crate::http) fn of(lang: Lang) -> &'static ChecksText {
        match lang {
            Lang::Da => &DANISH,
            Lang::En => &ENGLISH,
        }
    }
}

texts! {
    metadata "The page: its heading."
        "Check metadata" / "Kontrollér metadata";
    metadata_lead "What the page does."
        "Give the metadata of an identity provider or a fagsystem, and see at once whether it can be used here and what to put right. Nothing is registered."
        / "Giv metadata for en identitetsudbyder eller et fagsystem, og se med det samme, om de kan bruges her, og hvad der skal rettes. Intet bliver registreret.";
    strangers "What is left out for those who are not signed in."
        "You are not signed in, so nobody is called: the document alone is judged. Sign in to have metadata fetched, revocation asked for, and the document compared with what is registered."
        / "Du er ikke logget ind, så ingen bliver kaldt: Kun dokumentet bliver bedømt. Log ind for at få metadata hentet, få spurgt, om certifikater er spærret, og få dokumentet sammenlignet med det, der er registreret.";
    sign_in "The link to where one signs in." "How to sign in" / "Sådan logger du ind";
    file "The field: a file." "File" / "Fil";
    file_hint "What is taken." "An XML file of at most 1 MB." / "En XML-fil på højst 1 MB.";
    paste "The field: pasted text." "Or paste the metadata" / "Eller indsæt metadata";
    paste_hint "What is taken." "The whole document, from the first < to the last >." / "Hele dokumentet, fra det første < til det sidste >.";
    url "The field: an address." "Or the address where it is fetched" / "Eller adressen, hvor de hentes";
    url_hint "What is taken." "An address that begins with https." / "En adresse, der begynder med https.";
    check "The button." "Check" / "Kontrollér";
    wrong "Heading above what is wrong with the form." "Nothing was checked" / "Intet blev kontrolleret";
    wrong_one "Not exactly one of the fields."
        "Fill in one of the fields, and only one." / "Udfyld ét af felterne, og kun ét.";
    wrong_size "Too large."
        "The document is larger than 1 MB. Deliver the metadata of one party, not of a whole federation."
        / "Dokumentet er større end 1 MB. Lever metadata for én part, ikke for en hel føderation.";
    wrong_sign_in "An address without a sign-in."
        "Sign in before you give an address: we would have to call it." / "Log ind, før du giver en adresse: Vi skulle jo kalde den.";
    all_well "The verdict." "The metadata is as it should be" / "Metadata er, som de skal være";
    some_warnings "The verdict." "The metadata can be used; some things deserve a look" / "Metadata kan bruges; noget fortjener et kig";
    some_failures "The verdict." "The metadata cannot be used like this" / "Metadata kan ikke bruges sådan";
    nothing_found "The verdict where nothing could be looked at." "Nothing could be looked at" / "Der var intet at se på";
    party "Before the names of the parties." "Party" / "Part";
    checked_at "Before the moment." "Checked" / "Kontrolleret";
    certificates "The page: its heading, and the title of the feeds."
        "Certificate weather" / "Certifikater og udløb";
    certificates_lead "What the page shows."
        "Every certificate that logins rest on, the one that ends first at the top, and who stops working when it ends. A new certificate takes weeks to order and to spread: begin at 90 days."
        / "Alle certifikater, som logins bygger på, det, der udløber først, øverst, og hvem der holder op med at virke, når det udløber. Et nyt certifikat tager uger at bestille og udbrede: Begynd ved 90 dage.";
    feeds "Before the links to the feeds." "Be told without looking:" / "Få besked uden at kigge her:";
    feed_atom "The link." "as a feed (Atom)" / "som nyhedskilde (Atom)";
    feed_ics "The link." "as a calendar (iCal)" / "som kalender (iCal)";
    no_certificates "Nothing is seen." "There is no certificate that you may see." / "Der er ingen certifikater, du må se.";
    due "Heading: warned of." "To be seen to" / "Her skal der gøres noget";
    none_due "Nothing is warned of." "No certificate ends within 90 days." / "Ingen certifikater udløber inden for 90 dage.";
    later "Heading: all others." "With more than 90 days left" / "Med mere end 90 dage tilbage";
    holder "Column." "Whose" / "Hvis";
    certificate "Column." "Certificate" / "Certifikat";
    ends "Column." "Ends" / "Udløber";
    who_stops "Column." "Who stops working" / "Hvem holder op med at virke";
    last_checked "Column." "Last checked" / "Sidst kontrolleret";
    never_checked "It was not looked at yet." "not yet" / "endnu ikke";
    days_one "After 1." "day left" / "dag tilbage";
    days_many "After any other number." "days left" / "dage tilbage";
    ended_one "After 1." "day ago it ended" / "dag siden det udløb";
    ended_many "After any other number." "days ago it ended" / "dage siden det udløb";
    followed "Another certificate lasts longer."
        "Nobody, if the party changes in time: its next certificate is registered."
        / "Ingen, hvis parten skifter i tide: Dens næste certifikat er registreret.";
    stops_nobody "Nobody is known to depend on it." "Nobody that we know of" / "Ingen, vi kender til";
    municipalities "Before names." "Municipalities" / "Kommuner";
    fagsystemer "Before names." "Fagsystemer" / "Fagsystemer";
    more "After a number." "more" / "flere";
    ours "Holder." "Ours" / "Vores";
    identity_provider "Holder." "Identity provider" / "Identitetsudbyder";
    fagsystem "Holder." "Fagsystem" / "Fagsystem";
    service "Holder." "Attribute service" / "Attributservice";
    signing "Use." "signs" / "signerer";
    other_use "Use." "encryption or another role" / "kryptering eller en anden rolle";
    without_login "The front page: heading above what needs no login." "What can be seen without a login" / "Det kan ses uden et login";
    again "Heading above the form beneath a result." "Check another document" / "Kontrollér et andet dokument";
}
