//! Everything that the neighbours' pages say, in Danish and in English.

use crate::domain::faults::Explanation;
use crate::domain::reason::Reason;
use crate::http::visitor::Lang;

/// The texts of one language.
pub(super) struct Words {
    pub(super) tag: &'static str,
    pub(super) other_name: &'static str,
    pub(super) other_tag: &'static str,
    pub(super) index: usize,
    pub(super) made_up: &'static str,
    pub(super) fagsystem: &'static str,
    pub(super) idp: &'static str,
    pub(super) service: &'static str,
    pub(super) welcome: &'static str,
    pub(super) log_in: &'static str,
    pub(super) log_in_hint: &'static str,
    pub(super) force: &'static str,
    pub(super) passive: &'static str,
    pub(super) logged_in_as: &'static str,
    pub(super) may: &'static str,
    pub(super) may_nothing: &'static str,
    pub(super) right: &'static str,
    pub(super) on_behalf_of: &'static str,
    pub(super) only_for: &'static str,
    pub(super) no_limit: &'static str,
    pub(super) or: &'static str,
    pub(super) characters: &'static str,
    pub(super) kept: &'static str,
    pub(super) kept_hint: &'static str,
    pub(super) person: &'static str,
    pub(super) role: &'static str,
    pub(super) what_was_said: &'static str,
    pub(super) attribute: &'static str,
    pub(super) value: &'static str,
    pub(super) what_was_checked: &'static str,
    pub(super) not_logged_in: &'static str,
    pub(super) refused: &'static str,
    pub(super) try_again: &'static str,
    pub(super) choose_person: &'static str,
    pub(super) asked_for: &'static str,
    pub(super) refuse: &'static str,
    pub(super) differing: &'static str,
    differences: [&'static str; 4],
    pub(super) step_up: &'static str,
    pub(super) people: &'static str,
    pub(super) nobody: &'static str,
    pub(super) continue_: &'static str,
    pub(super) carrying: &'static str,
    pub(super) carrying_hint: &'static str,
    pub(super) trouble: &'static str,
    pub(super) trouble_hint: &'static str,
    pub(super) level: &'static str,
    pub(super) level_low: &'static str,
    pub(super) level_substantial: &'static str,
    pub(super) prompt_login: &'static str,
    pub(super) prompt_none: &'static str,
    pub(super) log_out: &'static str,
    pub(super) log_out_hint: &'static str,
    pub(super) log_me_out: &'static str,
    pub(super) left: &'static str,
    pub(super) left_told: &'static str,
    pub(super) left_in_part: &'static str,
    pub(super) stays: &'static str,
    pub(super) refresh: &'static str,
    pub(super) ask_userinfo: &'static str,
    pub(super) rows: Rows,
}

/// The names of what is not an attribute.
pub(super) struct Rows {
    pub(super) name: &'static str,
    pub(super) class: &'static str,
    pub(super) authenticated_by: &'static str,
    pub(super) relay_state: &'static str,
}

impl Words {
    pub(super) fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::Da => &DANISH,
            Lang::En => &ENGLISH,
        }
    }

    /// How a login may differ: the value of the choice, and what it means.
    pub(super) fn deviations(&self) -> [(&'static str, &'static str); 4] {
        let [as_is, low, without, stranger] = self.differences;
        [("none", as_is), ("low-level", low), ("without-rights", without), ("stranger", stranger)]
    }

    /// What a second status code means to the user of a fagsystem.
    pub(super) fn status(&self, second: &str) -> &'static str {
        let [danish, english] = match second {
            "NoAuthnContext" => [
                "Du er ikke logget ind med den sikkerhed, som systemet kræver.",
                "You did not log in with the assurance that this system requires.",
            ],
            "AuthnFailed" => ["Det blev ikke bekræftet, hvem du er.", "It was not confirmed who you are."],
            "NoPassive" => [
                "Der kan ikke logges ind uden at vise en side.",
                "Nobody can be logged in without showing a page.",
            ],
            "NoAvailableIDP" | "NoSupportedIDP" => {
                ["Ingen kommunes login kan bruges.", "No municipality's login can be used."]
            }
            "RequestDenied" => ["Der er ingen aftale om login.", "There is no agreement on this login."],
            "RequestUnsupported" => {
                ["Anmodningen kan ikke opfyldes.", "The request asks for something that cannot be done."]
            }
            _ => ["Login blev ikke gennemført.", "The login was not completed."],
        };
        if self.index == 0 { danish } else { english }
    }

    /// What the user is told when a logout has ended with these two codes; nothing when it did not.
    pub(super) fn ended(&self, top: &str, second: &str) -> Option<&'static str> {
        match (top, second) {
            ("Success", "") => Some(self.left),
            ("Success", "PartialLogout") => Some(self.left_in_part),
            _ => None,
        }
    }

    /// What an error of OpenID Connect means to the user of a fagsystem.
    pub(super) fn oauth(&self, error: &str) -> &'static str {
        self.status(match error {
            "unmet_authentication_requirements" => "NoAuthnContext",
            "access_denied" => "AuthnFailed",
            "login_required" | "interaction_required" | "account_selection_required" => "NoPassive",
            "unauthorized_client" => "RequestDenied",
            "invalid_request" | "invalid_scope" | "request_not_supported" => "RequestUnsupported",
            _ => "",
        })
    }

    /// What the context handler says about a refusal, and in which language. It writes English and begins with a code; what
    /// the code means is published in Danish too.
    pub(super) fn message(&self, said: &str) -> (&'static str, String) {
        let code = said.split(':').next().unwrap_or_default();
        match Reason::from_code(code).filter(|_| self.index == 0).map(Reason::explanation) {
            Some(Explanation { means, fix }) => {
                let case = said.split_once("Case number ").map(|(_, case)| format!(" Sagsnummer {case}"));
                ("da", format!("{code}: {} {}{}", means.da, fix.da, case.unwrap_or_default()))
            }
            None => ("en", said.to_owned()),
        }
    }
}

