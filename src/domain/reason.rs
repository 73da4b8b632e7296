//! Why something was refused, changed or noticed: the closed list of reason codes.
//!
//! A code is a promise to whoever writes a log query, so it is added and never renamed. The sentences say what it
//! means and who must do what; they are shown by `explain CODE` and on the page `/errors/<code>`. The detail
//! of one occurrence (expected, received) travels beside the code in a [`Fault`] and stays in the audit log.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Who has to act before the same thing can succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The fagsystem that asked.
    Fagsystem,
    /// The identity provider that answered.
    IdentityProvider,
    /// The attribute service that was asked.
    AttributeService,
    /// Whoever keeps the register: the party is switched off, unknown, or has no agreement.
    Register,
    /// The person in front of the browser.
    User,
    /// The system of a municipality or a partner that called our API or asked for attributes.
    Caller,
    /// We.
    Us,
    /// Nobody: the event is noticed, not refused.
    Nobody,
}

/// A reason together with what was expected and what came: the error of every proof in this crate.
///
/// The detail is for the audit log and the operator. It never holds a value of an attribute, a token or a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The stable code.
    pub reason: Reason,
    /// Expected and received, in one line.
    pub detail: Cow<'static, str>,
}

impl Fault {
    /// A fault with its one-line detail.
    pub fn new(reason: Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.detail)
    }
}

impl std::error::Error for Fault {}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl From<Reason> for &'static str {
    fn from(reason: Reason) -> Self {
        reason.code()
    }
}

impl TryFrom<String> for Reason {
    type Error = String;
    fn try_from(code: String) -> Result<Self, String> {
        Self::from_code(&code).ok_or_else(|| format!("expected a reason code, got {code:?}"))
    }
}

/// One sentence in both languages of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// Danish.
    pub da: &'static str,
    /// English.
    pub en: &'static str,
}

/// What a reason means and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What happened.
    pub means: Sentence,
    /// Who must do what.
    pub fix: Sentence,
}

macro_rules! reasons {
    ($( $name:ident $code:literal $blame:ident
        $means_en:literal / $means_da:literal
        $fix_en:literal / $fix_da:literal ; )*) => {
        /// The closed list of reasons.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum Reason { $( #[doc = $means_en] $name, )* }

        impl Reason {
            /// Every reason there is, in the order of this page.
            pub const ALL: &'static [Reason] = &[ $( Reason::$name, )* ];

            /// The stable code.
            pub const fn code(self) -> &'static str { match self { $( Reason::$name => $code, )* } }

            /// Who has to act.
            pub const fn blame(self) -> Blame { match self { $( Reason::$name => Blame::$blame, )* } }

            /// What it means and what to do.
            pub const fn explanation(self) -> Explanation {
                match self { $( Reason::$name => Explanation {
                    means: Sentence { da: $means_da, en: $means_en },
                    fix: Sentence { da: $fix_da, en: $fix_en },
                }, )* }
            }

            /// The reason of this code, if there is one.
            pub fn from_code(code: &str) -> Option<Reason> {
                match code { $( $code => Some(Reason::$name), )* _ => None }
            }
        }
    };
}

