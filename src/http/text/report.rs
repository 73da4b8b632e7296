//! What the pages of trust verification say about a report, in Danish and in English.

use crate::http::visitor::Lang;

macro_rules! texts {
    ($( $name:ident $doc:literal $da:literal / $en:literal ; )*) => {
        /// Every text of a report in one language.
        pub(in crate::http) struct ReportText {
            pub(in crate::http) lang: Lang,
            $( #[doc = $doc] pub(in crate::http) $name: &'static str, )*
        }

        static DA: ReportText = ReportText { lang: Lang::Da, $( $name: $da, )* };
        static EN: ReportText = ReportText { lang: Lang::En, $( $name: $en, )* };
    };
}

impl ReportText {
    /// The texts in a language.
    pub(in crate::http) fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::Da => &DA,
            Lang::En => &EN,
        }
    }
}

texts! {
    title "The heading of the browser's tab." "Rapport om tillid" / "Trust report";
    lead_pass "Beneath the verdict: all is well."
        "Alt, hvad der blev set på, er, som det skal være."
        / "Everything that was looked at is as it should be.";
    lead_warning "Beneath the verdict: it works today."
        "Et login virker i dag. Det, der står som advarsel, kan holde op med at virke eller blive afvist andre steder."
        / "A login works today. What is told as a warning may stop working, or be refused elsewhere.";
    lead_fail "Beneath the verdict: it does not work."
        "Brugerne kan ikke logge ind, før fejlene er rettet. De står her med, hvad der var ventet, hvad der kom, og hvad der skal gøres."
        / "Users cannot log in until the errors are put right. They stand here with what was expected, what came, and what to do.";
    authority "Fact." "Kommune" / "Municipality";
    idp "Fact." "Identitetsudbyder" / "Identity provider";
    scenario "Fact." "Prøvet" / "Tried";
    environment "Fact." "Miljø" / "Environment";
    finished "Fact." "Tidspunkt" / "Time";
    duration "Fact." "Varighed" / "Duration";
    fagsystem "Fact." "Fagsystem" / "Fagsystem";
    tasks "Fact." "KLIK-opgaver, som rapporten siger noget om" / "KLIK tasks that the report is about";
    run "Fact." "Prøvens ID" / "Run";
    none "Said where nothing stands." "ingen" / "none";
    ourselves "The fagsystem where none was chosen." "Intet valgt: Vi spurgte selv" / "None chosen: we asked ourselves";
    to_do "Heading: what is to be done." "Det skal gøres" / "What to do";
    overview "Heading: the parts of the report." "Overblik" / "Overview";
    changed "Heading: what is another than before." "Ændret siden forrige prøve" / "Changed since the run before";
    unchanged "Nothing is another." "Intet er anderledes end ved forrige prøve" / "Nothing is other than in the run before";
    before "Before a verdict." "før" / "before";
    now "Before a verdict." "nu" / "now";
    better "A change for the better." "Bedre" / "Better";
    worse "A change for the worse." "Dårligere" / "Worse";
    other_change "Another change." "Ændret" / "Changed";
    not_looked_at "A verdict that is not there." "ikke set på" / "not looked at";
    expected "Before a value." "Forventet" / "Expected";
    received "Before a value." "Modtaget" / "Received";
    nothing "Read aloud for a dash." "intet" / "nothing";
    of "Between two numbers." "af" / "of";
    looked_at "After how many of how many checks." "undersøgt" / "looked at";
    differs "Before the place of the first difference." "Forskel fra tegn" / "Difference from character";
    differs_expected "Before what is expected there." "forventet" / "expected";
    differs_received "Before what came there." "modtaget" / "received";
    why "Heading in a finding." "Hvorfor det betyder noget" / "Why it matters";
    fix "Heading in a finding." "Sådan rettes det" / "How to fix it";
    in_product "Before the name of a product." "Sådan i" / "How in";
    more "Link to the page of the reason." "Læs mere om" / "Read more about";
    evidence "What unfolds." "Det, loggen siger" / "What the log says";
    check "Before the id of a check." "Kontrol" / "Check";
    seen "Heading: what was seen." "Det, der blev set" / "What was seen";
    masked "Beneath it." "Personoplysninger er skjult med ***." / "Personal data is hidden by ***.";
    certificates "Heading." "Certifikater" / "Certificates";
    certificates_lead "Beneath it."
        "Hvert certifikat står under den, der har udstedt det."
        / "Each certificate stands beneath whoever issued it.";
    issued_by "Before an issuer." "Udstedt af" / "Issued by";
    used "A certificate that took part." "Brugt i denne prøve" / "Used in this run";
    unused "A certificate that did not." "Ikke brugt i denne prøve" / "Not used in this run";
    valid_from "Column." "Gælder fra" / "Valid from";
    valid_until "Column." "Gælder til" / "Valid until";
    key "Column." "Nøgle" / "Key";
    serial "Column." "Serienummer" / "Serial number";
    fingerprint "Column." "SHA-256" / "SHA-256";
    day_left "After 1." "dag tilbage" / "day left";
    days_left "After a number." "dage tilbage" / "days left";
    not_yet "It holds later." "gælder ikke endnu" / "not valid yet";
    expired "It holds no more." "udløbet" / "expired";
    timeline "Heading." "Tidslinje" / "Timeline";
    timeline_lead "Beneath it."
        "Afstanden i tid til svarets ankomst, så at sekunder kan ses og timer er med: Skalaen er logaritmisk."
        / "The distance in time from the arrival of the answer, so that seconds can be seen and hours find room: the scale is logarithmic.";
    by_our_clock "Legend." "efter vores ur" / "by our clock";
    by_their_clock "Legend." "efter identitetsudbyderens ur" / "by the identity provider’s clock";
    holds "Legend." "adgangsbeviset gælder" / "the assertion holds";
    within_tolerance "Legend." "inden for tolerancen" / "within the tolerance";
    skew_ahead "Before a number of seconds."
        "Identitetsudbyderens ur går foran vores med"
        / "The identity provider’s clock is ahead of ours by";
    skew_behind "Before a number of seconds."
        "Identitetsudbyderens ur går efter vores med"
        / "The identity provider’s clock is behind ours by";
    skew_none "No difference can be told."
        "Urene passer sammen, så nøjagtigt som det kan måles."
        / "The clocks agree as far as it can be measured.";
    tolerance "Before a number of seconds." "Tolerancen er" / "The tolerance is";
    tolerance_left "Before a number of seconds." "tilbage" / "left";
    tolerance_over "Before a number of seconds." "overskredet med" / "exceeded by";
    asked "A moment." "Vi spurgte" / "We asked";
    arrived "A moment." "Svaret ankom" / "The answer arrived";
    moment "Column." "Øjeblik" / "Moment";
    whose_clock "Column." "Ur" / "Clock";
    ours "Cell." "vores" / "ours";
    theirs "Cell." "identitetsudbyderens" / "the identity provider’s";
    at "Column." "Klokken (dansk tid)" / "Time of day (in Denmark)";
    offset "Column." "Fra ankomsten" / "From arrival";
    name "Heading." "Brugerens navn (NameID)" / "The user’s name (NameID)";
    format "Part of a name." "Format" / "Format";
    organisation "Part of a name." "Organisation (O)" / "Organisation (O)";
    person "Part of a name." "Person (CN)" / "Person (CN)";
    serial_part "Part of a name." "Serienummer (Serial): nøglen til rettigheder" / "Serial number (Serial): the key to rights";
    attributes "Heading." "Attributter" / "Attributes";
    attributes_lead "Beneath it."
        "Som de kom, det navn, folk kender, og det, de fortælles videre som."
        / "As they came, the name that people know, and what they are told as.";
    raw_name "Column." "Som den kom" / "As it came";
    known_as "Column." "Kendt som" / "Known as";
    values "Column." "Værdier" / "Values";
    told_as "Column." "Fortælles videre som" / "Told as";
    not_told "Cell." "ikke fortalt videre" / "not told";
    unknown_attribute "Cell." "kendes ikke her" / "not known here";
    roles "Heading." "Roller og rettigheder" / "Roles and rights";
    roles_lead "Beneath it."
        "Hver rolle, og hvad den bliver til i de fagsystemer, kommunen bruger."
        / "Each role, and what it becomes in the fagsystemer that the municipality uses.";
    scope "Of a role." "I sager for" / "In the matters of";
    limits "Of a role." "Afgrænset til" / "Limited to";
    becomes "Column." "Bliver til" / "Becomes";
    becomes_nothing "Cell." "ingenting" / "nothing";
    because "Column." "Fordi" / "Because";
    means_nothing "A role that no fagsystem knows."
        "Rollen betyder ikke noget i noget fagsystem."
        / "The role means nothing in any fagsystem.";
    assurance "Heading." "Sikringsniveau" / "Level of assurance";
    requested "Step." "Bedt om" / "Asked for";
    stated "Step." "Oplyst" / "Stated";
    ceiling "Step." "Højest registreret" / "Highest registered";
    counts "Step." "Det, der gælder" / "What counts";
    required "Step." "Fagsystemets krav" / "What the fagsystem demands";
    rule "Before a sentence." "Reglen, der afgjorde det" / "The rule that decided";
    robot "A robot." "Brugeren er en robot." / "The user is a robot.";
    services "Heading." "Attributservices" / "Attribute services";
    service "Column." "Tjeneste" / "Service";
    outcome "Column." "Svar" / "Answer";
    preview "Heading." "Det, fagsystemet ville få" / "What the fagsystem would get";
    preview_lead "Before the name of a fagsystem."
        "Intet er sendt. Sådan ville det se ud for"
        / "Nothing was sent. This is how it would look to";
    as_saml "Heading." "Som SAML" / "As SAML";
    as_jwt "Heading." "Som JWT" / "As a JWT";
    messages "Heading." "Beskeder" / "Messages";
    from "Before a party." "fra" / "from";
    keep "Heading." "Gem og del" / "Keep and share";
    keep_lead "Beneath it." "Siden kan udskrives: Så er alt foldet ud." / "The page can be printed: then everything is unfolded.";
    get_zip "Link." "Signeret bevis (ZIP)" / "Signed evidence (ZIP)";
    get_json "Link." "JSON" / "JSON";
    get_junit "Link." "JUnit XML" / "JUnit XML";
    about_file "Beneath the report in a file."
        "Denne fil kræver intet netværk. Om den er ægte, viser signaturen ved siden af den; README.txt siger hvordan."
        / "This file needs no network. Whether it is genuine is shown by the signature beside it; README.txt says how.";
    start "Heading of a run that has not been." "Prøv jeres login" / "Try your login";
    start_lead "Beneath it."
        "Der prøves et login, som ikke lukker nogen ind. Bagefter står her en rapport om alt, hvad der blev set på."
        / "A login is tried that lets nobody in. Afterwards a report stands here about everything that was looked at.";
    start_hint "Before the hint of the scenario." "Sådan gør du" / "What you do";
    start_button "The button." "Log ind hos" / "Log in at";
    unanswered "Heading: the user was sent off, and nothing came back." "Intet er kommet tilbage" / "Nothing has come back";
    unanswered_since "Before a moment." "Sendt af sted" / "Sent off on";
    unanswered_lead "After it."
        "Er loginnet i gang, så fortsæt i det vindue: Rapporten kommer af sig selv. Ellers er her, hvad det kan være."
        / "If the login is going on, continue in that window: the report comes by itself. Otherwise this is what it can be.";
    asked_for "Heading: our question." "Det, vi spurgte om" / "What we asked";
    question "Before the ID of our question." "Spørgsmålets ID:" / "The ID of the question:";
    again "Heading." "Prøv igen" / "Try again";
    again_lead "Beneath it."
        "Det samme prøves igen, og der kommer en ny rapport. Denne bliver stående."
        / "The same is tried again, and there will be a new report. This one stays.";
    again_button "The button." "Prøv det samme igen" / "Try the same again";
    start_promises "Heading." "Det her sker der ikke" / "What does not happen";
    start_no_session "Promise."
        "Ingen bliver logget ind, og der oprettes ingen bruger."
        / "Nobody is logged in, and no user is created.";
    start_no_token "Promise." "Der sendes intet til noget fagsystem." / "Nothing is sent to any fagsystem.";
    start_masked "Promise."
        "Der gemmes kun en rapport, hvor personoplysninger er skjult. Den slettes"
        / "Only a report is kept, in which personal data is hidden. It is deleted on";
    start_inactive "Promise."
        "Identitetsudbyderen behøver ikke at være taget i brug endnu."
        / "The identity provider need not be in use yet.";
}
