//! The tasks of the programme, and the closed list of what is looked for to see whether they are done. An id is a promise to
//! whoever reads them by the API, so it is added and never renamed.

use serde::Serialize;

use crate::domain::reason::Sentence;

macro_rules! tasks {
    ($( $name:ident $letter:literal $en:literal / $da:literal ; )*) => {
        /// The tasks of the programme.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Task { $( #[doc = $en] $name, )* }

        impl Task {
            /// Every task, in the order in which they are solved.
            pub const ALL: &'static [Task] = &[ $( Task::$name, )* ];

            /// What it is called in lists.
            pub const fn letter(self) -> &'static str { match self { $( Task::$name => $letter, )* } }

            /// What is to be reached.
            pub const fn title(self) -> Sentence {
                match self { $( Task::$name => Sentence { da: $da, en: $en }, )* }
            }
        }
    };
}

tasks! {
    Establish "A" "Establish trust" / "Etablér tillid";
    Verify "B" "Verify that trust is established" / "Bekræft, at tilliden er etableret";
    Rights "C" "Verify that roles arrive" / "Bekræft, at roller kommer frem";
    Systems "D" "Log in to the fagsystemer" / "Log ind i fagsystemerne";
    Levels "E" "Verify the NSIS levels" / "Bekræft NSIS-niveauerne";
    Robots "R" "Verify robots" / "Bekræft robotter";
}

/// How far a task has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The municipality does not have what the task is about.
    NotNeeded,
    /// Nothing is proved.
    Open,
    /// Some of it is proved.
    InProgress,
    /// All of it is proved.
    Done,
    /// Something was tried and found wrong, or was proved once and is no longer.
    Attention,
}

/// What a line of evidence says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// It is so.
    Proved,
    /// Nothing shows that it is so.
    Missing,
    /// It was tried and is not so, or is so no longer.
    Failed,
}

macro_rules! evidence {
    ($( $name:ident $id:literal $en:literal / $da:literal $next_en:literal / $next_da:literal ; )*) => {
        /// The closed list of what is looked for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Evidence { $( #[doc = $en] $name, )* }

        impl Evidence {
            /// The stable id.
            pub const fn id(self) -> &'static str { match self { $( Evidence::$name => $id, )* } }

            /// What should be.
            pub const fn title(self) -> Sentence {
                match self { $( Evidence::$name => Sentence { da: $da, en: $en }, )* }
            }

            /// What to do while it is not.
            pub const fn next(self) -> Sentence {
                match self { $( Evidence::$name => Sentence { da: $next_da, en: $next_en }, )* }
            }
        }
    };
}

evidence! {
    Registered "provider.registered"
        "An identity provider is registered, and an agreement that it speaks for the municipality is in force"
        / "En identitetsudbyder er registreret, og en aftale om, at den taler for kommunen, er i kraft"
        "Send the metadata of your identity provider to the register keeper, and ask for a federation agreement."
        / "Send jeres identitetsudbyders metadata til registerets forvalter, og bed om en føderationsaftale.";
    Metadata "provider.metadata"
        "Its metadata holds, and no check of it is red" / "Dens metadata gælder, og ingen kontrol af dem er rød"
        "Publish metadata that has not ended, with a signing certificate in force, and have it registered."
        / "Offentliggør metadata, der ikke er udløbet, med et gyldigt signeringscertifikat, og få dem registreret.";
    Active "provider.active"
        "It is switched on" / "Den er slået til"
        "When the runs are green, ask the register keeper to switch the identity provider on."
        / "Når prøverne er grønne, så bed registerets forvalter om at slå identitetsudbyderen til.";
    Fetched "ours.fetched"
        "Our metadata has been taken in by the municipality" / "Kommunen har taget vores metadata ind"
        "Let the identity provider fetch our metadata from the address below."
        / "Lad identitetsudbyderen hente vores metadata fra adressen nedenfor.";
    Run "run.trust"
        "A run of the last 30 days in this environment proves the answer in every respect"
        / "En prøve fra de seneste 30 dage i dette miljø beviser svaret i enhver henseende"
        "Order the run \"A plain login\" below and log in once. The report says what to do about every red line."
        / "Bestil prøven \"Et almindeligt login\" nedenfor, og log ind én gang. Rapporten siger, hvad der skal gøres ved hver rød linje.";
    RightsFound "rights.found"
        "A run finds rights, in the answer or by the attribute service" / "En prøve finder rettigheder, i svaret eller hos attributservicen"
        "Order the run \"Rights in the answer\" or \"Rights by the attribute service\" with a user who has a role."
        / "Bestil prøven \"Rettigheder i svaret\" eller \"Rettigheder fra attributservicen\" med en bruger, der har en rolle.";
    RightsScope "rights.scope"
        "They are about the municipality's own matters, or delegated to it" / "De gælder kommunens egne sager eller er delegeret til den"
        "Let the identity provider send the municipality's own CVR number as scope."
        / "Lad identitetsudbyderen sende kommunens eget CVR-nummer som omfang.";
    RightsKnown "rights.known"
        "Every role is known" / "Alle roller er kendte"
        "Compare the URIs of the roles with those of the register, letter by letter."
        / "Sammenhold rollernes URI'er med registerets, bogstav for bogstav.";
    RightsMapped "rights.mapped"
        "At least one role means something in a fagsystem" / "Mindst én rolle betyder noget i et fagsystem"
        "Ask the role administrator to map a job function role to a user system role."
        / "Bed rolleadministratoren knytte en jobfunktionsrolle til en brugersystemrolle.";
    LoggedIn "system.login"
        "A user was let in" / "En bruger er blevet lukket ind"
        "Open the fagsystem and log in as a user of the municipality."
        / "Åbn fagsystemet, og log ind som en af kommunens brugere.";
    HighestLevel "level.registered"
        "An NSIS level is registered for the identity provider" / "Der er registreret et NSIS-niveau for identitetsudbyderen"
        "Have the highest NSIS level that your identity provider may state registered."
        / "Få registreret det højeste NSIS-niveau, jeres identitetsudbyder må oplyse.";
    Level "level.reached"
        "A run reaches the level, and goes no higher than the registered one" / "En prøve når niveauet og går ikke over det registrerede"
        "Order the run of this level with a user who can reach it."
        / "Bestil prøven af dette niveau med en bruger, der kan nå det.";
    RobotRun "robot.run"
        "A robot logs in by itself with NIST level 3" / "En robot logger selv ind med NIST-niveau 3"
        "Order the run \"A robot user\" and let the robot log in."
        / "Bestil prøven \"En robotbruger\", og lad robotten logge ind.";
}
