//! What the mirror for fagsystemer says, in Danish and in English, each text once beside the other.

use crate::domain::audit::Event;
use crate::domain::trust::Trace;
use crate::http::visitor::Lang;

macro_rules! texts {
    ($( $name:ident $doc:literal $en:literal / $da:literal ; )*) => {
        /// Every text of the mirror in one language.
        pub(in crate::http) struct MirrorText { $( #[doc = $doc] pub(in crate::http) $name: &'static str, )* }

        static DANISH: MirrorText = MirrorText { $( $name: $da, )* };
        static ENGLISH: MirrorText = MirrorText { $( $name: $en, )* };
    };
}

impl MirrorText {
    /// The texts of a language.
    pub(in crate::http) fn of(lang: Lang) -> &'static MirrorText {
        match lang {
            Lang::Da => &DANISH,
            Lang::En => &ENGLISH,
        }
    }

    /// What a fagsystem was seen doing.
    pub(in crate::http) fn trace(&self, trace: Trace) -> &'static str {
        match trace {
            Trace::CodeExchanged => self.code_exchanged,
            Trace::Refreshed => self.refreshed,
            Trace::UserAsked => self.user_asked,
            Trace::LogoutAsked => self.logout_asked,
            Trace::LogoutConfirmed => self.logout_confirmed,
        }
    }

    /// What was refused.
    pub(in crate::http) fn event(&self, event: Event) -> &'static str {
        match event {
            Event::RequestReceived => self.request,
            Event::RequestPushed => self.pushed,
            Event::TokensAsked => self.tokens,
            Event::UserinfoAsked => self.userinfo,
            Event::TokenInspected | Event::TokenRevoked => self.token_call,
            Event::LogoutReceived => self.logout_request,
            Event::LogoutSent | Event::LogoutConfirmed => self.logout_told,
            _ => self.login_ended,
        }
    }
}

texts! {
    mirror "The page of all: its heading." "Your fagsystemer as we see them" / "Jeres fagsystemer, som vi ser dem";
    mirror_lead "What the page is for."
        "For each fagsystem: what the register expects of it, what its metadata looks like from here, and what it did with what it was sent."
        / "For hvert fagsystem: hvad registret venter af det, hvordan dets metadata ser ud herfra, og hvad det gjorde med det, det fik.";
    no_systems "There is nothing to see." "No fagsystem of yours is registered." / "Ingen af jeres fagsystemer er registreret.";
    to_systems "The link back." "All fagsystemer" / "Alle fagsystemer";
    link "The link from the front page." "Your fagsystemer as we see them" / "Jeres fagsystemer, som vi ser dem";
    off "It is switched off." "switched off" / "slået fra";
    expected "What the register says: the heading." "What the register expects" / "Det venter registret";
    entity_id "Fact." "Name (entityID or client_id)" / "Navn (entityID eller client_id)";
    speaks "Fact." "Speaks" / "Taler";
    oidc "It speaks OpenID Connect." "OpenID Connect" / "OpenID Connect";
    required "Fact." "Level that users must reach" / "Niveau, som brugerne skal nå";
    not_required "No level." "none beyond what each request asks" / "intet ud over det, den enkelte anmodning beder om";
    attributes "Fact." "Attribute profile" / "Attributprofil";
    encryption "Fact." "Encryption of what it is sent" / "Kryptering af det, det får";
    not_encrypted "No encryption." "not encrypted: no key is registered for it" / "ikke krypteret: der er ikke registreret nogen nøgle til det";
    signed "Fact." "Signed" / "Underskrevet";
    signed_assertion "What is signed." "the assertion" / "assertion";
    signed_response "What is signed." "the assertion and the Response" / "assertion og Response";
    signed_tokens "What is signed." "ID token and access token" / "ID-token og access token";
    answers "Fact." "Addresses for answers" / "Adresser til svar";
    logout "Fact." "Addresses for logout" / "Adresser til logout";
    none "Nothing stands there." "none" / "ingen";
    metadata "The findings: the heading." "How its metadata looks from here" / "Sådan ser dets metadata ud herfra";
    no_metadata "There is none." "There is no metadata to look at: it is registered by its client_id and its keys." / "Der er ingen metadata at se på: Det er registreret med sit client_id og sine nøgler.";
    accepted "What it accepted: the heading." "What it did with what it was sent" / "Det gjorde det med det, det fik";
    accepted_lead "What can be seen and what not."
        "We see only what comes back to us. A fagsystem that lets its user in and says nothing more looks the same from here as one that threw the answer away: both are told as \"not seen\"."
        / "Vi ser kun det, der kommer tilbage til os. Et fagsystem, der lukker brugeren ind og ikke siger mere, ser herfra ud som et, der smed svaret væk: Begge står som \"ikke set\".";
    counts "The sums: the caption." "Tokens sent, by municipality" / "Sendte tokens, pr. kommune";
    municipality "Column." "Municipality" / "Kommune";
    count "Column." "Sent" / "Sendt";
    with_rights "Column." "With rights" / "Med rettigheder";
    last "Column." "Last" / "Seneste";
    level "Column." "Highest level" / "Højeste niveau";
    nothing_sent "It was sent nothing." "It has not been sent any token yet." / "Det har endnu ikke fået noget token.";
    tokens_heading "The last tokens: the caption." "The last 20 of the last 30 days" / "De seneste 20 fra de seneste 30 dage";
    time "Column." "Time" / "Tidspunkt";
    case_number "Column." "Case number" / "Sagsnummer";
    level_in_token "Column." "Level" / "Niveau";
    seen "Column." "What was seen of it since" / "Det så vi til det siden";
    not_seen "Nothing was seen." "not seen" / "ikke set";
    code_exchanged "A trace." "the code was exchanged" / "koden blev vekslet";
    refreshed "A trace." "the refresh token was exchanged" / "refresh token blev vekslet";
    user_asked "A trace." "userinfo was asked" / "userinfo blev spurgt";
    logout_asked "A trace." "logout was asked, by our SessionIndex or sid" / "der blev bedt om logout med vores SessionIndex eller sid";
    logout_confirmed "A trace." "our logout was confirmed" / "vores logout blev bekræftet";
    rejected "What was refused: the heading." "What was refused" / "Det blev afvist";
    rejected_caption "What was refused: the caption." "The last 20 of the last 30 days" / "De seneste 20 fra de seneste 30 dage";
    no_rejected "Nothing was refused." "Nothing was refused in the last 30 days." / "Intet blev afvist i de seneste 30 dage.";
    not_proved "The sender is not proved." "somebody who says that they are this fagsystem; it is not proved" / "nogen, der siger, at de er dette fagsystem; det er ikke bevist";
    request "An event." "Request for a login" / "Anmodning om login";
    pushed "An event." "Pushed request for a login (PAR)" / "Anmodning om login sendt i forvejen (PAR)";
    tokens "An event." "Request for tokens" / "Anmodning om tokens";
    userinfo "An event." "Request for userinfo" / "Anmodning om userinfo";
    token_call "An event." "Question about a token" / "Spørgsmål om et token";
    logout_request "An event." "Request for logout" / "Anmodning om logout";
    logout_told "An event." "Our message about a logout" / "Vores besked om logout";
    login_ended "An event." "A login on its way to the fagsystem" / "Et login på vej til fagsystemet";
}
