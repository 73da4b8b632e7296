//! What the pages say, in Danish and in English: two values of one struct, so that a missing text does not compile.
//!
//! Say what happened, what to do and who must act; blame nobody; no codes in the first sentence. What the reasons of
//! the audit log mean stands in the fault book, `docs/faults/`.

mod api;
mod checks;
mod console;
mod mirror;
pub(super) mod report;
mod setup;

use crate::domain::faults::Words;
use crate::domain::reason::{Blame, Reason, Sentence};
use crate::http::visitor::Lang;

pub(super) use api::ApiText;
pub(super) use checks::ChecksText;
pub(super) use console::ConsoleText;
pub(super) use mirror::MirrorText;
pub(super) use setup::{SETUPS, Setup};

/// Who has to act, and what the user in front of the page can do.
pub(super) struct Act {
    pub(super) who: &'static str,
    pub(super) advice: &'static str,
}

/// Every text of the pages in one language.
pub(super) struct Text {
    pub(super) lang: Lang,
    /// The language, in itself.
    pub(super) own_name: &'static str,
    /// What the link to this language says to a screen reader, in this language.
    pub(super) switch_hint: &'static str,
    /// The first link of every page.
    pub(super) skip: &'static str,
    /// Beneath the name, at the top of every page.
    pub(super) tagline: &'static str,
    /// Footer: what this is.
    pub(super) about: &'static str,
    /// Footer: the list of errors.
    pub(super) all_errors: &'static str,
    /// Footer: who made what is embedded.
    pub(super) licences: &'static str,

    /// Choice of municipality: its heading.
    pub(super) choose: &'static str,
    /// Before the name of the fagsystem.
    pub(super) on_the_way_to: &'static str,
    /// What happens next.
    pub(super) choose_lead: &'static str,
    /// Above the remembered choice.
    pub(super) last_time: &'static str,
    /// The label of the search field.
    pub(super) search: &'static str,
    /// What can be searched for.
    pub(super) search_hint: &'static str,
    /// The button of the search field.
    pub(super) search_button: &'static str,
    /// Above the list.
    pub(super) all_choices: &'static str,
    /// After the number 1.
    pub(super) found_one: &'static str,
    /// After any other number.
    pub(super) found_many: &'static str,
    /// The search found nothing.
    pub(super) none_found: &'static str,
    /// What to do then.
    pub(super) none_found_advice: &'static str,
    /// The way back to the whole list.
    pub(super) show_all: &'static str,
    /// The box to tick.
    pub(super) remember: &'static str,
    /// Whom it is not for.
    pub(super) remember_hint: &'static str,
    /// Before the identity provider, when a municipality has several.
    pub(super) through: &'static str,

    /// Refusal: its heading.
    pub(super) not_logged_in: &'static str,
    /// Refusal: what happened.
    pub(super) what_happened: &'static str,
    /// Refusal: what the user can do.
    pub(super) what_to_do: &'static str,
    /// Refusal: who has to act.
    pub(super) who_acts: &'static str,
    /// Refusal: the number to read aloud.
    pub(super) case_number: &'static str,
    /// Refusal: what the number is for.
    pub(super) case_hint: &'static str,
    /// Refusal: when.
    pub(super) time: &'static str,
    /// Refusal: the part for whoever helps.
    pub(super) for_helper: &'static str,
    /// Refusal: the link to the page of the error.
    pub(super) read_more: &'static str,
    /// Refusal: the link back. The name of the fagsystem follows.
    pub(super) start_again: &'static str,
    /// Refusal: the one text for everything that has to do with proof.
    pub(super) untrusted_says: &'static str,

    /// The page that posts: its heading.
    pub(super) going_on: &'static str,
    /// The page that posts: the name of the receiver follows.
    pub(super) press_continue: &'static str,
    /// The page that posts: why it may vanish.
    pub(super) goes_by_itself: &'static str,
    /// The button.
    pub(super) resume: &'static str,
    /// The hop to the identity provider: before its name.
    pub(super) to_login: &'static str,