/// What an attribute is, in Danish and English.
pub(super) fn label(attribute: &str) -> [&'static str; 2] {
    let last = attribute.rsplit(['/', ':']).next().unwrap_or_default();
    match last {
        "specVersion" | "SpecVer" => ["Profilens version", "Version of the profile"],
        "KombitSpecVer" => ["Den fælleskommunale profils version", "Version of the municipal profile"],
        "loa" => ["Sikringsniveau (NSIS)", "Level of assurance (NSIS)"],
        "AssuranceLevel" => ["Sikringsniveau (NIST)", "Level of assurance (NIST)"],
        "cvr" | "CvrNumberIdentifier" => ["Myndighedens CVR-nummer", "CVR number of the authority"],
        "orgName" => ["Myndighedens navn", "Name of the authority"],
        "email" => ["E-mailadresse", "E-mail address"],
        "privilegesIntermediate" | "Privileges_intermediate" => {
            ["Rettigheder, som de kom", "Rights as they came"]
        }
        "CprNumberIdentifier" | "cprNumber" => ["CPR-nummer", "CPR number"],
        "persistent" => ["Personens UUID i NemLog-in", "The person's UUID in NemLog-in"],
        "bootstrapToken" => ["Bootstrap-token, uændret", "Bootstrap token, untouched"],
        "0.9.2342.19200300.100.1.1" => ["Brugernavn", "User name"],
        "fullName" => ["Navn", "Name"],
        "kombitSpecVer" => ["Den fælleskommunale profils version", "Version of the municipal profile"],
        "spec_version" => ["Profilens version", "Version of the profile"],
        "kombit_spec_version" => ["Den fælleskommunale profils version", "Version of the municipal profile"],
        "assurance_level" => ["Sikringsniveau (NIST)", "Level of assurance (NIST)"],
        "org_name" => ["Myndighedens navn", "Name of the authority"],
        "name" => ["Navn", "Name"],
        "uid" => ["Brugernavn", "User name"],
        "cpr" => ["CPR-nummer", "CPR number"],
        "person_uuid" => ["Personens UUID i NemLog-in", "The person's UUID in NemLog-in"],
        "bootstrap_token" => ["Bootstrap-token, uændret", "Bootstrap token, untouched"],
        "iss" => ["Udsteder", "Issuer"],
        "aud" | "azp" => ["Modtager", "Audience"],
        "sub" => ["Bruger (sub)", "User (sub)"],
        "sid" => ["Sessionens navn", "Name of the session"],
        "acr" => ["Sikringsniveau (acr)", "Level of assurance (acr)"],
        "amr" => ["Hvordan brugeren loggede ind", "How the user logged in"],
        "auth_time" => ["Hvornår brugeren loggede ind", "When the user logged in"],
        "iat" => ["Hvornår tokenet er udstedt", "When the token was issued"],
        "exp" => ["Hvor længe tokenet gælder", "How long the token holds"],
        "nonce" => ["Spørgsmålets mærke", "Mark of the question"],
        "at_hash" => ["Adgangstokenets aftryk", "Digest of the access token"],
        "privileges" => ["Rettigheder som JSON", "Rights as JSON"],
        _ => ["", ""],
    }
}

