//! What the pages about trust say, in Danish and in English, each text once beside the other.

use crate::domain::trust::{Mark, State, Verdict};
use crate::http::visitor::Lang;

macro_rules! texts {
    ($( $(#[$doc:meta])* $name:ident $en:literal / $da:literal ; )*) => {
        /// Every text of the pages about trust in one language.
        pub(in crate::http) struct ConsoleText { $( $(#[$doc])* pub(in crate::http) $name: &'static str, )* }

        static DANISH: ConsoleText = ConsoleText { $( $name: $da, )* };
        static ENGLISH: ConsoleText = ConsoleText { $( $name: $en, )* };
    };
}

impl ConsoleText {
    /// The texts of a language.
    pub(in crate::http) fn of(lang: Lang) -> &'static ConsoleText {
        match lang {
            Lang::Da => &DANISH,
            Lang::En => &ENGLISH,
        }
    }

    /// How far a task has come.
    pub(in crate::http) fn state(&self, state: State) -> &'static str {
        match state {
            State::NotNeeded => self.not_needed,
            State::Open => self.open,
            State::InProgress => self.in_progress,
            State::Done => self.done,
            State::Attention => self.attention,
        }
    }

    /// Whether a line of evidence is there.
    pub(in crate::http) fn mark(&self, mark: Mark) -> &'static str {
        match mark {
            Mark::Proved => self.proved,
            Mark::Missing => self.missing,
            Mark::Failed => self.failed,
        }
    }

    /// The word after a number of logins.
    pub(in crate::http) fn login_word(&self, count: &u64) -> &'static str {
        if *count == 1 { self.one_login } else { self.logins }
    }

    /// How a run ended.
    pub(in crate::http) fn verdict(&self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::NotApplicable => self.nothing_tried,
            Verdict::Pass => self.green,
            Verdict::Warning => self.yellow,
            Verdict::Fail => self.red,
        }
    }
}