    /// Logout: it was refused.
    pub(super) not_logged_out: &'static str,
    /// Logout: what the user can always do.
    pub(super) close_the_browser: &'static str,
    /// What the browser is logged in to: its heading, and the links to it.
    pub(super) where_logged_in: &'static str,
    /// It is logged in to nothing.
    pub(super) logged_in_nowhere: &'static str,
    /// What the page shows.
    pub(super) where_logged_in_lead: &'static str,
    /// Before the moment at which it began.
    pub(super) since: &'static str,
    /// Before the moment at which it ends.
    pub(super) until: &'static str,
    /// The button; the name of the municipality follows.
    pub(super) log_out_at: &'static str,
    /// The button for all municipalities.
    pub(super) log_out_everywhere: &'static str,
    /// Above the list of fagsystemer.
    pub(super) fagsystemer: &'static str,
    /// Logout on its way: its heading.
    pub(super) logging_out: &'static str,
    /// Logout on its way: our part is done.
    pub(super) logging_out_lead: &'static str,
    /// Logout on its way: the name of a party follows.
    pub(super) on_the_way_to_tell: &'static str,
    /// Logout on its way: after the name of a party that does not answer.
    pub(super) is_silent: &'static str,
    /// The button that waits no longer.
    pub(super) go_on: &'static str,
    /// What the button does.
    pub(super) go_on_hint: &'static str,
    /// The end of a logout that all confirmed: its heading.
    pub(super) logged_out: &'static str,
    /// What that means.
    pub(super) logged_out_lead: &'static str,
    /// The end of a logout that not all confirmed: its heading.
    pub(super) logged_out_in_part: &'static str,
    /// What that means.
    pub(super) logged_out_in_part_lead: &'static str,
    /// Above the list of who was told.
    pub(super) who_was_told: &'static str,
    /// The button that leads back; a name follows.
    pub(super) back_to: &'static str,
    /// A party: it will be told.
    pub(super) leg_waiting: &'static str,
    /// A party: it did not answer and will be told again.
    pub(super) leg_again: &'static str,
    /// A party: it is being told.
    pub(super) leg_told: &'static str,
    /// A party: it confirmed.
    pub(super) leg_confirmed: &'static str,
    /// A party: it did not confirm.
    pub(super) leg_failed: &'static str,
    /// A party: it cannot be told.
    pub(super) leg_untold: &'static str,
    /// A party: it is told in a frame.
    pub(super) leg_framed: &'static str,
    /// A party: a fagsystem.
    pub(super) a_fagsystem: &'static str,
    /// A party: an identity provider.
    pub(super) a_provider: &'static str,
    /// There is nothing to show of a logout: its heading.
    pub(super) no_logout: &'static str,
    /// Its text.
    pub(super) no_logout_text: &'static str,

    /// Start page: its heading.
    pub(super) home: &'static str,
    /// Start page: what this is.
    pub(super) home_lead: &'static str,
    /// Start page: first card.
    pub(super) for_users: &'static str,
    /// Its text.
    pub(super) for_users_text: &'static str,
    /// Start page: second card.
    pub(super) for_suppliers: &'static str,
    /// Its text.
    pub(super) for_suppliers_text: &'static str,
    /// Start page: third card.
    pub(super) for_municipalities: &'static str,
    /// Its text.
    pub(super) for_municipalities_text: &'static str,
    /// Its link to the pages about trust.
    pub(super) for_municipalities_trust: &'static str,
    /// Its link to what a municipality's systems may call.
    pub(super) for_municipalities_api: &'static str,
    /// The links of the second and third card.
    pub(super) metadata: &'static str,
    /// Start page: fourth card.
    pub(super) for_helpers: &'static str,
    /// Its text.
    pub(super) for_helpers_text: &'static str,

    /// List of errors: what it is.
    pub(super) errors_lead: &'static str,
    /// Page of one error: its heading.
    pub(super) error: &'static str,
    /// Page of one error: what to do.
    pub(super) to_fix: &'static str,
    /// Page of one error: where that is done in each product.
    pub(super) in_product: &'static str,
    /// Page of one error: how to see that it is right now.
    pub(super) to_test: &'static str,
    /// Page of one error: before the code.
    pub(super) code: &'static str,
    /// Page of one error: where the rest stands.
    pub(super) detail_hint: &'static str,
    /// Page of one error: back to the list.
    pub(super) back_to_errors: &'static str,

    /// There is no such page: its heading.
    pub(super) no_such_page: &'static str,
    /// Its text.
    pub(super) no_such_page_text: &'static str,
    /// Down: its heading.
    pub(super) unavailable: &'static str,
    /// Down: why. The number of seconds follows in `retry_in`.
    pub(super) unavailable_text: &'static str,
    /// Down: before the number of seconds.
    pub(super) retry_in: &'static str,
    /// Down: after the number.
    pub(super) seconds: &'static str,