/// What a role of a fagsystem lets its user do, in Danish and English.
pub(super) fn right(role: &str) -> [&'static str; 2] {
    match role.trim_end_matches("/1").rsplit('/').next().unwrap_or_default() {
        "se" => ["Se bygninger", "See buildings"],
        "ret" => ["Rette bygninger", "Change buildings"],
        "godkend" => ["Godkende sager", "Approve cases"],
        "booker" => ["Booke køreprøver", "Book driving tests"],
        "sundhedsdata" => ["Se sundhedsdata", "See health data"],
        "sagsbehandler" => ["Behandle byggesager", "Handle building cases"],
        _ => ["", ""],
    }
}

/// What a limit is about, in Danish and English.
pub(super) fn limit(name: &str) -> [&'static str; 2] {
    match name.trim_end_matches("/1").rsplit('/').next().unwrap_or_default() {
        "KLE" => ["KLE-emne", "KLE subject"],
        "orgenhed" => ["Enhed", "Unit"],
        "kategori" => ["Kategori", "Category"],
        _ => ["", ""],
    }
}

/// The municipalities that fagsystemer here know.
pub(super) fn organisation(cvr: &str) -> &'static str {
    match cvr {
        "11111111" => "Korsbæk Kommune",
        "99999999" => "Feddet Kommune",
        _ => "",
    }
}

static DANISH: Words = Words {
    tag: "da",
    other_name: "English",
    other_tag: "en",
    index: 0,
    made_up: "Sandkasse: alle personer, kommuner og systemer her er opdigtede.",
    fagsystem: "Fagsystem",
    idp: "Login",
    service: "Attributservice",
    welcome: "Velkommen",
    log_in: "Log ind",
    log_in_hint: "Du bliver sendt til din kommunes login og kommer tilbage hertil.",
    force: "Bed om nyt login, også selv om jeg er logget ind (ForceAuthn)",
    passive: "Vis ingen sider undervejs (IsPassive)",
    logged_in_as: "Logget ind som",
    may: "Det må brugeren her",
    may_nothing: "Ingenting: systemet fik ingen rettigheder at vide.",
    right: "Rettighed",
    on_behalf_of: "På vegne af",
    only_for: "Kun for",
    no_limit: "Uden begrænsning",
    or: " eller ",
    characters: "tegn",
    kept: "Rettigheder, der ligger her",
    kept_hint: "Kommunens login kan ikke sende dem. Derfor spørger context-handleren her, når en bruger logger ind, og ingen gruppe \
                siger, hvad brugeren må.",
    person: "Bruger",
    role: "Jobfunktionsrolle",
    what_was_said: "Det fik systemet at vide",
    attribute: "Attribut",
    value: "Værdi",
    what_was_checked: "Det kontrollerede systemet",
    not_logged_in: "Du er ikke logget ind",
    refused: "Login blev afvist",
    try_again: "Tilbage til forsiden",
    choose_person: "Hvem er du?",
    asked_for: "Der bliver bedt om",
    refuse: "Afvis dette login",
    differing: "Hvad skal fagsystemet møde?",
    differences: [
        "Personen, som den er",
        "Et lavt sikringsniveau: NSIS Lav eller NIST 1",
        "Ingen roller og ingen grupper",
        "En bruger fra en anden kommune end den valgte: Det ender hos context handleren, og fagsystemet får intet svar",
    ],
    step_up: "Din kommunes login har ikke det sikringsniveau, som systemet kræver. Log ind her som den samme person, så hæves det.",
    people: "De kan logge ind her",
    nobody: "Ingen er logget ind.",
    continue_: "Fortsæt",
    carrying: "Videre til næste side",
    carrying_hint: "Siden går videre af sig selv. Sker det ikke, så tryk på knappen.",
    trouble: "Det kan vi ikke tage imod",
    trouble_hint: "Det, der kom, bestod ikke kontrollen. Hvorfor, står her til dem, der driver systemerne.",
    level: "Hvor sikkert skal det være, hvem du er?",
    level_low: "Log ind, mindst NSIS Lav",
    level_substantial: "Log ind, mindst NSIS Betydelig",
    prompt_login: "Bed om nyt login, også selv om jeg er logget ind (prompt=login)",
    prompt_none: "Vis ingen sider undervejs (prompt=none)",
    log_out: "Log ud",
    log_out_hint: "Her og i alle andre systemer, som du er logget ind i med dette login.",
    log_me_out: "Log mig ud overalt",
    left_told: "Du er logget ud her, og context-handleren har sagt, at den er færdig med at logge dig ud.",
    left: "Du er logget ud her og i de andre systemer, som du var logget ind i.",
    left_in_part: "Du er logget ud her, men ikke alle andre systemer har bekræftet det. Luk browseren for at være sikker.",
    stays: "Du er logget ud her, men context-handleren kunne ikke logge dig ud af de andre systemer. Luk browseren for at være sikker.",
    refresh: "Hent et nyt adgangstoken",
    ask_userinfo: "Spørg userinfo",
    rows: Rows {
        name: "Bruger (NameID)",
        class: "Sikringsklasse",
        authenticated_by: "Bekræftet af",
        relay_state: "RelayState, som den kom tilbage",
    },
};

