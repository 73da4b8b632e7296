//! What the pages about trust say, in Danish and in English, each text once beside the other.

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
    /// How to get in by a link.
    sign_in_invited
        "You need an invitation: a link from whoever runs this federation. It is good for one sign-in."
        / "Du skal bruge en invitation: et link fra den, der driver føderationen. Det kan bruges til at logge ind én gang.";
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
}