    /// The fagsystem has to act.
    pub(super) fagsystem: Act,
    /// The identity provider has to act.
    pub(super) identity_provider: Act,
    /// Whoever runs the attribute service has to act.
    pub(super) attribute_service: Act,
    /// The keepers of the register have to act.
    pub(super) register: Act,
    /// The user can act.
    pub(super) user: Act,
    /// The system that called has to act.
    pub(super) caller: Act,
    /// We have to act.
    pub(super) us: Act,
    /// Nobody has to act.
    pub(super) nobody: Act,
    /// Somebody has to look at a proof that failed.
    pub(super) untrusted: Act,
}

impl Text {
    /// The texts of a language.
    pub(super) fn of(lang: Lang) -> &'static Text {
        match lang {
            Lang::Da => &DANISH,
            Lang::En => &ENGLISH,
        }
    }

    /// As it stands in the attribute `lang`.
    pub(super) fn tag(&self) -> &'static str {
        self.lang.tag()
    }

    /// The same page in the other language.
    pub(super) fn other(&self) -> &'static Text {
        Text::of(self.lang.other())
    }

    /// One sentence of the two.
    pub(super) fn say(&self, sentence: &Sentence) -> &'static str {
        match self.lang {
            Lang::Da => sentence.da,
            Lang::En => sentence.en,
        }
    }

    /// What the fault book says about a reason.
    pub(super) fn words(&self, reason: &Reason) -> &'static Words {
        let page = reason.page();
        match self.lang {
            Lang::Da => &page.da,
            Lang::En => &page.en,
        }
    }

    /// Who has to act when this party is to blame.
    pub(super) fn act(&self, blame: Blame) -> &Act {
        match blame {
            Blame::Fagsystem => &self.fagsystem,
            Blame::IdentityProvider => &self.identity_provider,
            Blame::AttributeService => &self.attribute_service,
            Blame::Register => &self.register,
            Blame::User => &self.user,
            Blame::Caller => &self.caller,
            Blame::Us => &self.us,
            Blame::Nobody => &self.nobody,
        }
    }

    /// The word after a number of municipalities.
    pub(super) fn found(&self, count: &usize) -> &'static str {
        if *count == 1 { self.found_one } else { self.found_many }
    }
}

