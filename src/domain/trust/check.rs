//! The closed list of checks. An id is a promise to whoever writes an expectation file, so it is added and never renamed.

use serde::{Deserialize, Serialize};

use crate::domain::reason::Sentence;

macro_rules! sections {
    ($( $name:ident $id:literal $en:literal / $da:literal ; )*) => {
        /// The parts of a report.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Section { $( #[doc = $en] $name, )* }

        impl Section {
            /// Every section, in the order of the report.
            pub const ALL: &'static [Section] = &[ $( Section::$name, )* ];

            /// The stable id.
            pub const fn id(self) -> &'static str { match self { $( Section::$name => $id, )* } }

            /// Its heading.
            pub const fn title(self) -> Sentence {
                match self { $( Section::$name => Sentence { da: $da, en: $en }, )* }
            }
        }
    };
}

sections! {
    Outcome "outcome" "The login as a whole" / "Loginnet som helhed";
    Transport "transport" "Transport" / "Transport";
    Correlation "correlation" "Question and answer" / "Spørgsmål og svar";
    Signature "signature" "Signature" / "Signatur";
    Certificates "certificates" "Certificates" / "Certifikater";
    Encryption "encryption" "Encryption" / "Kryptering";
    Time "time" "Time" / "Tid";
    Audience "audience" "Receiver" / "Modtager";
    Name "name" "The user's name" / "Brugerens navn";
    Attributes "attributes" "Attributes" / "Attributter";
    Rights "rights" "Rights" / "Rettigheder";
    Service "service" "Attribute service" / "Attributservice";
    Assurance "assurance" "Level of assurance" / "Sikringsniveau";
    Logout "logout" "Logout" / "Logout";
    Metadata "metadata" "Metadata" / "Metadata";
}

macro_rules! checks {
    ($( $name:ident $id:literal $section:ident
        $title_en:literal / $title_da:literal
        $why_en:literal / $why_da:literal ; )*) => {
        /// The closed list of what is looked at.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum Check { $( #[doc = $title_en] $name, )* }

        impl Check {
            /// Every check, in the order of the report.
            pub const ALL: &'static [Check] = &[ $( Check::$name, )* ];

            /// The stable id.
            pub const fn id(self) -> &'static str { match self { $( Check::$name => $id, )* } }

            /// Where it stands in the report.
            pub const fn section(self) -> Section { match self { $( Check::$name => Section::$section, )* } }

            /// What should be.
            pub const fn title(self) -> Sentence {
                match self { $( Check::$name => Sentence { da: $title_da, en: $title_en }, )* }
            }

            /// Why it matters.
            pub const fn why(self) -> Sentence {
                match self { $( Check::$name => Sentence { da: $why_da, en: $why_en }, )* }
            }

            /// The check of this id.
            pub fn from_id(id: &str) -> Option<Self> {
                match id { $( $id => Some(Check::$name), )* _ => None }
            }
        }
    };
}