static ENGLISH: Words = Words {
    tag: "en",
    other_name: "Dansk",
    other_tag: "da",
    index: 1,
    made_up: "Sandbox: all people, municipalities and systems here are made up.",
    fagsystem: "Fagsystem",
    idp: "Login",
    service: "Attribute service",
    welcome: "Welcome",
    log_in: "Log in",
    log_in_hint: "You are sent to your municipality's login and come back here.",
    force: "Ask for a new login even if I am logged in (ForceAuthn)",
    passive: "Show no pages on the way (IsPassive)",
    logged_in_as: "Logged in as",
    may: "What the user may do here",
    may_nothing: "Nothing: the system was told of no rights.",
    right: "Right",
    on_behalf_of: "On behalf of",
    only_for: "Only for",
    no_limit: "No limit",
    or: " or ",
    characters: "characters",
    kept: "The rights that are kept here",
    kept_hint: "The municipality's login cannot send them. So the context handler asks here when one of these users logs in \
                and no group says what the user may do.",
    person: "User",
    role: "Job function role",
    what_was_said: "What the system was told",
    attribute: "Attribute",
    value: "Value",
    what_was_checked: "What the system checked",
    not_logged_in: "You are not logged in",
    refused: "The login was refused",
    try_again: "Back to the front page",
    choose_person: "Who are you?",
    asked_for: "What is asked for",
    refuse: "Refuse this login",
    differing: "What is the fagsystem to meet?",
    differences: [
        "The person as they are",
        "A low level of assurance: NSIS Low or NIST 1",
        "No roles and no groups",
        "A user of another municipality than the chosen one: it ends at the context handler, and the fagsystem gets no answer",
    ],
    step_up: "Your municipality's login does not have the level that the system requires. Log in here as the same person to raise it.",
    people: "Who can log in here",
    nobody: "Nobody is logged in.",
    continue_: "Continue",
    carrying: "On to the next page",
    carrying_hint: "This page goes on by itself. If it does not, press the button.",
    trouble: "We cannot take this",
    trouble_hint: "What arrived did not pass the checks. Why is written here for those who run the systems.",
    level: "How sure must it be who you are?",
    level_low: "Log in, NSIS Low at least",
    level_substantial: "Log in, NSIS Substantial at least",
    prompt_login: "Ask for a new login even if I am logged in (prompt=login)",
    prompt_none: "Show no pages on the way (prompt=none)",
    log_out: "Log out",
    log_out_hint: "Here and in every other system that you are logged in to with this login.",
    log_me_out: "Log me out everywhere",
    left_told: "You are logged out here, and the context handler says that it is done logging you out.",
    left: "You are logged out here and of the other systems that you were logged in to.",
    left_in_part: "You are logged out here, but not every other system has confirmed it. Close the browser to be sure.",
    stays: "You are logged out here, but the context handler could not log you out of the other systems. Close the browser to be sure.",
    refresh: "Get a new access token",
    ask_userinfo: "Ask userinfo",
    rows: Rows {
        name: "User (NameID)",
        class: "Class of authentication",
        authenticated_by: "Authenticated by",
        relay_state: "RelayState as it came back",
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_language_of_the_page_where_its_code_is_known() {
        let said = "loa.lower: words of a broker. Case number 4829 137 502.";
        let (lang, danish) = DANISH.message(said);
        assert!(lang == "da" && danish.starts_with("loa.lower: ") && !danish.contains("words"), "{danish}");
        assert!(danish.ends_with(" Sagsnummer 4829 137 502."), "{danish}");
        assert_eq!(ENGLISH.message(said), ("en", said.to_owned()));
        assert_eq!(DANISH.message("who knows"), ("en", "who knows".to_owned()));
    }
}