reasons! {
    LoginBegun "login.begun" Nobody
        "A fagsystem asked for a login and the request was accepted."
        / "Et fagsystem bad om et login, og anmodningen blev godtaget."
        "Nothing: this is how every login begins."
        / "Intet: Sådan begynder ethvert login.";
    LoginChosen "login.chosen" Nobody
        "The municipality was chosen and its identity provider was asked."
        / "Kommunen blev valgt, og dens identitetsudbyder blev spurgt."
        "Nothing: the user is now at the municipality's own login."
        / "Intet: Brugeren er nu hos kommunens eget login.";
    LoginOk "login.ok" Nobody
        "The identity provider's answer was accepted and a token was issued."
        / "Identitetsudbyderens svar blev godtaget, og et adgangsbevis blev udstedt."
        "Nothing: the user is logged in."
        / "Intet: Brugeren er logget ind.";
    LoginStepUp "login.stepup" Nobody
        "The user was sent on to the provider that raises the level."
        / "Brugeren blev sendt videre til den udbyder, der hæver sikringsniveauet."
        "Nothing: the user is now logging in there as well, and nothing is issued before that is done."
        / "Intet: Brugeren logger nu også ind dér, og intet udstedes, før det er sket.";
    RegistryApplied "registry.applied" Nobody
        "The register was changed."
        / "Registeret blev ændret."
        "Nothing: who changed what stands in the audit log."
        / "Intet: Hvem der ændrede hvad, står i revisionsloggen.";
    LoaCap "loa.cap" Nobody
        "The identity provider stated a higher level than it is registered for; the registered level counts."
        / "Identitetsudbyderen oplyste et højere sikringsniveau, end den er registreret med; det registrerede niveau gælder."
        "Whoever runs the identity provider lowers the level that it states, or the register keeper records the higher level once it has been proved."
        / "Den, der driver identitetsudbyderen, sænker det oplyste niveau, eller registerets forvalter indfører det højere niveau, når det er dokumenteret.";
    LoaStepUp "loa.stepup" Nobody
        "The municipality's login was accepted, but its level is too low for the fagsystem and can be raised."
        / "Kommunens login blev godtaget, men dets sikringsniveau er for lavt til fagsystemet og kan hæves."
        "Nothing: the municipality allows that its users go on to a second login."
        / "Intet: Kommunen tillader, at dens brugere går videre til et login nummer to.";
    AttrReserved "attr.reserved" Nobody
        "The identity provider sent an attribute that only the context handler may set; it was removed."
        / "Identitetsudbyderen sendte en attribut, som kun context-handler må sætte; den blev fjernet."
        "Whoever runs the identity provider removes the attribute from what it sends; the detail names it."
        / "Den, der driver identitetsudbyderen, fjerner attributten fra det, den sender; detaljen i revisionsloggen nævner den.";
    BppKept "bpp.kept" Nobody
        "A role of the municipality became a right in the fagsystem."
        / "En af kommunens roller blev til en rettighed i fagsystemet."
        "Nothing: the audit log names the role and the mapping that gave the right."
        / "Intet: Revisionsloggen nævner rollen og den tilknytning, der gav rettigheden.";
    BppScope "bpp.scope" IdentityProvider
        "A role was claimed in the matters of somebody for whom the municipality may not speak; it was dropped."
        / "En rolle blev angivet på vegne af nogen, som kommunen ikke må tale for; den blev fjernet."
        "Whoever runs the identity provider sends roles under the municipality's own CVR number only, or the other authority delegates the role and the register keeper records it."
        / "Den, der driver identitetsudbyderen, sender kun roller under kommunens eget CVR-nummer, eller den anden myndighed delegerer rollen, og registerets forvalter indfører det.";
    BppDelegation "bpp.delegation" Register
        "A role was delegated to the municipality, but not at this time; it was dropped."
        / "En rolle er delegeret til kommunen, men ikke på dette tidspunkt; den blev fjernet."
        "The delegating authority agrees on a new period and the register keeper records it."
        / "Den delegerende myndighed aftaler en ny periode, og registerets forvalter indfører den.";
    BppRole "bpp.role" IdentityProvider
        "A role was claimed that the municipality does not have; it was dropped."
        / "Der blev angivet en rolle, som kommunen ikke har; den blev fjernet."
        "Whoever runs the identity provider corrects the role's URI letter by letter, or the register keeper records the job function role. Fagsystemer's own roles are never sent directly."
        / "Den, der driver identitetsudbyderen, retter rollens URI bogstav for bogstav, eller registerets forvalter indfører jobfunktionsrollen. Fagsystemers egne roller sendes aldrig direkte.";
    BppMapping "bpp.mapping" Register
        "A role of the municipality stands for nothing in this fagsystem; it was left out."
        / "En af kommunens roller svarer ikke til noget i dette fagsystem; den blev udeladt."
        "Nothing, if it is meant for another fagsystem. Otherwise the register keeper records what it stands for here."
        / "Intet, hvis den er til et andet fagsystem. Ellers indfører registerets forvalter, hvad den svarer til her.";
    BppConstraint "bpp.constraint" IdentityProvider
        "A limit on a role is missing, contradicts itself, does not look as it must, or was not asked for."
        / "En afgrænsning af en rolle mangler, modsiger sig selv, ser ikke ud, som den skal, eller er ikke efterspurgt."
        "Whoever runs the identity provider sends the parameter that the mapping names, in the syntax of its restriction type; the audit log names it."
        / "Den, der driver identitetsudbyderen, sender den parameter, som tilknytningen nævner, i dataafgrænsningstypens syntaks; revisionsloggen nævner den.";
    BppNone "bpp.none" IdentityProvider
        "The user has no rights in this fagsystem, and the fagsystem takes nobody without rights."
        / "Brugeren har ingen rettigheder i dette fagsystem, og det modtager ingen uden rettigheder."
        "Ask the role administrator of your municipality for a role in this fagsystem. The audit log says why the roles that were sent did not count."
        / "Bed din kommunes rolleadministrator om en rolle til fagsystemet. Revisionsloggen siger, hvorfor de roller, der blev sendt, ikke talte.";
    Chain "chain" Nobody
        "The identity provider named others who took part in the login; they are not passed on, since only the one that was asked is proved."
        / "Identitetsudbyderen nævnte andre, der deltog i loginnet; de sendes ikke videre, for kun den, der blev spurgt, er bevist."
        "Nothing, when the identity provider is known to use another login behind its own. If not, whoever runs it finds out why it names them."
        / "Intet, hvis identitetsudbyderen vides at bruge et andet login bag sit eget. Ellers finder den, der driver den, ud af, hvorfor den nævner dem.";
    XmlMalformed "xml.malformed" IdentityProvider
        "The message is not well-formed XML 1.0 in UTF-8."
        / "Meddelelsen er ikke velformet XML 1.0 i UTF-8."
        "Whoever runs the sending system looks for a proxy or template that changes the message on its way, and sends plain UTF-8."
        / "Den, der driver det afsendende system, finder den proxy eller skabelon, der ændrer meddelelsen undervejs, og sender ren UTF-8.";
    XmlDoctype "xml.doctype" IdentityProvider
        "The message has a document type declaration, which is never accepted."
        / "Meddelelsen har en dokumenttypeerklæring, og den godtages aldrig."
        "Whoever runs the sending system removes the DOCTYPE declaration; SAML does not use it."
        / "Den, der driver det afsendende system, fjerner DOCTYPE-erklæringen; SAML bruger den ikke.";
    XmlDuplicateId "xml.duplicate_id" IdentityProvider
        "Two elements of the message carry the same ID."
        / "To elementer i meddelelsen har samme ID."
        "Whoever runs the sending system gives every element an ID of its own. If it already does, somebody has put parts together: keep the message and tell your security team."
        / "Den, der driver det afsendende system, giver hvert element sit eget ID. Gør det allerede det, har nogen sat dele sammen: Gem meddelelsen, og giv jeres sikkerhedsteam besked.";
    XmlNamespace "xml.namespace" IdentityProvider
        "The message uses namespaces in a way that two readers could understand differently."
        / "Meddelelsen bruger navnerum på en måde, som to læsere kunne forstå forskelligt."
        "Whoever runs the sending system declares each namespace once and binds no prefix anew to something else."
        / "Den, der driver det afsendende system, erklærer hvert navnerum én gang og genbruger ikke et præfiks til noget andet.";
    XmlSchema "xml.schema" IdentityProvider
        "The message lacks a part that SAML demands, or has one too many."
        / "Meddelelsen mangler en del, som SAML kræver, eller har en for meget."
        "Whoever runs the sending system compares the message with the SAML schema; the detail in the audit log names the part."
        / "Den, der driver det afsendende system, sammenholder meddelelsen med SAML-skemaet; detaljen i revisionsloggen nævner delen.";
    SoapHeader "soap.header" Fagsystem
        "The SOAP envelope has a header that must be understood, and we understand none."
        / "SOAP-konvolutten har en header, der skal forstås, og vi forstår ingen."
        "Whoever runs the asking system sends the query without WS-Security and WS-Addressing headers; the signature stands in the query itself."
        / "Den, der driver det spørgende system, sender forespørgslen uden headere fra WS-Security og WS-Addressing; signaturen står i selve forespørgslen.";
    LimitXml "limit.xml" IdentityProvider
        "The message is larger, deeper or has more parts than any genuine one."
        / "Meddelelsen er større, dybere eller har flere dele end nogen ægte meddelelse."
        "Whoever runs the sending system sends less: fewer attributes, groups or certificates. The detail says which limit was passed."
        / "Den, der driver det afsendende system, sender mindre: færre attributter, grupper eller certifikater. Detaljen siger, hvilken grænse der blev overskredet.";
    LimitInflate "limit.inflate" Fagsystem
        "The compressed message grows beyond any genuine size."
        / "Den komprimerede meddelelse vokser til mere end nogen ægte størrelse."
        "The supplier of the fagsystem sends a smaller request; a genuine one holds a few kilobytes."
        / "Fagsystemets leverandør sender en mindre anmodning; en ægte fylder nogle få kilobyte.";
    LimitSig "limit.sig" IdentityProvider
        "The message has more signatures or certificates than any genuine one."
        / "Meddelelsen har flere signaturer eller certifikater end nogen ægte meddelelse."
        "Whoever runs the sending system signs the message and the assertion once each, and encloses no certificates that are not needed."
        / "Den, der driver det afsendende system, signerer meddelelsen og adgangsbeviset én gang hver og vedlægger ikke unødige certifikater.";
    LimitDepth "limit.depth" IdentityProvider
        "Encrypted content holds encrypted content."
        / "Krypteret indhold indeholder krypteret indhold."
        "Whoever runs the identity provider encrypts the assertion once."
        / "Den, der driver identitetsudbyderen, krypterer adgangsbeviset én gang.";
    EncodingBase64 "encoding.base64" IdentityProvider
        "A part of the message is not valid base64."
        / "En del af meddelelsen er ikke gyldig base64."
        "Whoever runs the sending system encodes with standard base64 and looks for a step that turns + into a space or cuts the value."
        / "Den, der driver det afsendende system, koder med almindelig base64 og finder det trin, der gør + til mellemrum eller klipper værdien over.";
    SigMissing "sig.missing" IdentityProvider
        "The message, or the part that must be signed, has no signature."
        / "Meddelelsen, eller den del der skal være signeret, har ingen signatur."
        "Whoever runs the sending system switches signing on: requests at the fagsystem, assertions at the identity provider."
        / "Den, der driver det afsendende system, slår signering til: anmodninger hos fagsystemet, adgangsbeviser hos identitetsudbyderen.";
    SigInvalid "sig.invalid" IdentityProvider
        "The signature does not fit the message."
        / "Signaturen passer ikke til meddelelsen."
        "Whoever runs the sending system checks that nothing changes the message after signing (proxy, pretty-printing, re-encoding) and that it signs with the registered key."
        / "Den, der driver det afsendende system, sikrer, at intet ændrer meddelelsen efter signering (proxy, indrykning, omkodning), og at der signeres med den registrerede nøgle.";
    SigReference "sig.reference" IdentityProvider
        "The signature does not point at exactly the element that it stands in."
        / "Signaturen peger ikke på præcis det element, den står i."
        "Whoever runs the sending system lets the signature refer to the ID of its own parent, once."
        / "Den, der driver det afsendende system, lader signaturen henvise til ID’et på det element, den står i, og kun til det.";
    SigStructure "sig.structure" IdentityProvider
        "The signature has parts that the profile does not allow."
        / "Signaturen har dele, som profilen ikke tillader."
        "Whoever runs the sending system makes a plain enveloped signature; the detail names the part to leave out."
        / "Den, der driver det afsendende system, laver en almindelig indlejret signatur; detaljen nævner den del, der skal udelades.";
    SigCoverage "sig.coverage" IdentityProvider
        "What would be read is not what was signed."
        / "Det, der ville blive læst, er ikke det, der blev signeret."
        "This is not a setting that went wrong by itself: keep the message and tell your security team. Whoever runs the sending system then finds out who put the message together."
        / "Det er næppe en forkert indstilling: Gem meddelelsen, og giv jeres sikkerhedsteam besked. Den, der driver det afsendende system, undersøger så, hvem der satte meddelelsen sammen.";
    SigTransform "sig.transform" IdentityProvider
        "The signature asks for a transformation that is not allowed."
        / "Signaturen beder om en omformning, som ikke er tilladt."
        "Whoever runs the sending system uses only the enveloped-signature transform and exclusive canonicalisation."
        / "Den, der driver det afsendende system, bruger kun omformningen enveloped-signature og eksklusiv kanonisering.";
    SigC14n "sig.c14n" IdentityProvider
        "The signature asks for a canonical form that is not allowed."
        / "Signaturen beder om en kanonisk form, som ikke er tilladt."
        "Whoever runs the sending system uses exclusive canonicalisation without comments."
        / "Den, der driver det afsendende system, bruger eksklusiv kanonisering uden kommentarer.";
    AlgRefused "alg.refused" IdentityProvider
        "The message uses an algorithm or a key that is too weak or unknown."
        / "Meddelelsen bruger en algoritme eller en nøgle, der er for svag eller ukendt."
        "Whoever runs the sending system moves to SHA-256 or better and RSA keys of at least 2048 bits; the detail names what was used."
        / "Den, der driver det afsendende system, går over til SHA-256 eller bedre og RSA-nøgler på mindst 2048 bit; detaljen nævner det brugte.";
    KeyUntrusted "key.untrusted" IdentityProvider
        "The message is signed with a key that is not registered for its sender."
        / "Meddelelsen er signeret med en nøgle, der ikke er registreret for afsenderen."
        "Whoever runs the sending system has its present metadata registered here. After a change of certificate, the new one must be registered before it is used."
        / "Den, der driver det afsendende system, får sine aktuelle metadata registreret her. Ved certifikatskift skal det nye være registreret, før det tages i brug.";
    KeyExpired "key.expired" IdentityProvider
        "The certificate of the key that signed has expired or is not yet valid."
        / "Certifikatet til den nøgle, der signerede, er udløbet eller endnu ikke gyldigt."
        "Whoever runs the sending system renews the certificate and has the new metadata registered here."
        / "Den, der driver det afsendende system, fornyer certifikatet og får de nye metadata registreret her.";
    KeyRole "key.role" IdentityProvider
        "The message is signed with a key that is registered for another role."
        / "Meddelelsen er signeret med en nøgle, der er registreret til en anden rolle."
        "Whoever runs the sending system signs with the key that its metadata lists for signing in this role."
        / "Den, der driver det afsendende system, signerer med den nøgle, som dets metadata angiver til signering i denne rolle.";
    DecFailed "dec.failed" IdentityProvider
        "The encrypted part could not be read with any of our keys."
        / "Den krypterede del kunne ikke læses med nogen af vores nøgler."
        "Whoever runs the identity provider fetches our present metadata and encrypts to the certificate in it."
        / "Den, der driver identitetsudbyderen, henter vores aktuelle metadata og krypterer til certifikatet deri.";
    DecStructure "dec.structure" IdentityProvider
        "The encrypted part has a form that the profile does not allow."
        / "Den krypterede del har en form, som profilen ikke tillader."
        "Whoever runs the identity provider uses AES-GCM with RSA-OAEP, as our metadata lists."
        / "Den, der driver identitetsudbyderen, bruger AES-GCM med RSA-OAEP, som vores metadata angiver.";
    JwtHeader "jwt.header" Fagsystem
        "A token does not have the form of a signed token, or its header asks for something that is never done."
        / "Et token har ikke et signeret tokens form, eller dets hoved beder om noget, der aldrig gøres."
        "The supplier of the fagsystem sends the token in its compact form, names only the algorithm, the key and the type in its header, and brings no key or address along."
        / "Fagsystemets leverandør sender tokenet i kompakt form, nævner kun algoritme, nøgle og type i hovedet og medsender hverken nøgle eller adresse.";
    JwtClaims "jwt.claims" Fagsystem
        "A token's content is not readable, or says nothing about who it is from."
        / "Et tokens indhold kan ikke læses eller siger intet om, hvem det er fra."
        "The supplier of the fagsystem sends one JSON object in which nothing stands twice, with the issuer in it."
        / "Fagsystemets leverandør sender ét JSON-objekt, hvor intet står to gange, og med udstederen i.";
    JwtKey "jwt.key" Fagsystem
        "A token is signed with a key that is not the one registered key of its name, or not for this use."
        / "Et token er signeret med en nøgle, der ikke er den ene registrerede nøgle af det navn, eller ikke er til denne brug."
        "The supplier of the fagsystem has its present keys registered, each with a name of its own, and names the right one in the token's header."
        / "Fagsystemets leverandør får sine aktuelle nøgler registreret, hver med sit eget navn, og nævner den rette i tokenets hoved.";
    JwtKeySet "jwt.keys" Register
        "A list of public keys holds something that it must not: a private or weak key, two keys of one name, or no usable key at all."
        / "En liste over offentlige nøgler indeholder noget, den ikke må: en privat eller svag nøgle, to nøgler af samme navn eller slet ingen brugbar nøgle."
        "The supplier of the fagsystem delivers its public keys only, RSA with at least 2048 bits or P-256 or P-384, each with a name of its own. A private key that was sent must be replaced."
        / "Fagsystemets leverandør leverer kun sine offentlige nøgler, RSA med mindst 2048 bit eller P-256 eller P-384, hver med sit eget navn. En privat nøgle, der er sendt, skal udskiftes.";
    JwtSignature "jwt.signature" Fagsystem
        "A token was changed on its way, or signed with another key than the registered one."
        / "Et token er ændret undervejs eller signeret med en anden nøgle end den registrerede."
        "The supplier of the fagsystem has its present key registered. If it is, keep the token's time and case number and tell your security team."
        / "Fagsystemets leverandør får sin aktuelle nøgle registreret. Er den det, så gem tidspunkt og sagsnummer, og giv jeres sikkerhedsteam besked.";
    JwtType "jwt.type" Fagsystem
        "A token of one kind was shown where another kind is expected."
        / "Et token af én slags blev vist, hvor en anden slags forventes."
        "The supplier of the fagsystem sends the access token, the ID token or its own proof each only where that one is asked for."
        / "Fagsystemets leverandør sender adgangstoken, ID-token eller sit eget bevis hver kun der, hvor netop det bliver bedt om.";
    JwtAud "jwt.aud" Fagsystem
        "A token is meant for somebody else, or for others beside the one it was shown to."
        / "Et token er ment til en anden eller til flere end den, det blev vist til."
        "The supplier of the fagsystem names as audience exactly the address or name that is published here, and no other."
        / "Fagsystemets leverandør nævner som modtager præcis den adresse eller det navn, der er offentliggjort her, og ingen anden.";
    JwtTime "jwt.time" Fagsystem
        "A token is over, not yet begun, lives too long, or does not say when."
        / "Et token er udløbet, ikke begyndt, lever for længe eller siger ikke hvornår."
        "The supplier of the fagsystem sets its clock by a time server, makes a new token for each use, and writes moments as numbers."
        / "Fagsystemets leverandør stiller sit ur efter en tidsserver, laver et nyt token til hver brug og skriver tidspunkter som tal.";
    Pop "pop" Fagsystem
        "A request lacks the proof that its sender holds the key that its token is bound to, or the proof is for another request."
        / "En anmodning mangler beviset for, at afsenderen har den nøgle, tokenet er bundet til, eller beviset er til en anden anmodning."
        "The supplier of the fagsystem makes a new proof for every request, with its method, its address and the access token that goes with it."
        / "Fagsystemets leverandør laver et nyt bevis til hver anmodning med dens metode, dens adresse og det adgangstoken, der følger med.";
    EncNokey "enc.nokey" Fagsystem
        "The fagsystem's token must be encrypted, but its registration has no usable encryption key."
        / "Fagsystemets adgangsbevis skal krypteres, men dets registrering har ingen brugbar krypteringsnøgle."
        "The supplier of the fagsystem adds a valid encryption certificate to its metadata and has it registered here."
        / "Fagsystemets leverandør lægger et gyldigt krypteringscertifikat i sine metadata og får dem registreret her.";
    ParamMissing "param.missing" Fagsystem
        "The address or form lacks a required parameter."
        / "Adressen eller formularen mangler en nødvendig oplysning."
        "The supplier of the fagsystem sends all parameters of the binding; the detail names the missing one. If you came by a bookmark, begin in the fagsystem instead."
        / "Fagsystemets leverandør sender alle bindingens parametre; detaljen nævner den manglende. Kom du via et bogmærke, så begynd i fagsystemet i stedet.";
    ParamDuplicate "param.duplicate" Fagsystem
        "A parameter stands twice."
        / "En parameter står der to gange."
        "The supplier of the fagsystem sends each parameter once."
        / "Fagsystemets leverandør sender hver parameter én gang.";
    ParamEncoded "param.encoded" Fagsystem
        "The name of a parameter is written in a disguised way."
        / "Navnet på en parameter er skrevet på en forklædt måde."
        "The supplier of the fagsystem writes the names of parameters plainly, without percent-encoding or brackets."
        / "Fagsystemets leverandør skriver parametrenes navne direkte, uden procentkodning og kantede parenteser.";
    ParamShadow "param.shadow" Fagsystem
        "A registered address carries a parameter that belongs to the protocol."
        / "En registreret adresse indeholder en parameter, som hører til protokollen."
        "The supplier of the fagsystem removes the SAML parameter from the address in its metadata."
        / "Fagsystemets leverandør fjerner SAML-parameteren fra adressen i sine metadata.";
    HttpMethod "http.method" Fagsystem
        "The address was called with a method or content type that it does not take."
        / "Adressen blev kaldt med en metode eller en indholdstype, som den ikke tager imod."
        "The supplier of the fagsystem uses the binding that our metadata lists for the address. If you reloaded the page, begin in the fagsystem instead."
        / "Fagsystemets leverandør bruger den binding, som vores metadata angiver for adressen. Genindlæste du siden, så begynd i fagsystemet i stedet.";
    RelayState "relaystate" Fagsystem
        "RelayState is longer than what can be carried."
        / "Fagsystemets huskeseddel, RelayState, er længere, end der kan sendes med."
        "The supplier of the fagsystem sends a short reference in RelayState and keeps the rest on its own side."
        / "Fagsystemets leverandør sender en kort reference i RelayState og gemmer resten hos sig selv.";
    IrtMissing "irt.missing" IdentityProvider
        "The answer does not say which question it answers."
        / "Svaret siger ikke, hvilket spørgsmål det svarer på."
        "Whoever runs the identity provider sends InResponseTo, and lets logins begin in the fagsystem, never at the identity provider."
        / "Den, der driver identitetsudbyderen, sender InResponseTo og lader login begynde i fagsystemet, aldrig hos identitetsudbyderen.";
    IrtUnknown "irt.unknown" User
        "The answer belongs to a login that is finished, too old, or was begun elsewhere."
        / "Svaret hører til et login, der er afsluttet, for gammelt eller begyndt et andet sted."
        "Begin again in the fagsystem. A login must be finished within ten minutes, in the window where it began."
        / "Begynd forfra i fagsystemet. Et login skal gøres færdigt inden for ti minutter i det vindue, hvor det begyndte.";
    BrowserBinding "browser.binding" User
        "The answer arrived in another browser than the one in which the login began."
        / "Svaret kom i en anden browser end den, hvor loginnet begyndte."
        "Begin again in the fagsystem and stay in the same browser. It must accept cookies from this page."
        / "Begynd forfra i fagsystemet, og bliv i samme browser. Den skal tillade cookies fra denne side.";
    Replay "replay" User
        "The same answer has been used before."
        / "Det samme svar er allerede blevet brugt."
        "Begin again in the fagsystem; don't use the back button or reload while logging in. If nobody did that, tell your security team."
        / "Begynd forfra i fagsystemet; brug ikke tilbageknappen, og genindlæs ikke under login. Har ingen gjort det, så giv jeres sikkerhedsteam besked.";
    RequestReplay "request.replay" User
        "The same request has already led to a login."
        / "Den samme anmodning har allerede ført til et login."
        "Begin again in the fagsystem; an old tab or bookmark cannot be used twice."
        / "Begynd forfra i fagsystemet; en gammel fane eller et bogmærke kan ikke bruges to gange.";
    RequestStale "request.stale" Fagsystem
        "The request is too old or comes from the future."
        / "Anmodningen er for gammel eller dateret ude i fremtiden."
        "The supplier of the fagsystem sets its clock by NTP. If you came by an old tab, begin again in the fagsystem."
        / "Fagsystemets leverandør stiller sit ur med NTP. Kom du fra en gammel fane, så begynd forfra i fagsystemet.";
    Destination "destination" Fagsystem
        "The message is addressed to another address than the one it arrived at."
        / "Meddelelsen er stilet til en anden adresse end den, den kom til."
        "The supplier of the fagsystem, or whoever runs the identity provider, takes the address from our present metadata, letter by letter."
        / "Fagsystemets leverandør, eller den der driver identitetsudbyderen, tager adressen fra vores aktuelle metadata, bogstav for bogstav.";
    TimeConditions "time.conditions" IdentityProvider
        "The assertion is not valid now."
        / "Adgangsbeviset er ikke gyldigt nu."
        "Whoever runs the identity provider sets its clock by NTP and lets assertions live for some minutes."
        / "Den, der driver identitetsudbyderen, stiller uret med NTP og lader adgangsbeviser gælde i nogle minutter.";
    TimeScd "time.scd" IdentityProvider
        "The confirmation of the subject is not valid now."
        / "Bekræftelsen af, hvem brugeren er, gælder ikke nu."
        "Whoever runs the identity provider sets its clock by NTP and gives the subject confirmation some minutes to live."
        / "Den, der driver identitetsudbyderen, stiller uret med NTP og lader bekræftelsen gælde i nogle minutter.";
    TimeIssue "time.issue" IdentityProvider
        "The time at which the answer was made does not fit the login."
        / "Det tidspunkt, svaret blev lavet på, passer ikke til loginnet."
        "Whoever runs the identity provider sets its clock by NTP. If the user was asked to log in anew, it must really do so."
        / "Den, der driver identitetsudbyderen, stiller uret med NTP. Er der bedt om et nyt login, skal det også finde sted.";
    TimeSession "time.session" IdentityProvider
        "The session at the identity provider has already ended."
        / "Sessionen hos identitetsudbyderen er allerede slut."
        "Begin again in the fagsystem. If it goes on, whoever runs the identity provider corrects its clock or the end of the session."
        / "Begynd forfra i fagsystemet. Bliver det ved, retter den, der driver identitetsudbyderen, uret eller sessionens sluttid.";
    Audience "audience" IdentityProvider
        "The assertion is meant for somebody else."
        / "Adgangsbeviset er beregnet til en anden."
        "Whoever runs the identity provider sets our entityID, exactly as in our metadata, as the audience."
        / "Den, der driver identitetsudbyderen, sætter vores entityID, præcis som i vores metadata, som modtager (audience).";
    Recipient "recipient" IdentityProvider
        "The assertion was made for delivery at another address."
        / "Adgangsbeviset er lavet til aflevering på en anden adresse."
        "Whoever runs the identity provider takes the delivery address from our present metadata, letter by letter."
        / "Den, der driver identitetsudbyderen, tager afleveringsadressen fra vores aktuelle metadata, bogstav for bogstav.";
    ScdMethod "scd.method" IdentityProvider
        "The subject is not confirmed in the way that a browser login demands."
        / "Brugeren er ikke bekræftet på den måde, som et login i en browser kræver."
        "Whoever runs the identity provider uses the subject confirmation method bearer."
        / "Den, der driver identitetsudbyderen, bruger bekræftelsesmetoden bearer.";
    ConditionUnknown "condition.unknown" IdentityProvider
        "The assertion sets a condition that we do not know."
        / "Adgangsbeviset stiller en betingelse, som vi ikke kender."
        "Whoever runs the identity provider removes the condition; the detail names it."
        / "Den, der driver identitetsudbyderen, fjerner betingelsen; detaljen nævner den.";
    Status "status" IdentityProvider
        "The identity provider did not log the user in."
        / "Identitetsudbyderen loggede ikke brugeren ind."
        "Try again, and choose the municipality that you work for. If it goes on, whoever runs the identity provider looks the attempt up in its own log."
        / "Prøv igen, og vælg den kommune, du arbejder for. Bliver det ved, slår den, der driver identitetsudbyderen, forsøget op i sin egen log.";
    AssertionCount "assertion.count" IdentityProvider
        "The answer does not hold exactly one assertion."
        / "Svaret indeholder ikke præcis ét adgangsbevis."
        "Whoever runs the identity provider sends one assertion in each answer."
        / "Den, der driver identitetsudbyderen, sender ét adgangsbevis i hvert svar.";
    AttrDuplicate "attr.duplicate" IdentityProvider
        "An attribute that identifies the user stands twice."
        / "En attribut, der udpeger brugeren, står der to gange."
        "Whoever runs the identity provider sends each identifying attribute once, with one value."
        / "Den, der driver identitetsudbyderen, sender hver udpegende attribut én gang med én værdi.";
    AttrAmbiguous "attr.ambiguous" IdentityProvider
        "The user's rights are stated twice and not alike."
        / "Brugerens rettigheder er oplyst to gange og ikke ens."
        "Whoever runs the identity provider sends one privilege list in one attribute, under the name of its profile."
        / "Den, der driver identitetsudbyderen, sender én rettighedsliste i én attribut under det navn, som dens profil bruger.";
    BppXml "bpp.xml" IdentityProvider
        "The user's rights are not a privilege list that can be read without doubt."
        / "Brugerens rettigheder er ikke en rettighedsliste, som kan læses uden tvivl."
        "Whoever runs the identity provider compares the list with the OIO Basic Privilege Profile; the detail in the audit log says what was expected, and the command context-handler bpp explain judges a list."
        / "Den, der driver identitetsudbyderen, sammenholder listen med OIO Basic Privilege Profile; detaljen i revisionsloggen siger, hvad der var ventet, og kommandoen context-handler bpp explain bedømmer en liste.";
    AttrType "attr.type" IdentityProvider
        "An attribute has structure where text is expected."
        / "En attribut har struktur, hvor der ventes tekst."
        "Whoever runs the identity provider sends the value as plain text; the detail names the attribute."
        / "Den, der driver identitetsudbyderen, sender værdien som ren tekst; detaljen nævner attributten.";
    AttrChars "attr.chars" IdentityProvider
        "A value has characters that XML cannot carry."
        / "En værdi har tegn, som XML ikke kan rumme."
        "Whoever runs the identity provider removes control characters from the value in its directory; the detail names the attribute."
        / "Den, der driver identitetsudbyderen, fjerner styretegn fra værdien i sit brugerkatalog; detaljen nævner attributten.";
    AttrMissing "attr.missing" IdentityProvider
        "A required attribute is missing."
        / "En påkrævet attribut mangler."
        "Whoever runs the identity provider adds the attribute that the detail names, and checks that this user has a value for it."
        / "Den, der driver identitetsudbyderen, tilføjer den attribut, som detaljen nævner, og ser efter, om brugeren har en værdi i den.";
    ValueComment "value.comment" IdentityProvider
        "A value is interrupted by a comment or a processing instruction."
        / "En værdi er afbrudt af en kommentar eller en behandlingsinstruktion."
        "Whoever runs the sending system sends values without comments inside. If it never writes any, keep the message and tell your security team."
        / "Den, der driver det afsendende system, sender værdier uden kommentarer i. Skriver det aldrig sådanne, så gem meddelelsen, og giv jeres sikkerhedsteam besked.";
    ValueFormat "value.format" IdentityProvider
        "A value does not have the form that the profile demands."
        / "En værdi har ikke den form, som profilen kræver."
        "Whoever runs the identity provider corrects the value; the detail names the attribute and the form that was expected."
        / "Den, der driver identitetsudbyderen, retter værdien; detaljen nævner attributten og den form, der ventedes.";
    IdpUnknown "idp.unknown" Register
        "The sender is not a registered identity provider."
        / "Afsenderen er ikke en registreret identitetsudbyder."
        "The municipality has its identity provider registered here, with exactly the entityID that it sends."
        / "Kommunen får sin identitetsudbyder registreret her med præcis det entityID, den sender.";
    IdpUnexpected "idp.unexpected" IdentityProvider
        "Another identity provider answered than the one that was asked."
        / "En anden identitetsudbyder svarede end den, der blev spurgt."
        "Begin again in the fagsystem with one tab. If it goes on, whoever runs the identity provider answers with the entityID that is registered."
        / "Begynd forfra i fagsystemet med kun én fane. Bliver det ved, svarer den, der driver identitetsudbyderen, med det registrerede entityID.";
    IdpDisabled "idp.disabled" Register
        "The identity provider is switched off or speaks for no municipality."
        / "Identitetsudbyderen er slået fra eller taler ikke for nogen kommune."
        "The municipality and the register keeper switch the identity provider on, or make a federation agreement that is in force."
        / "Kommunen og registerets forvalter slår identitetsudbyderen til eller indgår en føderationsaftale, der er i kraft.";
    SpUnknown "sp.unknown" Register
        "The sender is not a registered fagsystem."
        / "Afsenderen er ikke et registreret fagsystem."
        "The supplier has the fagsystem registered here, with exactly the entityID that it sends."
        / "Leverandøren får fagsystemet registreret her med præcis det entityID, det sender.";
    SpDisabled "sp.disabled" Register
        "The fagsystem is switched off."
        / "Fagsystemet er slået fra."
        "The supplier and the register keeper find out why, and switch the fagsystem on again."
        / "Leverandøren og registerets forvalter finder ud af hvorfor og slår fagsystemet til igen.";
    AgreementMissing "agreement.missing" Register
        "There is no agreement in force between the municipality, its identity provider and the fagsystem."
        / "Der er ingen aftale i kraft mellem kommunen, dens identitetsudbyder og fagsystemet."
        "The municipality makes a service agreement for this fagsystem, or renews the one that ran out."
        / "Kommunen indgår en serviceaftale om dette fagsystem eller fornyer den, der er udløbet.";
    IssuerMismatch "issuer.mismatch" IdentityProvider
        "The answer and its assertion name different senders."
        / "Svaret og dets adgangsbevis nævner forskellige afsendere."
        "Whoever runs the identity provider writes the same entityID as issuer in both."
        / "Den, der driver identitetsudbyderen, skriver samme entityID som udsteder begge steder.";
    IssuerSelf "issuer.self" User
        "A token that we issued was sent back to us."
        / "Et adgangsbevis, som vi har udstedt, blev sendt tilbage til os."
        "Begin again in the fagsystem. If nobody tampered with the address, tell your security team."
        / "Begynd forfra i fagsystemet. Har ingen pillet ved adressen, så giv jeres sikkerhedsteam besked.";
    TenantMismatch "tenant.mismatch" IdentityProvider
        "The municipality in the answer is not the one that was chosen, or the answer was meant for another one."
        / "Kommunen i svaret er ikke den, der blev valgt, eller svaret var beregnet til en anden."
        "Choose the municipality that you work for. If you did, whoever runs the identity provider sends that municipality's CVR number."
        / "Vælg den kommune, du arbejder for. Gjorde du det, skal den, der driver identitetsudbyderen, sende denne kommunes CVR-nummer.";
    TenantNameid "tenant.nameid" IdentityProvider
        "The user's name belongs to a municipality that the identity provider does not speak for."
        / "Brugerens navn hører til en kommune, som identitetsudbyderen ikke taler for."
        "Whoever runs the identity provider corrects the CVR number in the user's name, or the municipality makes a federation agreement with it."
        / "Den, der driver identitetsudbyderen, retter CVR-nummeret i brugerens navn, eller kommunen indgår en føderationsaftale med den.";
    StateForged "state.forged" User
        "The state of the login was changed on its way or comes from elsewhere."
        / "Loginnets tilstand blev ændret undervejs eller kommer et andet sted fra."
        "Begin again in the fagsystem and let the browser keep its cookies. If it goes on in other browsers too, tell us the case number."
        / "Begynd forfra i fagsystemet, og lad browseren beholde sine cookies. Sker det også i andre browsere, så oplys os sagsnummeret.";
    SessionReused "session.reused" Nobody
        "The user was logged in already, and that login was enough for this fagsystem too."
        / "Brugeren var allerede logget ind, og det login var nok også til dette fagsystem."
        "Nothing: the user is logged in."
        / "Intet: Brugeren er logget ind.";
    SessionUnfit "session.unfit" Nobody
        "The user was logged in already, but that login was not enough for this fagsystem, so the identity provider was asked."
        / "Brugeren var allerede logget ind, men det login var ikke nok til dette fagsystem, så identitetsudbyderen blev spurgt."
        "Nothing: the answer of the identity provider decides."
        / "Intet: Identitetsudbyderens svar afgør sagen.";
    SessionEnded "session.ended" User
        "The session ended while it was being used."
        / "Sessionen blev afsluttet, mens den var i brug."
        "Log in again in the fagsystem."
        / "Log ind igen i fagsystemet.";
    TokenSpent "token.spent" Fagsystem
        "A code or refresh token that may be used once was used again."
        / "En kode eller et fornyelsestoken, der kun må bruges én gang, blev brugt igen."
        "Whoever runs the fagsystem lets it keep the newest refresh token and use each code once. If it does, somebody else has a copy: tell your security team."
        / "Den, der driver fagsystemet, lader det gemme det nyeste fornyelsestoken og bruge hver kode én gang. Gør det allerede det, har en anden en kopi: Giv jeres sikkerhedsteam besked.";
    FlowStep "flow.step" User
        "A step of the login was skipped."
        / "Et trin i loginnet blev sprunget over."
        "Begin again in the fagsystem and follow the pages in their order, without bookmarks."
        / "Begynd forfra i fagsystemet, og følg siderne i rækkefølge, uden bogmærker.";
    Scoping "scoping" Fagsystem
        "The request limits who may log the user in, and nobody fits."
        / "Anmodningen begrænser, hvem der må logge brugeren ind, og ingen passer."
        "The supplier of the fagsystem corrects the list of identity providers in the request, or leaves it out."
        / "Fagsystemets leverandør retter listen over identitetsudbydere i anmodningen eller udelader den.";
    ProxyCount "proxy_count" Fagsystem
        "The request allows no further identity provider behind us."
        / "Anmodningen tillader ingen yderligere identitetsudbyder bag os."
        "The supplier of the fagsystem leaves ProxyCount out of the request or sets it to 1 or more: the municipality's own login always stands behind us."
        / "Fagsystemets leverandør udelader ProxyCount af anmodningen eller sætter den til mindst 1: Kommunens eget login står altid bag os.";
    Passive "passive" Fagsystem
        "The fagsystem asked for a login without any page, and that is not possible."
        / "Fagsystemet bad om et login uden nogen side, og det er ikke muligt."
        "The supplier of the fagsystem asks anew without IsPassive when the user is not logged in already."
        / "Fagsystemets leverandør spørger igen uden IsPassive, når brugeren ikke allerede er logget ind.";
    RequestUnsupported "request.unsupported" Fagsystem
        "The request asks for something that contradicts itself or that we do not offer."
        / "Anmodningen beder om noget, der modsiger sig selv, eller som vi ikke tilbyder."
        "The supplier of the fagsystem changes the request; the detail names what cannot be met."
        / "Fagsystemets leverandør ændrer anmodningen; detaljen nævner det, der ikke kan opfyldes.";
    AcsUnknown "acs.unknown" Fagsystem
        "The request names an address for the answer that is not registered."
        / "Anmodningen nævner en adresse til svaret, som ikke er registreret."
        "The supplier of the fagsystem has the address registered in its metadata, or sends exactly one of those that stand there."
        / "Fagsystemets leverandør får adressen registreret i sine metadata eller sender præcis en af dem, der står der.";
    OidcRedirect "oidc.redirect" Fagsystem
        "The fagsystem wants its answer at an address that is not registered, so it gets none."
        / "Fagsystemet vil have svaret på en adresse, der ikke er registreret, og får derfor intet svar."
        "The supplier of the fagsystem sends exactly one of its registered addresses, or has the new one registered. If you came by a link from somebody else, do not use it again."
        / "Fagsystemets leverandør sender præcis en af sine registrerede adresser eller får den nye registreret. Kom du via et link fra en anden, så brug det ikke igen.";
    OidcRequest "oidc.request" Fagsystem
        "The request of the fagsystem is not as OpenID Connect and this context handler want it."
        / "Fagsystemets anmodning er ikke, som OpenID Connect og denne context handler vil have den."
        "The supplier of the fagsystem changes the request; the detail in the audit log names the parameter."
        / "Fagsystemets leverandør ændrer anmodningen; detaljen i revisionsloggen nævner parameteren.";
    OidcResponseType "oidc.response_type" Fagsystem
        "The fagsystem asks for a flow that is not offered; there is the code flow only."
        / "Fagsystemet beder om et forløb, der ikke tilbydes; der findes kun kodeforløbet."
        "The supplier of the fagsystem sets the response type to code and uses PKCE."
        / "Fagsystemets leverandør sætter svartypen til code og bruger PKCE.";
    OidcScope "oidc.scope" Fagsystem
        "The request of the fagsystem does not ask for a login."
        / "Fagsystemets anmodning beder ikke om et login."
        "The supplier of the fagsystem puts openid among the scopes of the request."
        / "Fagsystemets leverandør sætter openid blandt anmodningens scopes.";
    OidcObject "oidc.object" Fagsystem
        "The fagsystem sends its request inside a token, which is not offered."
        / "Fagsystemet sender sin anmodning inde i et token, og det tilbydes ikke."
        "The supplier of the fagsystem pushes the request to us instead (PAR), or sends plain parameters."
        / "Fagsystemets leverandør afleverer anmodningen hos os i forvejen (PAR) eller sender almindelige parametre.";
    OidcPushed "oidc.pushed" Fagsystem
        "The pushed request is not ours, was used before, is too old, or belongs to another client."
        / "Den afleverede anmodning er ikke vores, er brugt før, er for gammel eller tilhører en anden klient."
        "Begin again in the fagsystem. If it goes on, its supplier pushes a new request for each login and sends the browser here at once."
        / "Begynd forfra i fagsystemet. Bliver det ved, afleverer leverandøren en ny anmodning for hvert login og sender straks browseren hertil.";
    OidcClient "oidc.client" Fagsystem
        "The fagsystem did not prove that it is the one it says."
        / "Fagsystemet beviste ikke, at det er den, det siger."
        "The supplier of the fagsystem proves itself in the one way that it is registered with, with the secret or key that is registered; the detail names the way."
        / "Fagsystemets leverandør beviser sig på den ene måde, der er registreret, med den registrerede hemmelighed eller nøgle; detaljen nævner måden.";
    OidcCode "oidc.code" Fagsystem
        "The code is unknown, too old, used before, or belongs to another client or address."
        / "Koden er ukendt, for gammel, brugt før eller hører til en anden klient eller adresse."
        "Begin again in the fagsystem. If it goes on, its supplier redeems each code once, within a minute, with the address of the request. A code that came twice may have been stolen: its tokens no longer count."
        / "Begynd forfra i fagsystemet. Bliver det ved, indløser leverandøren hver kode én gang, inden for et minut og med anmodningens adresse. En kode, der kom to gange, kan være stjålet: Dens tokens gælder ikke længere.";
    OidcPkce "oidc.pkce" Fagsystem
        "Whoever brought the code is not the one who asked for it."
        / "Den, der kom med koden, er ikke den, der bad om den."
        "Begin again in the fagsystem. If it goes on, its supplier keeps the verifier of each request until the code comes, one for each tab."
        / "Begynd forfra i fagsystemet. Bliver det ved, gemmer leverandøren hver anmodnings code verifier, til koden kommer, én for hver fane.";
    OidcGrant "oidc.grant" Fagsystem
        "The fagsystem hands in something for tokens that is not taken here."
        / "Fagsystemet afleverer noget, der ikke kan byttes til tokens her."
        "The supplier of the fagsystem hands in a code or a refresh token; nothing else is exchanged for tokens here."
        / "Fagsystemets leverandør afleverer en kode eller et refresh token; andet byttes ikke til tokens her.";
    OidcKept "oidc.kept" Nobody
        "The fagsystem pushed a request to us before its user comes."
        / "Fagsystemet afleverede en anmodning hos os, før brugeren kommer."
        "Nothing: the user's browser brings the name of the request within a minute."
        / "Intet: Brugerens browser kommer med anmodningens navn inden for et minut.";
    OidcTokens "oidc.tokens" Nobody
        "The fagsystem handed in a code and was given tokens."
        / "Fagsystemet afleverede en kode og fik tokens."
        "Nothing: the user is logged in."
        / "Intet: Brugeren er logget ind.";
    OidcUserinfo "oidc.userinfo" Nobody
        "The fagsystem showed an access token and was told about its user."
        / "Fagsystemet viste et adgangstoken og fik oplyst, hvem brugeren er."
        "Nothing: who was told about which login stands in the audit log."
        / "Intet: Hvem der fik oplysninger om hvilket login, står i revisionsloggen.";
    TokenRefreshed "token.refreshed" Nobody
        "The fagsystem handed in a refresh token and was given new tokens."
        / "Fagsystemet afleverede et refresh token og fik nye tokens."
        "Nothing: the user stays logged in."
        / "Intet: Brugeren er fortsat logget ind.";
    TokenInspected "token.inspected" Nobody
        "The fagsystem asked about a token of its own and was told that it counts."
        / "Fagsystemet spurgte om et af sine egne tokens og fik at vide, at det gælder."
        "Nothing: which login the token belongs to stands in the audit log."
        / "Intet: Hvilket login tokenet hører til, står i revisionsloggen.";
    TokenRevoked "token.revoked" Nobody
        "The fagsystem gave a token back, and all that it was given at this login stopped counting."
        / "Fagsystemet gav et token tilbage, og alt, hvad det fik ved dette login, holdt op med at gælde."
        "Nothing: the user logs in again when the fagsystem needs it."
        / "Intet: Brugeren logger ind igen, når fagsystemet har brug for det.";
    TokenRefresh "token.refresh" Fagsystem
        "The refresh token is unknown, too old, used before, or belongs to another client."
        / "Dette refresh token er ukendt, for gammelt, brugt før eller hører til en anden klient."
        "Log in again. If it goes on, the supplier of the fagsystem uses each refresh token once and keeps the one that comes with the answer. One that came twice may have been stolen: its tokens no longer count."
        / "Log ind igen. Bliver det ved, bruger fagsystemets leverandør hvert refresh token én gang og gemmer det, der kommer med svaret. Et, der kom to gange, kan være stjålet: Dets tokens gælder ikke længere.";
    TokenOpaque "token.opaque" Fagsystem
        "The token is not one of ours, was changed, or no longer counts."
        / "Tokenet er ikke et af vores, er ændret eller gælder ikke længere."
        "The supplier of the fagsystem sends the token as it got it, and fetches a new one when that has run out."
        / "Fagsystemets leverandør sender tokenet, som det fik det, og henter et nyt, når det er udløbet.";
    IntrospectAud "introspect.aud" Fagsystem
        "A client asked about a token that is neither its own nor meant for it; it was told nothing."
        / "En klient spurgte om et token, der hverken er dens eget eller beregnet til den; den fik intet at vide."
        "The supplier of the asking system asks only about tokens that were made for it."
        / "Leverandøren af det spørgende system spørger kun om tokens, der er udstedt til det.";
    Discovery "discovery" User
        "The choice of municipality does not fit the login."
        / "Valget af kommune passer ikke til loginnet."
        "Begin again in the fagsystem and choose from the list that is shown."
        / "Begynd forfra i fagsystemet, og vælg fra den liste, der vises.";
    Profile "profile" IdentityProvider
        "The assertion does not follow the profile that the identity provider is registered with."
        / "Adgangsbeviset følger ikke den profil, som identitetsudbyderen er registreret med."
        "Whoever runs the identity provider sends what the profile demands, or the register keeper records the profile that is really used."
        / "Den, der driver identitetsudbyderen, sender det, profilen kræver, eller registerets forvalter indfører den profil, der faktisk bruges.";
    LoaInconsistent "loa.inconsistent" IdentityProvider
        "The levels in the assertion contradict one another."
        / "Sikringsniveauerne i adgangsbeviset modsiger hinanden."
        "Whoever runs the identity provider states one level, the same in every place."
        / "Den, der driver identitetsudbyderen, oplyser ét niveau, det samme alle steder.";
    LoaUnknown "loa.unknown" IdentityProvider
        "The assertion states no level that we know."
        / "Adgangsbeviset oplyser intet sikringsniveau, som vi kender."
        "Whoever runs the identity provider states an NSIS level or a NIST level as the profile writes it."
        / "Den, der driver identitetsudbyderen, oplyser et NSIS- eller NIST-niveau, som profilen skriver det.";
    LoaLower "loa.lower" IdentityProvider
        "The level that the user reached is not the one that the fagsystem requires; most often it is too low."
        / "Brugerens login har ikke det sikringsniveau, som fagsystemet kræver; oftest er det for lavt."
        "Log in again with a stronger means, for example MitID. If you did, whoever runs the identity provider sees to it that the level is stated."
        / "Log ind igen med et stærkere middel, for eksempel MitID. Gjorde du det, sørger den, der driver identitetsudbyderen, for, at niveauet oplyses.";
    LoaStepUpUser "loa.stepup_user" User
        "The second login, which was to raise the level, is not known to be of the same person in the same organisation."
        / "Det andet login, som skulle hæve sikringsniveauet, vides ikke at være samme person i samme organisation."
        "Log in with your own MitID Erhverv for the municipality that you chose. If you did, the municipality lets its identity provider send the persistent UUID of your business user, or tells it beforehand."
        / "Log ind med dit eget MitID Erhverv for den kommune, du valgte. Gjorde du det, lader kommunen sin identitetsudbyder sende din erhvervsbrugers persistente UUID eller oplyser den på forhånd.";
    RobotNsis "robot.nsis" User
        "The user is a robot, and the fagsystem requires an NSIS level, which is about persons: no robot can reach one."
        / "Brugeren er en robot, og fagsystemet kræver et NSIS-niveau, som handler om personer: Det kan ingen robot nå."
        "Whoever runs the robot lets it use the fagsystem's API with a system login instead of the pages for people. Has the fagsystem no API, its supplier is asked for one."
        / "Den, der driver robotten, lader den bruge fagsystemets API med et systemlogin i stedet for brugerfladen. Har fagsystemet ingen API, må leverandøren bedes om en.";
    RobotSystem "robot.system" Register
        "The robot is not declared for this fagsystem."
        / "Robotten er ikke registreret til dette fagsystem."
        "The municipality adds the fagsystem to the robot's registration, or corrects where the robot goes."
        / "Kommunen føjer fagsystemet til robottens registrering eller retter, hvor robotten går hen.";
    RobotHours "robot.hours" Register
        "The robot came outside the hours or days that it is declared for."
        / "Robotten kom uden for de timer eller dage, den er registreret til."
        "Whoever runs the robot moves its work into those hours, or the municipality registers others. If nobody started it, tell your security team."
        / "Den, der driver robotten, lægger arbejdet inden for tiden, eller kommunen registrerer en anden tid. Har ingen startet den, så giv jeres sikkerhedsteam besked.";
    RobotNetwork "robot.network" Register
        "The robot came from a network that it is not declared for."
        / "Robotten kom fra et netværk, den ikke er registreret til."
        "Whoever runs the robot starts it from its own machine, or the municipality registers the new network. If nobody moved it, tell your security team."
        / "Den, der driver robotten, starter den fra dens egen maskine, eller kommunen registrerer det nye netværk. Har ingen flyttet den, så giv jeres sikkerhedsteam besked.";
    MdRefused "md.refused" Register
        "The metadata could not be accepted."
        / "Metadata kunne ikke godtages."
        "Whoever delivers the metadata corrects what the detail names and delivers them again; until then the last good ones count."
        / "Den, der leverer metadata, retter det, detaljen nævner, og leverer dem igen; indtil da gælder de sidste gode.";
    MdKey "md.key" Register
        "The metadata lists no usable signing key."
        / "Metadata indeholder ingen brugbar signeringsnøgle."
        "Whoever delivers the metadata adds a valid signing certificate with an RSA key of at least 2048 bits or a P-256 or P-384 key."
        / "Den, der leverer metadata, tilføjer et gyldigt signeringscertifikat med en RSA-nøgle på mindst 2048 bit eller en P-256- eller P-384-nøgle.";
    MdLimit "md.limit" Register
        "The metadata is larger than allowed or describes somebody else."
        / "Metadata er større end tilladt eller beskriver en anden."
        "Whoever delivers the metadata delivers one file that describes exactly the registered entityID."
        / "Den, der leverer metadata, leverer én fil, der beskriver præcis det registrerede entityID.";
    MdChange "md.change" Register
        "The metadata replaces every signing key at once, which needs a person's approval."
        / "Metadata udskifter alle signeringsnøgler på én gang, og det kræver en persons godkendelse."
        "Whoever delivers the metadata lists the old key beside the new one for a while, or the register keeper applies the new file after asking them."
        / "Den, der leverer metadata, lader den gamle nøgle stå ved siden af den nye en tid, eller registerets forvalter anvender den nye fil efter at have spurgt dem.";
    MdUnreachable "md.unreachable" Register
        "The address of the metadata did not answer with content."
        / "Adressen med metadata svarede ikke med et indhold."
        "Whoever delivers the metadata sees to it that the registered address answers; until then the last good ones count."
        / "Den, der leverer metadata, sørger for, at den registrerede adresse svarer; indtil da gælder de sidste gode.";
    EgressRefused "egress.refused" Us
        "An address may not be called from here: it is not https, or it is no public address."
        / "En adresse må ikke kaldes herfra: Den er ikke https, eller den er ikke offentlig."
        "The register keeper corrects the address. If the host is one of your own network, the operator names it in egress.allow-hosts."
        / "Registerets forvalter retter adressen. Hører værten til jeres eget net, nævner driften den i egress.allow-hosts.";
    AdminConflict "admin.conflict" Register
        "Two registrations claim the same name."
        / "To registreringer gør krav på samme navn."
        "The register keeper finds out to whom the name belongs and removes the other registration."
        / "Registerets forvalter finder ud af, hvem navnet tilhører, og fjerner den anden registrering.";
    AdminAcs "admin.acs" Register
        "A registered address is not a web address that an answer may be sent to."
        / "En registreret adresse er ikke en webadresse, som et svar må sendes til."
        "The supplier of the fagsystem delivers metadata with an https address."
        / "Fagsystemets leverandør leverer metadata med en https-adresse.";
    UsersRead "users.read" Nobody
        "A system of a municipality read the users that it keeps here."
        / "En kommunes system læste de brugere, den har liggende her."
        "Nothing: who asked stands in the audit log."
        / "Intet: Hvem der spurgte, står i revisionsloggen.";
    UsersChanged "users.changed" Nobody
        "Users that are kept here were changed."
        / "Brugere, der ligger her, blev ændret."
        "Nothing: who changed which user stands in the audit log."
        / "Intet: Hvem der ændrede hvilken bruger, står i revisionsloggen.";
    UsersUnknown "users.unknown" Caller
        "The municipality has no user of this id here."
        / "Kommunen har ingen bruger med dette id her."
        "The supplier of the calling system compares the id with the serial number in the user's name, letter by letter."
        / "Leverandøren af det kaldende system sammenholder id'et med serienummeret i brugerens navn, bogstav for bogstav.";
    ApiClient "api.client" Caller
        "The call carries no token and no certificate that is registered."
        / "Kaldet har hverken et bevis eller et certifikat, der er registreret."
        "The supplier of the calling system sends its token or certificate; the register keeper enters its SHA-256."
        / "Leverandøren af det kaldende system sender sit bevis eller certifikat; registerets forvalter indfører dets SHA-256.";
    ApiDisabled "api.disabled" Register
        "The calling system is switched off."
        / "Det kaldende system er slået fra."
        "The municipality and the register keeper find out why, and switch the system on again."
        / "Kommunen og registerets forvalter finder ud af hvorfor og slår systemet til igen.";
    ApiAuthority "api.authority" Caller
        "The call names another municipality than the one that the calling system is registered for."
        / "Kaldet nævner en anden kommune end den, det kaldende system er registreret for."
        "The supplier of the calling system leaves the municipality out: it follows from the token or certificate."
        / "Leverandøren af det kaldende system udelader kommunen: Den følger af beviset eller certifikatet.";
    ApiBody "api.body" Caller
        "The content of the call is not as it should be, so nothing was changed."
        / "Kaldets indhold er ikke, som det skal være, så intet blev ændret."
        "The supplier of the calling system corrects every mistake that the answer lists, and calls again."
        / "Leverandøren af det kaldende system retter alle de fejl, svaret opregner, og kalder igen.";
    ApiType "api.type" Caller
        "The content of the call is of a kind that is not taken here."
        / "Kaldets indhold er af en slags, der ikke tages imod her."
        "The supplier of the calling system sends JSON and says so in the content type: application/json."
        / "Leverandøren af det kaldende system sender JSON og siger det i indholdstypen: application/json.";
    ApiSize "api.size" Caller
        "The content of the call is larger than what is taken in one piece."
        / "Kaldets indhold er større end det, der tages imod på én gang."
        "The supplier of the calling system sends the users in several parts."
        / "Leverandøren af det kaldende system sender brugerne i flere dele.";
    AqAnswered "aq.answered" Nobody
        "A registered party asked for the attributes of a user and was answered."
        / "En registreret part spurgte om en brugers attributter og fik svar."
        "Nothing: who asked about whom stands in the audit log."
        / "Intet: Hvem der spurgte om hvem, står i revisionsloggen.";
    AqDenied "aq.denied" Caller
        "Somebody asked for the attributes of a user and was told none: the question is not allowed or not proved, or there is nothing to tell."
        / "Nogen spurgte om en brugers attributter og fik ingen: Spørgsmålet er ikke tilladt eller ikke bevist, eller der er intet at fortælle."
        "Whoever runs the asking system signs with the registered key and asks only for users and attributes that it is registered for."
        / "Den, der driver det spørgende system, signerer med den registrerede nøgle og spørger kun om brugere og attributter, det er registreret til.";
    AsAsked "as.asked" Nobody
        "The authority's attribute service was asked what the user may do."
        / "Myndighedens attributservice blev spurgt, hvad brugeren må."
        "Nothing: the answer stands in the record that follows."
        / "Intet: Svaret står i den følgende post.";
    AsOk "as.ok" Nobody
        "The attribute service's answer was accepted."
        / "Attributservicens svar blev godtaget."
        "Nothing: the rights were taken from it."
        / "Intet: Rettighederne blev taget derfra.";
    AsCached "as.cached" Nobody
        "An earlier answer of the attribute service was used again."
        / "Et tidligere svar fra attributservicen blev brugt igen."
        "Nothing. If a right was just given or taken away, it counts when the registered minutes have passed."
        / "Intet. Er en rettighed netop givet eller taget, gælder det, når de registrerede minutter er gået.";
    AsSource "as.source" Nobody
        "The attribute service said more than it is asked for; it was passed over."
        / "Attributservicen sagde mere, end den bliver spurgt om; det blev sprunget over."
        "Whoever runs the attribute service sends the privilege list and the agreed parameters only: no level, no login, nothing else about the user."
        / "Den, der driver attributservicen, sender kun privilegielisten og de aftalte parametre: intet sikringsniveau, intet login og intet andet om brugeren.";
    AsUnasked "as.unasked" Nobody
        "The attribute service was not asked, so it is not known what the user may do."
        / "Attributservicen blev ikke spurgt, så det vides ikke, hvad brugeren må."
        "Simulate again with --rights and what the service would say, or with --ask to have it asked."
        / "Simulér igen med --rights og det, servicen ville sige, eller med --ask for at få den spurgt.";
    AsDown "as.down" AttributeService
        "The authority's attribute service does not answer, so nobody knows what the user may do."
        / "Myndighedens attributservice svarer ikke, så ingen ved, hvad brugeren må."
        "Try again in a little while. Whoever runs the attribute service sees to it that its registered address answers in time; the register says what becomes of logins meanwhile."
        / "Prøv igen om lidt. Den, der driver attributservicen, sørger for, at dens registrerede adresse svarer i tide; registeret siger, hvad der sker med login imens.";
    AsKey "as.key" AttributeService
        "The attribute service's answer is not signed by a key of that service."
        / "Attributservicens svar er ikke signeret med en nøgle, der er den services egen."
        "Whoever runs the attribute service signs with a key that its metadata lists for this role and has the metadata registered here. If it does, keep the message and tell your security team."
        / "Den, der driver attributservicen, signerer med en nøgle, som dens metadata angiver til denne rolle, og får metadata registreret her. Gør den allerede det, så gem meddelelsen, og giv jeres sikkerhedsteam besked.";
    AsRefused "as.refused" AttributeService
        "The attribute service refused to say what the user may do."
        / "Attributservicen afviste at sige, hvad brugeren må."
        "Whoever runs the attribute service looks the question up in its own log, and registers us as one who may ask."
        / "Den, der driver attributservicen, slår spørgsmålet op i sin egen log og registrerer os som en, der må spørge.";
    AsAnswer "as.answer" AttributeService
        "The attribute service's answer does not fit the question."
        / "Attributservicens svar passer ikke til spørgsmålet."
        "Whoever runs the attribute service answers our question, about the same user, at once, with a readable privilege list; the detail names what did not fit."
        / "Den, der driver attributservicen, svarer på vores spørgsmål, om samme bruger, med det samme og med en læsbar privilegieliste; detaljen nævner det, der ikke passede.";
    GroupsOverage "groups.overage" Nobody
        "The user is in more groups than the identity provider can send, so none of them was used."
        / "Brugeren er i flere grupper, end identitetsudbyderen kan sende, så ingen af dem blev brugt."
        "Whoever runs the identity provider sends only the groups that are assigned to this application, or app roles instead of groups."
        / "Den, der driver identitetsudbyderen, sender kun de grupper, der er tildelt denne applikation, eller app-roller i stedet for grupper.";
    SloOk "slo.ok" Nobody
        "A session was ended."
        / "En session blev afsluttet."
        "Nothing: the records that follow tell who was told, and what they said."
        / "Intet: De følgende poster fortæller, hvem der fik besked, og hvad de svarede.";
    SloGone "slo.gone" Nobody
        "Somebody asked to end a session that is not there, so there was nothing to do."
        / "Nogen bad om at afslutte en session, der ikke findes, så der var intet at gøre."
        "Nothing: it had ended or expired before."
        / "Intet: Den var allerede afsluttet eller udløbet.";
    SloTold "slo.told" Nobody
        "A party of the session was told that it is over."
        / "En part i sessionen fik besked om, at den er slut."
        "Nothing: the answer stands in a record that follows."
        / "Intet: Svaret står i en følgende post.";
    SloConfirmed "slo.confirmed" Nobody
        "A party of the session confirmed that the user is logged out there."
        / "En part i sessionen bekræftede, at brugeren er logget ud dér."
        "Nothing: this is as it should be."
        / "Intet: Sådan skal det være.";
    SloDown "slo.down" Fagsystem
        "A party of the session could not be told that it is over: it names no address for logout, or does not answer there."
        / "En part i sessionen kunne ikke få besked om, at den er slut: Den angiver ingen adresse til logout, eller den svarer ikke dér."
        "Whoever runs it names an address for single logout in its metadata, best of all one for SOAP, and sees to it that it answers in time."
        / "Den, der driver den, angiver en adresse til single logout i sine metadata, allerhelst en til SOAP, og sørger for, at den svarer i tide.";
    SloRefused "slo.refused" Fagsystem
        "A party of the session answered that the user is not logged out there."
        / "En part i sessionen svarede, at brugeren ikke er logget ud dér."
        "Whoever runs it finds the cause in its own log, under the ID of our request."
        / "Den, der driver den, finder årsagen i sin egen log under ID’et på vores anmodning.";
    SloSig "slo.sig" Fagsystem
        "Somebody asked to end a session without a signature; the session lives on."
        / "Nogen bad uden signatur om at afslutte en session; sessionen fortsætter."
        "Whoever runs the sending system signs its logout requests, in every binding, with the key that its metadata lists."
        / "Den, der driver det afsendende system, signerer sine logoutanmodninger i alle bindinger med den nøgle, som dets metadata angiver.";
    SloIssuer "slo.issuer" Fagsystem
        "Somebody asked to end a session that it has no part in; the session lives on."
        / "Nogen bad om at afslutte en session, som de ingen del har i; sessionen fortsætter."
        "Whoever runs the sending system names only users and sessions that it was given itself. If it does, tell your security team."
        / "Den, der driver det afsendende system, nævner kun brugere og sessioner, det selv har fået. Gør det allerede det, så giv jeres sikkerhedsteam besked.";
    SloResponse "slo.response" Fagsystem
        "An answer to a logout request is unsigned, or is not from the one that was asked, or not to what was asked; it does not count."
        / "Et svar på en logoutanmodning er ikke signeret, kommer ikke fra den, der blev spurgt, eller svarer ikke på det, der blev spurgt om; det tæller ikke med."
        "Whoever runs the answering system signs its answer and names our request in InResponseTo."
        / "Den, der driver det svarende system, signerer sit svar og nævner vores anmodning i InResponseTo.";
    SloReplay "slo.replay" Fagsystem
        "A logout message was made for another address or another time, or has been used before."
        / "En logoutmeddelelse er lavet til en anden adresse eller et andet tidspunkt, eller den har været brugt før."
        "Whoever runs the sending system takes the address from our present metadata, letter by letter, sets its clock by NTP, and sends each message once."
        / "Den, der driver det afsendende system, tager adressen fra vores aktuelle metadata, bogstav for bogstav, stiller uret med NTP og sender hver meddelelse én gang.";
    SloPartial "slo.partial" Nobody
        "The session here has ended, but not everybody has confirmed that it has ended with them."
        / "Sessionen her er afsluttet, men ikke alle har bekræftet, at den også er afsluttet hos dem."
        "The user closes the browser to be sure. Whoever runs a system that did not confirm sees to it that its logout address answers."
        / "Brugeren lukker browseren for at være sikker. Den, der driver et system, som ikke bekræftede, sørger for, at dets logoutadresse svarer.";
    SloSchema "slo.schema" Fagsystem
        "A logout message lacks a part that SAML demands, or has its parts in another order."
        / "En logoutmeddelelse mangler en del, som SAML kræver, eller har delene i en anden rækkefølge."
        "Whoever runs the sending system compares the message with the SAML schema; the detail in the audit log names the part."
        / "Den, der driver det afsendende system, sammenholder meddelelsen med SAML-skemaet; detaljen i revisionsloggen nævner delen.";
    SloRace "slo.race" User
        "The user logged out while a login was under way, so nothing came of the login."
        / "Brugeren loggede ud, mens et login var i gang, så loginnet blev ikke til noget."
        "Begin again in the fagsystem if you want to be logged in."
        / "Begynd forfra i fagsystemet, hvis du vil være logget ind.";
    SloRedirect "slo.redirect" Fagsystem
        "The address that the user was to be sent to after logout is not registered, so the user stays here."
        / "Den adresse, brugeren skulle sendes til efter logout, er ikke registreret, så brugeren bliver her."
        "The supplier of the fagsystem has the address registered, letter by letter, or asks for none."
        / "Fagsystemets leverandør får adressen registreret, bogstav for bogstav, eller beder ikke om nogen.";
    StoreDown "store.down" Us
        "The store cannot be written, so nothing is issued."
        / "Lageret kan ikke skrives, så intet udstedes."
        "Try again in a little while. Whoever runs this context-handler looks at disk space, permissions and the database."
        / "Prøv igen om lidt. Den, der driver denne context-handler, ser efter diskplads, rettigheder og database.";
    SecondOpinion "second_opinion" Us
        "The independent verifier disagrees with ours about a signature; the login is refused."
        / "Den uafhængige kontrol er uenig med vores om en signatur; loginnet er afvist."
        "Whoever runs this context-handler keeps the message and reports it as a security matter before anything else."
        / "Den, der driver denne context-handler, gemmer meddelelsen og melder den som en sikkerhedssag før alt andet.";
    Internal "internal" Us
        "Something failed on our side."
        / "Noget gik galt hos os."
        "Try again. If it goes on, whoever runs this context-handler finds the cause under the case number."
        / "Prøv igen. Bliver det ved, finder den, der driver denne context-handler, årsagen under sagsnummeret.";
    TrustBegun "trust.begun" Nobody
        "A trust run began: somebody tries whether an identity provider works."
        / "En tillidsprøve begyndte: Nogen prøver, om en identitetsudbyder virker."
        "Nothing: nobody is let in by it."
        / "Intet: Den lukker ingen ind.";
    TrustEnded "trust.ended" Nobody
        "A trust run ended; its report says how."
        / "En tillidsprøve sluttede; dens rapport siger hvordan."
        "Nothing: the report says what is to be done."
        / "Intet: Rapporten siger, hvad der skal gøres.";
    TrustUnknown "trust.unknown" User
        "There is no trust run of this name, or its report has been deleted."
        / "Der findes ingen tillidsprøve med dette navn, eller dens rapport er slettet."
        "Ask whoever sent the link for a new one."
        / "Bed den, der sendte linket, om et nyt.";
    TrustScenario "trust.scenario" Register
        "This cannot be tried here: what it needs on our side is not set up."
        / "Dette kan ikke prøves her: Det, det kræver hos os, er ikke sat op."
        "Whoever keeps the register allows the step-up or names the attribute service; whoever runs this context-handler publishes a second signing key."
        / "Registerets forvalter tillader løftet eller indfører attributtjenesten; den, der driver denne context-handler, offentliggør en anden signeringsnøgle.";
    EncMissing "enc.missing" IdentityProvider
        "The assertion came in the clear."
        / "Assertion kom ukrypteret."
        "Whoever runs the identity provider lets it encrypt assertions for us, with the certificate in our metadata."
        / "Den, der driver identitetsudbyderen, lader den kryptere til os med certifikatet i vores metadata.";
    TimeSkew "time.skew" IdentityProvider
        "The identity provider's clock is further off than it should be."
        / "Identitetsudbyderens ur går mere forkert, end det bør."
        "Whoever runs the identity provider sets its clock by NTP."
        / "Den, der driver identitetsudbyderen, stiller uret med NTP.";
    ForceIgnored "force.ignored" IdentityProvider
        "We asked that the user authenticate again, and an old session answered."
        / "Vi bad om, at brugeren logger ind igen, og en gammel session svarede."
        "Whoever runs the identity provider lets it obey ForceAuthn."
        / "Den, der driver identitetsudbyderen, lader den adlyde ForceAuthn.";
    PassiveSession "passive.session" User
        "The user was logged in at the identity provider already, so nothing was tried."
        / "Brugeren var allerede logget ind hos identitetsudbyderen, så intet blev prøvet."
        "Try again in a private window."
        / "Prøv igen i et privat vindue.";
    SloMissing "slo.missing" IdentityProvider
        "The metadata has no address for logout."
        / "Metadata har ingen adresse til logout."
        "Whoever runs the identity provider publishes a SingleLogoutService."
        / "Den, der driver identitetsudbyderen, offentliggør en SingleLogoutService.";
    SloSession "slo.session" IdentityProvider
        "The logout was confirmed, and the session lived on."
        / "Logout blev bekræftet, og sessionen levede videre."
        "Whoever runs the identity provider lets a logout end the user's session."
        / "Den, der driver identitetsudbyderen, lader et logout afslutte brugerens session.";
    KeyNext "key.next" IdentityProvider
        "The identity provider does not know the key that we sign with next."
        / "Identitetsudbyderen kender ikke den nøgle, vi signerer med næste gang."
        "Whoever runs the identity provider fetches our metadata anew and takes up every signing key in it."
        / "Den, der driver identitetsudbyderen, henter vores metadata igen og tager alle signeringsnøgler i den op.";
    LoaMissing "loa.missing" IdentityProvider
        "The answer states no level that we know."
        / "Svaret oplyser intet sikringsniveau, vi kender."
        "Whoever runs the identity provider lets it state the level as its profile says."
        / "Den, der driver identitetsudbyderen, lader den oplyse niveauet, som profilen siger.";
    BppMissing "bpp.missing" IdentityProvider
        "The user has no rights, neither in the answer nor elsewhere."
        / "Brugeren har ingen rettigheder, hverken i svaret eller andre steder."
        "Whoever runs the identity provider lets it send the user's job function roles, or gives the test user one."
        / "Den, der driver identitetsudbyderen, lader den sende brugerens jobfunktionsroller eller giver testbrugeren en.";
    NameidFormat "nameid.format" IdentityProvider
        "The NameID is not in the format X509SubjectName."
        / "NameID har ikke formatet X509SubjectName."
        "Whoever runs the identity provider sets the Format of the NameID."
        / "Den, der driver identitetsudbyderen, sætter formatet på NameID.";
    RobotMissing "robot.missing" Register
        "The user is not known as a robot."
        / "Brugeren er ikke kendt som robot."
        "The municipality declares the robot, or the identity provider says that it is one."
        / "Kommunen anmelder robotten, eller identitetsudbyderen siger, at det er en.";
    NotFound "page.unknown" User
        "There is no such page."
        / "Siden findes ikke."
        "Check the address, or begin in the fagsystem that you want to use."
        / "Se efter, om adressen er rigtig, eller begynd i det fagsystem, du vil bruge.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_explained_in_both_languages_in_whole_sentences() {
        for reason in Reason::ALL {
            let Explanation { means, fix } = reason.explanation();
            for text in [means.da, means.en, fix.da, fix.en] {
                assert!(text.len() > 15 && text.ends_with('.'), "{reason}: {text:?}");
                assert!(text.chars().next().is_some_and(char::is_uppercase), "{reason}: {text:?}");
            }
            assert_ne!(means.da, means.en, "{reason}");
            assert_ne!(fix.da, fix.en, "{reason}");
        }
    }

    #[test]
    fn what_a_reason_means_is_said_without_codes() {
        for reason in Reason::ALL {
            let Explanation { means, .. } = reason.explanation();
            for text in [means.da, means.en] {
                let coded = reason.code().contains(['.', '_']) && text.contains(reason.code());
                assert!(!coded && !text.contains('_'), "{reason}: {text:?}");
            }
        }
    }

    #[test]
    fn a_code_is_found_again_and_belongs_to_one_reason() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(*reason));
        }
        assert_eq!(Reason::from_code("no.such"), None);
    }
}