static DANISH: Text = Text {
    lang: Lang::Da,
    own_name: "Dansk",
    switch_hint: "Læs siden på dansk",
    skip: "Spring til indholdet",
    tagline: "Login til kommunernes fagsystemer",
    about: "Om context-handler",
    all_errors: "Hvad fejlene betyder",
    licences: "Licenser",
    choose: "Vælg din kommune",
    on_the_way_to: "Du er på vej til",
    choose_lead: "Vælg den kommune, du arbejder for. Du logger ind hos kommunen selv; vi ser aldrig din adgangskode.",
    last_time: "Sidst valgte du",
    search: "Søg efter din kommune",
    search_hint: "Skriv en del af navnet eller CVR-nummeret.",
    search_button: "Søg",
    all_choices: "Kommuner",
    found_one: "kommune",
    found_many: "kommuner",
    none_found: "Ingen kommune passer til din søgning",
    none_found_advice: "Prøv en mindre del af navnet. Mangler din kommune på hele listen, har den ingen aftale om dette fagsystem; så er det kommunens it-afdeling, der kan hjælpe.",
    show_all: "Vis alle kommuner",
    remember: "Husk mit valg i denne browser",
    remember_hint: "Lad være, hvis du deler computer med andre.",
    through: "via",
    not_logged_in: "Du blev ikke logget ind",
    what_happened: "Hvad skete der?",
    what_to_do: "Hvad kan du gøre?",
    who_acts: "Hvem skal gøre noget?",
    case_number: "Dit sagsnummer",
    case_hint: "Oplys det, når du beder om hjælp, så kan netop dit forsøg findes frem.",
    time: "Tidspunkt",
    for_helper: "Til den, der hjælper dig",
    read_more: "Læs mere om denne fejl",
    start_again: "Begynd forfra i",
    untrusted_says: "En meddelelse, som dit login afhænger af, kunne ikke godkendes. For en sikkerheds skyld stoppede vi.",
    going_on: "Du sendes videre",
    press_continue: "Tryk på knappen for at komme til",
    goes_by_itself: "De fleste browsere går selv videre efter et øjeblik.",
    resume: "Fortsæt",
    to_login: "Log ind hos",
    not_logged_out: "Dit logout blev ikke gennemført",
    close_the_browser: "Luk alle vinduer i browseren, så er du sikker på at være logget ud i den. Virker logout heller ikke næste gang, så giv din it-afdeling sagsnummeret.",
    where_logged_in: "Hvor er jeg logget ind?",
    logged_in_nowhere: "Denne browser er ikke logget ind nogen steder gennem os.",
    where_logged_in_lead: "Her ser du, hvor denne browser er logget ind gennem os, og her kan du logge ud.",
    since: "Siden",
    until: "Senest til",
    log_out_at: "Log ud hos",
    log_out_everywhere: "Log ud alle steder",
    fagsystemer: "Fagsystemer",
    logging_out: "Du bliver logget ud",
    logging_out_lead: "Du er allerede logget ud her. Nu får de andre besked, én efter én.",
    on_the_way_to_tell: "Du sendes et øjeblik forbi",
    is_silent: "har ikke svaret endnu.",
    go_on: "Gå videre",
    go_on_hint: "Brug knappen, hvis der ikke sker noget. De øvrige får stadig besked.",
    logged_out: "Du er logget ud",
    logged_out_lead: "Alle har bekræftet, at du er logget ud.",
    logged_out_in_part: "Du er logget ud her, men ikke alle har bekræftet",
    logged_out_in_part_lead: "Luk alle vinduer i browseren. Så længe den er åben, kan du stadig være logget ind hos dem, der ikke har bekræftet.",
    who_was_told: "Hvem har fået besked?",
    back_to: "Tilbage til",
    leg_waiting: "får besked om lidt",
    leg_again: "har ikke svaret; vi prøver igen",
    leg_told: "er ved at få besked",
    leg_confirmed: "har bekræftet",
    leg_failed: "har ikke bekræftet",
    leg_untold: "kan ikke få besked",
    leg_framed: "får besked nu, men kan ikke bekræfte det",
    a_fagsystem: "fagsystem",
    a_provider: "kommunens login",
    no_logout: "Her er intet logout at vise",
    no_logout_text: "Siden hører til en anden browser eller er for gammel. Har du lige logget ud, så luk alle vinduer i browseren for at være helt sikker.",
    home: "Ét login til kommunens fagsystemer",
    home_lead: "context-handler står mellem fagsystemerne og kommunernes egne login. Den kontrollerer hvert svar, oversætter det til fagsystemets sprog og gemmer, hvorfor det blev godtaget.",
    for_users: "Skal du logge ind?",
    for_users_text: "Begynd i det fagsystem, du vil bruge. Det sender dig selv herhen, når du skal vælge kommune.",
    for_suppliers: "Leverer du et fagsystem?",
    for_suppliers_text: "Hent vores metadata som identitetsudbyder, og få dit fagsystem registreret.",
    for_municipalities: "Driver du kommunens login?",
    for_municipalities_text: "Hent vores metadata som tjenesteudbyder, og knyt jeres identitetsudbyder til kommunens CVR-nummer.",
    for_municipalities_trust: "Bevis, at jeres login virker",
    for_municipalities_api: "Det, jeres systemer kan kalde",
    metadata: "Hent metadata",
    for_helpers: "Fik du en fejl?",
    for_helpers_text: "Hver fejl har en side, der siger, hvad den betyder, og hvem der kan rette den.",
    errors_lead: "Alt, hvad der kan afvises, ændres eller noteres ved et login, et logout eller en prøve, med den kode, som står i revisionsloggen.",
    error: "Hvad fejlen betyder",
    to_fix: "Sådan rettes den",
    in_product: "I jeres produkt",
    to_test: "Sådan prøves det",
    code: "Kode i revisionsloggen",
    detail_hint: "Hvad der ventedes, og hvad der kom, står i revisionsloggen under sagsnummeret.",
    back_to_errors: "Alle fejl",
    no_such_page: "Siden findes ikke",
    no_such_page_text: "Adressen er forkert, eller siden er flyttet. Vil du logge ind, så begynd i det fagsystem, du vil bruge.",
    unavailable: "Vi kan ikke logge nogen ind lige nu",
    unavailable_text: "Et login, der ikke kan skrives ned, bliver ikke udstedt. Derfor venter vi, til vores lager virker igen. Du har ikke gjort noget forkert.",
    retry_in: "Prøv igen om",
    seconds: "sekunder",
    fagsystem: Act {
        who: "Leverandøren af fagsystemet.",
        advice: "Prøv én gang til fra fagsystemet. Hjælper det ikke, så giv din it-afdeling sagsnummeret; den kontakter leverandøren.",
    },
    identity_provider: Act {
        who: "Den, der driver kommunens login, som regel kommunens it-afdeling.",
        advice: "Prøv én gang til fra fagsystemet. Hjælper det ikke, så giv din it-afdeling sagsnummeret.",
    },
    attribute_service: Act {
        who: "Den, der driver kommunens attributservice.",
        advice: "Prøv igen om lidt. Bliver det ved, så giv din it-afdeling sagsnummeret.",
    },
    register: Act {
        who: "Kommunen og den, der forvalter registeret over aftaler og forbindelser.",
        advice: "Giv din it-afdeling sagsnummeret. Det hjælper ikke at prøve igen, før registeret er rettet.",
    },
    user: Act {
        who: "Du selv. Ingen behøver at rette noget.",
        advice: "Begynd forfra i fagsystemet, og bliv i det samme vindue, til du er logget ind.",
    },
    caller: Act {
        who: "Leverandøren af det system, der kaldte os.",
        advice: "Giv leverandøren sagsnummeret. Det hjælper ikke at prøve igen, før kaldet er rettet.",
    },
    us: Act {
        who: "Os, der driver context-handler.",
        advice: "Vent lidt, og prøv igen. Bliver det ved, så giv din it-afdeling sagsnummeret.",
    },
    nobody: Act { who: "Ingen.", advice: "Du behøver ikke at gøre noget." },
    untrusted: Act {
        who: "Din kommunes it-afdeling sammen med os, der driver context-handler.",
        advice: "Prøv én gang til fra fagsystemet. Hjælper det ikke, så giv din it-afdeling sagsnummeret, og sig, at det haster, hvis flere oplever det.",
    },
};