checks! {
    LetIn "login.let-in" Outcome
        "A login like this one is let in" / "Et login som dette bliver lukket ind"
        "The code of the real login judged this answer. Whatever else is green, this line says what users would meet."
        / "Det er det rigtige logins kode, der har bedømt svaret. Uanset hvad der ellers er grønt, viser denne linje, hvad brugerne ville møde.";
    Preview "login.token" Outcome
        "The chosen fagsystem would get a token" / "Det valgte fagsystem ville få et adgangsbevis"
        "A login that is let in is worth little if the fagsystem refuses a user without level or rights."
        / "Et login, der bliver lukket ind, er ikke meget værd, hvis fagsystemet afviser en bruger uden niveau eller rettigheder.";
    Arrived "transport.answer" Transport
        "The answer arrives in a form and can be read" / "Svaret kommer i en formular og kan læses"
        "We take answers in the POST binding only, as well-formed XML of a reasonable size."
        / "Vi tager kun imod svar med POST-bindingen, som velformet XML af rimelig størrelse.";
    RelayState "transport.relay-state" Transport
        "RelayState comes back unchanged" / "RelayState kommer uændret tilbage"
        "RelayState tells us which login the answer belongs to. SAML promises that it comes back byte by byte."
        / "RelayState fortæller os, hvilket login svaret hører til. SAML lover, at den kommer tilbage byte for byte.";
    Cookie "transport.cookie" Transport
        "The browser brings its login back" / "Browseren bringer sit login med tilbage"
        "The login is bound to the browser that began it. A browser that drops our cookie on the way cannot finish a login."
        / "Loginnet er bundet til den browser, der begyndte det. En browser, der taber vores cookie undervejs, kan ikke gøre et login færdigt.";
    Status "answer.status" Correlation
        "The status of the answer is Success" / "Svarets status er Success"
        "Any other status means that the identity provider itself refused, and its codes say why."
        / "Enhver anden status betyder, at identitetsudbyderen selv sagde nej, og dens koder siger hvorfor.";
    InResponseTo "answer.in-response-to" Correlation
        "The answer names our question" / "Svaret nævner vores spørgsmål"
        "An answer that names no question, or another one, may have been made for somebody else."
        / "Et svar, der ikke nævner noget spørgsmål eller nævner et andet, kan være lavet til en anden.";
    Issuer "answer.issuer" Correlation
        "The issuer is the identity provider that we asked" / "Udstederen er den identitetsudbyder, vi spurgte"
        "The name is compared letter by letter, a slash at its end included, since keys and rights are looked up by it."
        / "Navnet sammenlignes bogstav for bogstav, også en skråstreg til sidst, for nøgler og rettigheder slås op efter det.";
    OneAssertion "answer.assertion" Correlation
        "There is exactly one assertion" / "Der er præcis ét adgangsbevis (Assertion)"
        "With several it would be open which of them counts." / "Med flere ville det være uklart, hvilken der gælder.";
    Once "answer.once" Correlation
        "The answer was not used before" / "Svaret er ikke brugt før"
        "An answer that counts twice could be used by whoever has copied it."
        / "Et svar, der tæller to gange, kunne bruges af enhver, der har kopieret det.";
    Signed "signature.covers" Signature
        "A registered key signed what we read" / "En registreret nøgle har signeret det, vi læser"
        "Without a signature over the assertion, or over the whole response, anybody could have written it."
        / "Uden en signatur over adgangsbeviset eller over hele svaret kunne enhver have skrevet det.";
    SignedResponse "signature.response" Signature
        "A signature on the Response is right" / "En signatur på svaret (Response) er rigtig"
        "It may be left out, but a wrong one is never overlooked." / "Den må udelades, men en forkert bliver aldrig overset.";
    SignedAssertion "signature.assertion" Signature
        "A signature on the Assertion is right" / "En signatur på adgangsbeviset (Assertion) er rigtig"
        "It may be left out where the Response is signed, but a wrong one is never overlooked."
        / "Den må udelades, hvor svaret er signeret, men en forkert bliver aldrig overset.";
    SigningKey "signature.key" Signature
        "The key that signed is in force" / "Nøglen, der har signeret, er gyldig"
        "A key counts as long as its certificate does." / "En nøgle gælder, så længe dens certifikat gør.";
    CertificateExpiry "certificate.expiry" Certificates
        "The certificate holds for another 30 days or more" / "Certifikatet gælder 30 dage endnu eller mere"
        "When a certificate ends, every login with it ends the same minute. A new one takes weeks to order and to spread."
        / "Når et certifikat udløber, standser alle logins med det i samme minut. Et nyt tager uger at bestille og udbrede.";
    CertificateKey "certificate.key" Certificates
        "The key is strong enough" / "Nøglen er stærk nok"
        "RSA with 2048 to 8192 bits, or the curves P-256 and P-384." / "RSA med 2048 til 8192 bit eller kurverne P-256 og P-384.";
    CertificateChain "certificate.chain" Certificates
        "The certificate is issued under the OCES3 root" / "Certifikatet er udstedt under OCES3-roden"
        "The production federation takes certificates of the Danish state's authority only."
        / "Den fællesoffentlige føderation tager i produktion kun certifikater fra den danske stats udsteder.";
    CertificateRevoked "certificate.revoked" Certificates
        "The certificate is not revoked" / "Certifikatet er ikke spærret"
        "A key that got lost is revoked; whoever found it could log anybody in."
        / "En nøgle, der er kommet væk, bliver spærret; den, der har fundet den, kunne logge hvem som helst ind.";
    CertificateUnique "certificate.unique" Certificates
        "No other party uses the certificate" / "Ingen anden part bruger certifikatet"
        "A shared key lets one party pass for the other." / "En delt nøgle lader den ene part udgive sig for den anden.";
    CertificateOwner "certificate.owner" Certificates
        "The certificate names an organisation as OCES3 does" / "Certifikatet nævner en organisation, som OCES3 gør"
        "It tells whose key it is by CVR number and UUID." / "Det fortæller, hvis nøglen er, ved CVR-nummer og UUID.";
    Opens "encryption.opens" Encryption
        "What is encrypted opens with our key" / "Det krypterede åbner med vores nøgle"
        "An answer that was encrypted for an old certificate of ours, or with methods that we refuse, cannot be read."
        / "Et svar, der er krypteret til et gammelt certifikat fra os eller med metoder, vi afviser, kan ikke læses.";
    Encrypted "encryption.used" Encryption
        "The assertion comes encrypted" / "Adgangsbeviset (Assertion) kommer krypteret"
        "The answer holds personal data and travels through the user's browser."
        / "Svaret indeholder personoplysninger og går gennem brugerens browser.";
    IssuedAt "time.issued" Time
        "The answer was made during this login" / "Svaret er lavet under dette login"
        "An answer from before the question, or from the future, does not belong to it."
        / "Et svar fra før spørgsmålet eller fra fremtiden hører ikke til det.";
    Conditions "time.conditions" Time
        "The conditions of the assertion hold now" / "Betingelserne i adgangsbeviset gælder nu"
        "NotBefore and NotOnOrAfter say when the assertion may be used." / "NotBefore og NotOnOrAfter siger, hvornår adgangsbeviset må bruges.";
    SessionEnd "time.session" Time
        "The session at the identity provider has not ended" / "Sessionen hos identitetsudbyderen er ikke slut"
        "Our session never lasts longer than the one that it rests on." / "Vores session varer aldrig længere end den, den bygger på.";
    Skew "time.skew" Time
        "The clocks agree" / "Urene passer sammen"
        "A clock that drifts works until the day on which it does not; then every login fails at once."
        / "Et ur, der skrider, virker indtil den dag, det ikke gør; så fejler alle logins på én gang.";
    Audience "receiver.audience" Audience
        "The audience is us" / "Adgangsbeviset er til os"
        "An assertion for somebody else must not log anybody in here." / "Et adgangsbevis til en anden må ikke logge nogen ind her.";
    Destination "receiver.destination" Audience
        "The Destination is our address" / "Destination er vores adresse"
        "An answer for another address was carried here." / "Et svar til en anden adresse er blevet båret hertil.";
    Confirmation "receiver.confirmation" Audience
        "The bearer confirmation is for this address, this question and this moment"
        / "Bærerbekræftelsen gælder denne adresse, dette spørgsmål og dette øjeblik"
        "It is what makes an assertion usable once, here and now." / "Det er den, der gør, at et adgangsbevis kan bruges én gang, her og nu.";
    NameForm "name.form" Name
        "The NameID names country, organisation, person and serial number"
        / "NameID nævner land, organisation, person og serienummer"
        "C=DK,O=<CVR>,CN=<name>,Serial=<id>: by this name rights are looked up and the user is found again."
        / "C=DK,O=<CVR>,CN=<navn>,Serial=<id>: Med dette navn slås rettigheder op, og brugeren genkendes.";
    NameFormat "name.format" Name
        "The format of the NameID is X509SubjectName" / "NameID har formatet X509SubjectName"
        "The federation's profile names users so; other formats are read here and may be refused elsewhere."
        / "Føderationens profil navngiver brugere sådan; andre formater læses her og kan blive afvist andre steder.";
    NameTenant "name.organisation" Name
        "The NameID names the municipality that was chosen" / "NameID nævner den kommune, der blev valgt"
        "An identity provider speaks for its own municipality and for nobody else."
        / "En identitetsudbyder taler for sin egen kommune og for ingen anden.";
    Profile "attribute.profile" Attributes
        "The profile is the one that is registered" / "Profilen er den, der er registreret"
        "specVersion says by which rules the rest is written." / "specVersion siger, efter hvilke regler resten er skrevet.";
    AttributeCvr "attribute.cvr" Attributes
        "The CVR number is the municipality's" / "CVR-nummeret er kommunens"
        "It must be the municipality that was chosen, in eight digits." / "Det skal være den valgte kommunes, med otte cifre.";
    AttributeOnce "attribute.once" Attributes
        "No attribute contradicts itself" / "Ingen attribut modsiger sig selv"
        "Where one value is expected, two leave it open which of them counts."
        / "Hvor der ventes én værdi, lader to det stå åbent, hvilken der gælder.";
    AttributePerson "attribute.person" Attributes
        "What is said about the person can be read" / "Det, der siges om personen, kan læses"
        "The fagsystem is told name, e-mail and the like only in forms that it understands."
        / "Fagsystemet får kun navn, e-mail og lignende i former, det forstår.";
    AttributeReserved "attribute.reserved" Attributes
        "Nothing is set that only we may set" / "Der er ikke sat noget, som kun vi må sætte"
        "Attributes of ours in an answer are taken away; somebody may be trying."
        / "Attributter, der er vores, bliver fjernet fra et svar; nogen prøver måske.";
    RightsReadable "rights.readable" Rights
        "The list of privileges can be read" / "Privilegielisten kan læses"
        "OIOBPP is XML in base64, in one of two namespaces." / "OIOBPP er XML i base64, i et af to navnerum.";
    RightsPresent "rights.present" Rights
        "The user has rights" / "Brugeren har rettigheder"
        "Without rights most fagsystemer let nobody do anything." / "Uden rettigheder lader de fleste fagsystemer ingen gøre noget.";
    RightsScope "rights.scope" Rights
        "The rights are about the municipality's own matters" / "Rettighederne gælder kommunens egne sager"
        "Under another CVR number they count only where that authority has delegated them."
        / "Under et andet CVR-nummer gælder de kun, hvor den myndighed har delegeret dem.";
    RightsKnown "rights.known" Rights
        "Every role is one of the municipality's" / "Hver rolle er en af kommunens"
        "A role is known by its URI, letter by letter." / "En rolle kendes på sin URI, bogstav for bogstav.";
    RightsMapped "rights.mapped" Rights
        "At least one role means something in a fagsystem" / "Mindst én rolle betyder noget i et fagsystem"
        "A role becomes a right only where a mapping says what it stands for."
        / "En rolle bliver kun til en rettighed, hvor en tilknytning siger, hvad den svarer til.";
    RightsGroups "rights.groups" Rights
        "The groups of the directory are complete" / "Gruppelisten fra brugerkataloget er fuldstændig"
        "A directory that leaves groups out when there are many would give rights by chance."
        / "Et brugerkatalog, der udelader grupper, når der er mange, ville give rettigheder efter tilfældets gang.";
    ServiceAnswered "service.answered" Service
        "The attribute service answers about the user" / "Attributservicen svarer om brugeren"
        "Where the identity provider does not know roles, rights come from there."
        / "Hvor identitetsudbyderen ikke kender roller, kommer rettighederne derfra.";
    LevelStated "level.stated" Assurance
        "A level is stated that we know" / "Der oplyses et niveau, vi kender"
        "A level that is not stated counts as none; an authentication class of another kind says nothing about it."
        / "Et niveau, der ikke oplyses, tæller som intet; en anden slags autentifikationsklasse siger ikke noget om det.";
    LevelConsistent "level.consistent" Assurance
        "What is said about the level agrees" / "Det, der siges om niveauet, stemmer overens"
        "Where class and attributes disagree, the lower counts." / "Hvor klasse og attributter er uenige, gælder det laveste.";
    LevelCeiling "level.ceiling" Assurance
        "The level is not above the registered one" / "Niveauet er ikke over det registrerede"
        "What an identity provider may state stands in the register; more is lowered to it."
        / "Hvad en identitetsudbyder må oplyse, står i registeret; mere bliver sænket til det.";
    LevelEnough "level.enough" Assurance
        "The level is the one that was asked for, or higher" / "Niveauet er det, der blev bedt om, eller højere"
        "A fagsystem that demands the level would refuse the user otherwise." / "Et fagsystem, der kræver niveauet, ville ellers afvise brugeren.";
    Robot "level.robot" Assurance
        "The robot is declared and may work here and now" / "Robotten er registreret og må arbejde her og nu"
        "A robot is let in only to its systems, in its hours, from its networks, and never where NSIS is demanded."
        / "En robot lukkes kun ind i sine systemer, på sine tider, fra sine netværk, og aldrig hvor der kræves NSIS.";
    Fresh "level.fresh" Assurance
        "The user authenticated for this login" / "Brugeren har logget ind til dette login"
        "ForceAuthn asks that the user proves again who it is; an old session must not answer."
        / "ForceAuthn beder om, at brugeren igen beviser, hvem det er; en gammel session må ikke svare.";
    Silent "answer.passive" Correlation
        "A question that forbids pages is answered without one" / "Et spørgsmål, der forbyder sider, besvares uden"
        "Without a session the right answer is the status NoPassive, at once." / "Uden en session er det rigtige svar status NoPassive, straks.";
    StepUp "level.step-up" Assurance
        "The step-up reaches the level, for the same person" / "Løftet når niveauet, for samme person"
        "The second login must be the same person's, in the same organisation." / "Det andet login skal være samme persons, i samme organisation.";
    NextKey "signature.next-key" Signature
        "The identity provider knows our next signing key" / "Identitetsudbyderen kender vores næste signeringsnøgle"
        "When we change to it, questions signed by an unknown key would be refused."
        / "Når vi skifter til den, ville spørgsmål signeret med en ukendt nøgle blive afvist.";
    LogoutAddress "logout.address" Logout
        "There is an address for logout" / "Der er en adresse til logout"
        "Without one the session at the identity provider lives on after a logout."
        / "Uden den lever sessionen hos identitetsudbyderen videre efter et logout.";
    LogoutAnswered "logout.answered" Logout
        "The logout is confirmed" / "Logout bliver bekræftet"
        "A signed LogoutResponse with status Success, in answer to our request."
        / "En signeret LogoutResponse med status Success, som svar på vores anmodning.";
    LogoutDead "logout.dead" Logout
        "The session is over" / "Sessionen er slut"
        "A question without pages must now be refused: otherwise the logout was only said to have happened."
        / "Et spørgsmål uden sider skal nu blive afvist: Ellers er der kun blevet sagt, at der er logget ud.";
    MetadataXml "metadata.xml" Metadata
        "The metadata is well-formed XML" / "Metadata er velformet XML"
        "Whatever cannot be read cannot be registered." / "Hvad der ikke kan læses, kan ikke registreres.";
    MetadataEntity "metadata.entity" Metadata
        "It describes the party with its entityID" / "De beskriver parten med dens entityID"
        "The entityID is the party's name in every message." / "EntityID er partens navn i enhver meddelelse.";
    MetadataUsable "metadata.usable" Metadata
        "A login can use it" / "Et login kan bruge dem"
        "The reader of the login itself has looked at it." / "Det er loginnets egen læser, der har set på dem.";
    MetadataSchema "metadata.schema" Metadata
        "It keeps to the metadata schema" / "De følger skemaet for metadata"
        "Other software refuses what does not." / "Anden software afviser det, der ikke gør.";
    MetadataSignature "metadata.signature" Metadata
        "It is signed by a key of the party" / "De er signeret med en af partens nøgler"
        "Signed metadata can be fetched anew by itself when keys change." / "Signerede metadata kan hentes igen af sig selv, når nøgler skifter.";
    MetadataValid "metadata.valid" Metadata
        "It has not ended" / "De er ikke udløbet"
        "From its validUntil on nothing in it counts." / "Fra deres validUntil gælder intet i dem.";
    MetadataEndpoints "metadata.endpoints" Metadata
        "The addresses that the federation demands are there" / "De adresser, føderationen kræver, er der"
        "Identity providers: SingleSignOnService and SingleLogoutService with Redirect. Fagsystemer: AssertionConsumerService with POST and SingleLogoutService with Redirect."
        / "Identitetsudbydere: SingleSignOnService og SingleLogoutService med Redirect. Fagsystemer: AssertionConsumerService med POST og SingleLogoutService med Redirect.";
    MetadataIndexes "metadata.indexes" Metadata
        "Addresses are numbered and one is the default" / "Adresserne er nummererede, og én er standard"
        "A request may name an address by its number." / "En anmodning kan nævne en adresse ved dens nummer.";
    MetadataLocations "metadata.locations" Metadata
        "Every address is https" / "Alle adresser er https"
        "Logins travel through the browser and must not be read on the way." / "Logins går gennem browseren og må ikke kunne læses undervejs.";
    MetadataKeys "metadata.keys" Metadata
        "There is a key that signs, and one to encrypt to" / "Der er en nøgle, der signerer, og en at kryptere til"
        "Keys are taken from here and from nowhere else." / "Nøgler tages herfra og ingen andre steder fra.";
    MetadataKeyRoles "metadata.key-roles" Metadata
        "Each role has a key of its own" / "Hver rolle har sin egen nøgle"
        "A message of one role must not pass for one of the other." / "En meddelelse fra den ene rolle må ikke kunne gå for en fra den anden.";
    MetadataNames "metadata.nameid" Metadata
        "The name formats fit the federation" / "Navneformaterne passer til føderationen"
        "X509SubjectName for identity providers." / "X509SubjectName for identitetsudbydere.";
    MetadataEncryption "metadata.encryption" Metadata
        "The encryption methods are ones that we use" / "Krypteringsmetoderne er nogen, vi bruger"
        "AES-GCM with RSA-OAEP; CBC and RSA 1.5 can be broken." / "AES-GCM med RSA-OAEP; CBC og RSA 1.5 kan brydes.";
    MetadataRequests "metadata.requests-signed" Metadata
        "The fagsystem signs its requests" / "Fagsystemet signerer sine anmodninger"
        "Unsigned requests are refused." / "Usignerede anmodninger bliver afvist.";
    MetadataStored "metadata.stored" Metadata
        "It is the copy that is registered" / "De er den kopi, der er registreret"
        "What differs takes effect only when it is registered." / "Det, der er anderledes, gælder først, når det er registreret.";
    MetadataFetched "metadata.fetched" Metadata
        "The address of the metadata answers" / "Adressen med metadata svarer"
        "Metadata that is fetched takes new keys up by itself." / "Metadata, der hentes, tager selv nye nøgler op.";
}

impl std::fmt::Display for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

impl From<Check> for &'static str {
    fn from(check: Check) -> Self {
        check.id()
    }
}

impl TryFrom<String> for Check {
    type Error = String;
    fn try_from(id: String) -> Result<Self, String> {
        Self::from_id(&id).ok_or_else(|| format!("expected the id of a check, got {id:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_is_found_by_its_id_and_no_id_is_used_twice() {
        for check in Check::ALL {
            assert_eq!(Check::from_id(check.id()), Some(*check));
        }
    }

    #[test]
    fn every_section_holds_a_check() {
        for section in Section::ALL {
            assert!(Check::ALL.iter().any(|check| check.section() == *section), "{section:?}");
        }
    }
}