texts! {
    /// The front page: its heading.
    front "Does your login work?" / "Virker jeres login?";
    /// The front page: what this is.
    front_lead
        "Here a municipality proves by itself that its identity provider works with us: each step is shown by what really happened, and every fault with who must do what."
        / "Her beviser en kommune selv, at dens identitetsudbyder virker med os: Hvert trin vises ved det, der faktisk er sket, og hver fejl med, hvem der skal gøre hvad.";
    /// The front page: how to get in.
    sign_in "Sign in" / "Log ind";
    /// How to get in by a link: the heading.
    by_invitation "By invitation" / "Med en invitation";
    /// How to get in by a link.
    sign_in_invited
        "Until your municipality's login works with us you need an invitation: a link from whoever runs this federation. It is good for one sign-in."
        / "Indtil jeres login virker med os, skal du bruge en invitation: et link fra den, der driver føderationen. Det kan bruges til at logge ind én gang.";
    /// How to get in by a login: the heading.
    by_login "With your municipality's login" / "Med din kommunes login";
    /// How to get in by a login.
    by_login_lead
        "You need a role that your municipality has mapped to one of the roles of these pages."
        / "Du skal have en rolle, som din kommune har knyttet til en af disse siders roller.";
    /// The button.
    by_login_button "Sign in with your municipality" / "Log ind med din kommune";
    /// Before what the reader may see.
    signed_in_as "You are signed in and may see" / "Du er logget ind og må se";
    /// What the programme sees.
    sees_programme "all municipalities" / "alle kommuner";
    /// What a supplier sees; the names of its fagsystemer follow.
    sees_systems "how far the customers are of" / "hvor langt kunderne er, der bruger";
    /// Before the end of the sign-in.
    signed_in_until "The sign-in ends no later than" / "Du bliver logget ud senest";
    /// The button that ends it.
    sign_out "Sign out" / "Log ud";
    /// The invitation: its heading.
    invited "You are invited" / "Du er inviteret";
    /// Before what may be seen with it.
    invited_to "With this link you may see" / "Med dette link må du se";
    /// What happens when the button is pressed.
    invited_lead
        "The link is good for one sign-in, in this browser. Everything you look at is written down."
        / "Linket kan bruges til at logge ind én gang, i denne browser. Alt, hvad du ser på, bliver skrevet ned.";
    /// What to do when the link was meant for somebody else.
    invited_not_you
        "Is the invitation not meant for you? Then close the page without pressing the button."
        / "Er invitationen ikke til dig? Så luk siden uden at trykke på knappen.";
    /// A page that is not shown: its heading.
    not_shown "This page is not shown to you" / "Siden kan ikke vises for dig";
    /// The link to the front page.
    to_front "To the front page of trust" / "Til forsiden om tillid";
    /// States of a task.
    not_needed "not needed" / "ikke nødvendig";
    /// Nothing is proved.
    open "open" / "åben";
    /// Some of it is proved.
    in_progress "in progress" / "i gang";
    /// All of it is proved.
    done "done" / "løst";
    /// Something is wrong.
    attention "needs attention" / "kræver handling";
    /// A line of evidence: it is so.
    proved "Shown" / "Vist";
    /// A line of evidence: nothing shows it.
    missing "Missing" / "Mangler";
    /// A line of evidence: it is wrong.
    failed "Wrong" / "Forkert";
    /// A run that tried nothing.
    nothing_tried "nothing was tried" / "intet blev prøvet";
    /// A run that is as it should be.
    green "passed" / "bestået";
    /// A run with warnings.
    yellow "passed with warnings" / "bestået med advarsler";
    /// A run that failed.
    red "failed" / "ikke bestået";
    /// The page of a municipality: its heading, before its name.
    progress "Progress" / "Fremdrift";
    /// Before the name of the environment.
    environment "Environment" / "Miljø";
    /// What the page of a municipality shows.
    progress_lead
        "Every task is computed from what has really happened. Nothing here is ticked by hand."
        / "Hver opgave er beregnet ud fra det, der faktisk er sket. Intet her krydses af i hånden.";
    /// Before a moment.
    since "since" / "siden";
    /// Before what to do next.
    next_step "Next step" / "Næste trin";
    /// Above the evidence.
    evidence "What shows it" / "Det viser det";
    /// After a number, before another one.
    of "of" / "af";
    /// The link to a report.
    to_report "See the report" / "Se rapporten";
    /// Our metadata: its heading.
    ours "Our metadata" / "Vores metadata";
    /// What to do with it.
    ours_lead
        "Let your identity provider fetch it from this address, which is yours alone: we see that it was fetched, and task A turns green. Letting it be fetched again and again keeps our keys up to date."
        / "Lad jeres identitetsudbyder hente dem fra denne adresse, som kun er jeres: Så ser vi, at de er hentet, og opgave A bliver grøn. Hentes de igen og igen, er vores nøgler altid de rigtige.";
    /// Our addresses.
    our_metadata "Address of the metadata" / "Metadataadresse";
    /// Our name in SAML.
    our_name "entityID" / "entityID";
    /// Where answers arrive.
    our_acs "Address for answers (ACS, POST)" / "Adresse til svar (ACS, POST)";
    /// Where messages about logout arrive.
    our_slo "Address for logout (Redirect, POST)" / "Adresse til logout (Redirect, POST)";
    /// Above the products.
    in_product "In your product" / "I jeres produkt";
    /// Runs: their heading.
    order "Order a run" / "Bestil en prøve";
    /// What a run is.
    order_lead
        "A run is a login that lets nobody in: it opens no session, creates no user, and sends nothing to any fagsystem. Order it here, and log in yourself or send the link to a colleague."
        / "En prøve er et login, der ikke lukker nogen ind: Den åbner ingen session, opretter ingen bruger og sender intet til noget fagsystem. Bestil den her, og log selv ind, eller send linket til en kollega.";
    /// There is nothing to try.
    no_provider
        "There is no identity provider to try yet: first it must be registered, with an agreement that it speaks for the municipality."
        / "Der er endnu ingen identitetsudbyder at prøve: Først skal den registreres, med en aftale om, at den taler for kommunen.";
    /// The label of the choice of an identity provider.
    provider "Identity provider" / "Identitetsudbyder";
    /// The label of the choice of a fagsystem.
    as_fagsystem "Show what this fagsystem would get" / "Vis, hvad dette fagsystem ville få";
    /// No fagsystem in particular.
    no_fagsystem "No fagsystem in particular" / "Ikke noget bestemt fagsystem";
    /// The button of a card; the name of a scenario follows for screen readers.
    order_this "Order" / "Bestil";
    /// A run was ordered: its heading.
    ordered "The run is ordered" / "Prøven er bestilt";
    /// Before its link.
    ordered_link
        "Send this link to whoever is to log in. It can be used for this run alone, and shows the report afterwards."
        / "Send linket til den, der skal logge ind. Det gælder kun denne prøve og viser rapporten bagefter.";
    /// The button that begins it here.
    begin "Log in now" / "Log ind nu";
    /// The link back.
    back_to "Back to" / "Tilbage til";
    /// The list of runs: its heading.
    runs "Runs" / "Prøver";
    /// There are none.
    no_runs "No run has been ordered yet." / "Der er endnu ikke bestilt nogen prøve.";
    /// A run that has not ended.
    waiting "waits for a login" / "venter på et login";
    /// The list of fagsystemer: its heading.
    systems "Fagsystemer" / "Fagsystemer";
    /// There are none.
    no_systems "There is no service agreement in force." / "Der er ingen serviceaftale i kraft.";
    /// Nobody has logged in there.
    no_login "no login yet" / "intet login endnu";
    /// Before the moment of the first login.
    first_login "first login" / "første login";
    /// Before the moment of the last login.
    last_login "last" / "seneste";
    /// After the number 1.
    one_login "login" / "login";
    /// After any other number of logins.
    logins "logins" / "logins";
    /// Before the highest level.
    highest "highest level" / "højeste niveau";
    /// The table of all: its heading.
    matrix "Municipalities and tasks" / "Kommuner og opgaver";
    /// What it shows.
    matrix_lead "How far everybody has come, computed now from what has really happened." / "Hvor langt alle er, beregnet nu ud fra det, der faktisk er sket.";
    /// The column of names.
    municipality "Municipality" / "Kommune";
    /// The row of sums.
    sum "Done" / "Løst";
    /// The column of fagsystemer.
    fagsystem "Fagsystem" / "Fagsystem";
    /// How many may use it.
    customers "Municipalities with an agreement" / "Kommuner med aftale";
    /// How many do use it.
    using "Municipalities that log in" / "Kommuner, der logger ind";
    /// The links to files.
    csv "Download as CSV" / "Hent som CSV";
    /// The link to the other file.
    csv_systems "Download municipalities × fagsystemer as CSV" / "Hent kommuner × fagsystemer som CSV";
    /// The link to the file about levels.
    csv_levels "Download the level forecast as CSV" / "Hent niveauprognosen som CSV";
    /// The table about levels: its heading.
    forecast "Level forecast" / "Niveauprognose";
    /// What it shows.
    forecast_lead "From how many municipalities users would be without the fagsystem, because none of their identity providers is registered for the level. The file names them, and says where a step-up helps." / "Fra hvor mange kommuner brugerne ville stå uden fagsystemet, fordi ingen af deres identitetsudbydere er registreret til niveauet. Filen nævner dem og siger, hvor et løft hjælper.";
    /// The level that a fagsystem demands.
    demands "Demands" / "Kræver";
    /// The levels that it could demand.
    raised "If it demanded" / "Hvis det krævede";
    /// Before how many municipalities would be without.
    without "without" / "uden";
    /// The link to the table.
    to_matrix "Municipalities and tasks" / "Kommuner og opgaver";
    /// The link to the page of one's own.
    to_progress "Your municipality's progress" / "Jeres kommunes fremdrift";
}