static ENGLISH: Text = Text {
    lang: Lang::En,
    own_name: "English",
    switch_hint: "Read this page in English",
    skip: "Skip to the content",
    tagline: "Login to municipal IT systems",
    about: "About context-handler",
    all_errors: "What the errors mean",
    licences: "Licences",
    choose: "Choose your municipality",
    on_the_way_to: "You are on your way to",
    choose_lead: "Choose the municipality that you work for. You log in at the municipality itself; we never see your password.",
    last_time: "Last time you chose",
    search: "Search for your municipality",
    search_hint: "Type a part of the name, or the CVR number.",
    search_button: "Search",
    all_choices: "Municipalities",
    found_one: "municipality",
    found_many: "municipalities",
    none_found: "No municipality matches your search",
    none_found_advice: "Try a smaller part of the name. If your municipality is missing from the whole list, it has no agreement for this system; its IT department is then the one to help.",
    show_all: "Show all municipalities",
    remember: "Remember my choice in this browser",
    remember_hint: "Leave it out if you share the computer with others.",
    through: "through",
    not_logged_in: "You were not logged in",
    what_happened: "What happened?",
    what_to_do: "What can you do?",
    who_acts: "Who has to act?",
    case_number: "Your case number",
    case_hint: "Give it when you ask for help, so that exactly your attempt can be found.",
    time: "Time",
    for_helper: "For whoever helps you",
    read_more: "Read more about this error",
    start_again: "Start again in",
    untrusted_says: "A message that your login depends on could not be accepted. To be on the safe side, we stopped.",
    going_on: "You are being sent on",
    press_continue: "Press the button to go to",
    goes_by_itself: "Most browsers go on by themselves after a moment.",
    resume: "Continue",
    to_login: "Log in at",
    not_logged_out: "Your logout was not carried out",
    close_the_browser: "Close all windows of the browser; then you are sure to be logged out in it. If logout fails the next time too, give your IT department the case number.",
    where_logged_in: "Where am I logged in?",
    logged_in_nowhere: "This browser is not logged in anywhere through us.",
    where_logged_in_lead: "Here you see where this browser is logged in through us, and here you can log out.",
    since: "Since",
    until: "Until at the latest",
    log_out_at: "Log out at",
    log_out_everywhere: "Log out everywhere",
    fagsystemer: "IT systems",
    logging_out: "You are being logged out",
    logging_out_lead: "You are logged out here already. Now the others are told, one by one.",
    on_the_way_to_tell: "For a moment you pass by",
    is_silent: "has not answered yet.",
    go_on: "Go on",
    go_on_hint: "Use the button if nothing happens. The others are still told.",
    logged_out: "You are logged out",
    logged_out_lead: "Everybody has confirmed that you are logged out.",
    logged_out_in_part: "You are logged out here, but not everybody has confirmed",
    logged_out_in_part_lead: "Close all windows of the browser. As long as it is open, you may still be logged in with those who have not confirmed.",
    who_was_told: "Who was told?",
    back_to: "Back to",
    leg_waiting: "will be told in a moment",
    leg_again: "did not answer; we try again",
    leg_told: "is being told",
    leg_confirmed: "has confirmed",
    leg_failed: "has not confirmed",
    leg_untold: "cannot be told",
    leg_framed: "is being told, but cannot confirm it",
    a_fagsystem: "IT system",
    a_provider: "the municipality’s login",
    no_logout: "There is no logout to show here",
    no_logout_text: "The page belongs to another browser, or it is too old. If you have just logged out, close all windows of the browser to be quite sure.",
    home: "One login to a municipality’s IT systems",
    home_lead: "context-handler stands between IT systems and the municipalities’ own logins. It checks every answer, translates it into the language of the system, and keeps a record of why it was accepted.",
    for_users: "Do you want to log in?",
    for_users_text: "Begin in the system that you want to use. It sends you here by itself when you have to choose a municipality.",
    for_suppliers: "Do you supply a system?",
    for_suppliers_text: "Fetch our metadata as an identity provider, and have your system registered.",
    for_municipalities: "Do you run a municipality’s login?",
    for_municipalities_text: "Fetch our metadata as a service provider, and tie your identity provider to the municipality’s CVR number.",
    for_municipalities_trust: "Prove that your login works",
    for_municipalities_api: "What your systems can call",
    metadata: "Fetch metadata",
    for_helpers: "Did you get an error?",
    for_helpers_text: "Each error has a page that says what it means and who can put it right.",
    errors_lead: "Everything that can be refused, changed or noted in a login, a logout or a test, with the code that stands in the audit log.",
    error: "What the error means",
    to_fix: "How to put it right",
    in_product: "In your product",
    to_test: "How to test it",
    code: "Code in the audit log",
    detail_hint: "What was expected and what came stands in the audit log under the case number.",
    back_to_errors: "All errors",
    no_such_page: "There is no such page",
    no_such_page_text: "The address is wrong, or the page has moved. If you want to log in, begin in the system that you want to use.",
    unavailable: "We cannot log anybody in right now",
    unavailable_text: "A login that cannot be written down is not issued. So we wait until our store works again. You did nothing wrong.",
    retry_in: "Try again in",
    seconds: "seconds",
    fagsystem: Act {
        who: "The supplier of the system that you came from.",
        advice: "Try once more from that system. If it does not help, give your IT department the case number; it will contact the supplier.",
    },
    identity_provider: Act {
        who: "Whoever runs the municipality’s login, usually its IT department.",
        advice: "Try once more from the system that you came from. If it does not help, give your IT department the case number.",
    },
    attribute_service: Act {
        who: "Whoever runs the municipality’s attribute service.",
        advice: "Try again in a little while. If it goes on, give your IT department the case number.",
    },
    register: Act {
        who: "The municipality and the keeper of the register of agreements and connections.",
        advice: "Give your IT department the case number. Trying again does not help until the register is put right.",
    },
    user: Act {
        who: "You yourself. Nobody has to repair anything.",
        advice: "Start again in the system that you came from, and stay in the same window until you are logged in.",
    },
    caller: Act {
        who: "The supplier of the system that called us.",
        advice: "Give the supplier the case number. Trying again does not help until the call is put right.",
    },
    us: Act {
        who: "We, who run context-handler.",
        advice: "Wait a little and try again. If it goes on, give your IT department the case number.",
    },
    nobody: Act { who: "Nobody.", advice: "You need not do anything." },
    untrusted: Act {
        who: "Your municipality’s IT department together with us, who run context-handler.",
        advice: "Try once more from the system that you came from. If it does not help, give your IT department the case number, and say that it is urgent if it happens to others too.",
    },
};
