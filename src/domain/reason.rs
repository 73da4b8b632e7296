//! Why something was refused, changed or noticed: the closed list of reason codes.
//!
//! A code is a promise to whoever writes a log query, so it is added and never renamed. The sentences say what it
//! means and who must do what; they are shown by `explain CODE` and on the page `/errors/<code>`. The detail
//! of one occurrence (expected, received) travels beside the code in a [`Fault`] and stays in the audit log.

use std::borrow::Cow;
use std::fmt;

/// Who has to act before the same thing can succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The fagsystem that asked.
    Fagsystem,
    /// The identity provider that answered.
    IdentityProvider,
    /// Whoever keeps the register: the party is switched off, unknown, or has no agreement.
    Register,
    /// The person in front of the browser.
    User,
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

/// One sentence in both languages of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
        "A fagsystem asked for a login and the request was accepted." / ""
        "" / "";
    LoginChosen "login.chosen" Nobody
        "The municipality was chosen and its identity provider was asked." / ""
        "" / "";
    LoginOk "login.ok" Nobody
        "The identity provider's answer was accepted and a token was issued." / ""
        "" / "";
    RegistryApplied "registry.applied" Nobody
        "The register was changed." / ""
        "" / "";
    LoaCap "loa.cap" Nobody
        "The identity provider stated a higher level than it is registered for; the registered level counts." / ""
        "" / "";
    AttrReserved "attr.reserved" Nobody
        "The identity provider sent an attribute that only the context handler may set; it was removed." / ""
        "" / "";
    XmlMalformed "xml.malformed" IdentityProvider
        "The message is not well-formed XML 1.0 in UTF-8." / ""
        "" / "";
    XmlDoctype "xml.doctype" IdentityProvider
        "The message has a document type declaration, which is never accepted." / ""
        "" / "";
    XmlDuplicateId "xml.duplicate_id" IdentityProvider
        "Two elements of the message carry the same ID." / ""
        "" / "";
    XmlNamespace "xml.namespace" IdentityProvider
        "The message uses namespaces in a way that two readers could understand differently." / ""
        "" / "";
    XmlSchema "xml.schema" IdentityProvider
        "The message lacks a part that SAML demands, or has one too many." / ""
        "" / "";
    LimitXml "limit.xml" IdentityProvider
        "The message is larger, deeper or has more parts than any genuine one." / ""
        "" / "";
    LimitInflate "limit.inflate" Fagsystem
        "The compressed message grows beyond any genuine size." / ""
        "" / "";
    LimitSig "limit.sig" IdentityProvider
        "The message has more signatures or certificates than any genuine one." / ""
        "" / "";
    LimitDepth "limit.depth" IdentityProvider
        "Encrypted content holds encrypted content." / ""
        "" / "";
    EncodingBase64 "encoding.base64" IdentityProvider
        "A part of the message is not valid base64." / ""
        "" / "";
    SigMissing "sig.missing" IdentityProvider
        "The message, or the part that must be signed, has no signature." / ""
        "" / "";
    SigInvalid "sig.invalid" IdentityProvider
        "The signature does not fit the message." / ""
        "" / "";
    SigReference "sig.reference" IdentityProvider
        "The signature does not point at exactly the element that it stands in." / ""
        "" / "";
    SigStructure "sig.structure" IdentityProvider
        "The signature has parts that the profile does not allow." / ""
        "" / "";
    SigCoverage "sig.coverage" IdentityProvider
        "What would be read is not what was signed." / ""
        "" / "";
    SigTransform "sig.transform" IdentityProvider
        "The signature asks for a transformation that is not allowed." / ""
        "" / "";
    SigC14n "sig.c14n" IdentityProvider
        "The signature asks for a canonical form that is not allowed." / ""
        "" / "";
    AlgRefused "alg.refused" IdentityProvider
        "The message uses an algorithm or a key that is too weak or unknown." / ""
        "" / "";
    KeyUntrusted "key.untrusted" IdentityProvider
        "The message is signed with a key that is not registered for its sender." / ""
        "" / "";
    KeyExpired "key.expired" IdentityProvider
        "The certificate of the key that signed has expired or is not yet valid." / ""
        "" / "";
    KeyRole "key.role" IdentityProvider
        "The message is signed with a key that is registered for another role." / ""
        "" / "";
    DecFailed "dec.failed" IdentityProvider
        "The encrypted part could not be read with any of our keys." / ""
        "" / "";
    DecStructure "dec.structure" IdentityProvider
        "The encrypted part has a form that the profile does not allow." / ""
        "" / "";
    EncNokey "enc.nokey" Fagsystem
        "The fagsystem's token must be encrypted, but its registration has no usable encryption key." / ""
        "" / "";
    ParamMissing "param.missing" Fagsystem
        "The address or form lacks a required parameter." / ""
        "" / "";
    ParamDuplicate "param.duplicate" Fagsystem
        "A parameter stands twice." / ""
        "" / "";
    ParamEncoded "param.encoded" Fagsystem
        "The name of a parameter is written in a disguised way." / ""
        "" / "";
    ParamShadow "param.shadow" Fagsystem
        "A registered address carries a parameter that belongs to the protocol." / ""
        "" / "";
    HttpMethod "http.method" Fagsystem
        "The address was called with a method or content type that it does not take." / ""
        "" / "";
    RelayState "relaystate" Fagsystem
        "RelayState is longer than what can be carried." / ""
        "" / "";
    IrtMissing "irt.missing" IdentityProvider
        "The answer does not say which question it answers." / ""
        "" / "";
    IrtUnknown "irt.unknown" User
        "The answer belongs to a login that is finished, too old, or was begun elsewhere." / ""
        "" / "";
    BrowserBinding "browser.binding" User
        "The answer arrived in another browser than the one in which the login began." / ""
        "" / "";
    Replay "replay" User
        "The same answer has been used before." / ""
        "" / "";
    RequestReplay "request.replay" User
        "The same request has already led to a login." / ""
        "" / "";
    RequestStale "request.stale" Fagsystem
        "The request is too old or comes from the future." / ""
        "" / "";
    Destination "destination" Fagsystem
        "The message is addressed to another address than the one it arrived at." / ""
        "" / "";
    TimeConditions "time.conditions" IdentityProvider
        "The assertion is not valid now." / ""
        "" / "";
    TimeScd "time.scd" IdentityProvider
        "The confirmation of the subject is not valid now." / ""
        "" / "";
    TimeIssue "time.issue" IdentityProvider
        "The time at which the answer was made does not fit the login." / ""
        "" / "";
    TimeSession "time.session" IdentityProvider
        "The session at the identity provider has already ended." / ""
        "" / "";
    Audience "audience" IdentityProvider
        "The assertion is meant for somebody else." / ""
        "" / "";
    Recipient "recipient" IdentityProvider
        "The assertion was made for delivery at another address." / ""
        "" / "";
    ScdMethod "scd.method" IdentityProvider
        "The subject is not confirmed in the way that a browser login demands." / ""
        "" / "";
    ConditionUnknown "condition.unknown" IdentityProvider
        "The assertion sets a condition that we do not know." / ""
        "" / "";
    Status "status" IdentityProvider
        "The identity provider did not log the user in." / ""
        "" / "";
    AssertionCount "assertion.count" IdentityProvider
        "The answer does not hold exactly one assertion." / ""
        "" / "";
    AttrDuplicate "attr.duplicate" IdentityProvider
        "An attribute that identifies the user stands twice." / ""
        "" / "";
    AttrType "attr.type" IdentityProvider
        "An attribute has structure where text is expected." / ""
        "" / "";
    AttrChars "attr.chars" IdentityProvider
        "A value has characters that XML cannot carry." / ""
        "" / "";
    AttrMissing "attr.missing" IdentityProvider
        "A required attribute is missing." / ""
        "" / "";
    ValueComment "value.comment" IdentityProvider
        "A value is interrupted by a comment or a processing instruction." / ""
        "" / "";
    ValueFormat "value.format" IdentityProvider
        "A value does not have the form that the profile demands." / ""
        "" / "";
    IdpUnknown "idp.unknown" Register
        "The sender is not a registered identity provider." / ""
        "" / "";
    IdpUnexpected "idp.unexpected" IdentityProvider
        "Another identity provider answered than the one that was asked." / ""
        "" / "";
    IdpDisabled "idp.disabled" Register
        "The identity provider is switched off or speaks for no municipality." / ""
        "" / "";
    SpUnknown "sp.unknown" Register
        "The sender is not a registered fagsystem." / ""
        "" / "";
    SpDisabled "sp.disabled" Register
        "The fagsystem is switched off." / ""
        "" / "";
    AgreementMissing "agreement.missing" Register
        "There is no agreement in force between the municipality, its identity provider and the fagsystem." / ""
        "" / "";
    IssuerMismatch "issuer.mismatch" IdentityProvider
        "The answer and its assertion name different senders." / ""
        "" / "";
    IssuerSelf "issuer.self" User
        "A token that we issued was sent back to us." / ""
        "" / "";
    TenantMismatch "tenant.mismatch" IdentityProvider
        "The municipality in the answer is not the one that was chosen, or the answer was meant for another one." / ""
        "" / "";
    TenantNameid "tenant.nameid" IdentityProvider
        "The user's name belongs to a municipality that the identity provider does not speak for." / ""
        "" / "";
    StateForged "state.forged" User
        "The state of the login was changed on its way or comes from elsewhere." / ""
        "" / "";
    FlowStep "flow.step" User
        "A step of the login was skipped." / ""
        "" / "";
    Scoping "scoping" Fagsystem
        "The request limits who may log the user in, and nobody fits." / ""
        "" / "";
    ProxyCount "proxy_count" Fagsystem
        "The request allows no further identity provider behind us." / ""
        "" / "";
    Passive "passive" Fagsystem
        "The fagsystem asked for a login without any page, and that is not possible." / ""
        "" / "";
    RequestUnsupported "request.unsupported" Fagsystem
        "The request asks for something that contradicts itself or that we do not offer." / ""
        "" / "";
    AcsUnknown "acs.unknown" Fagsystem
        "The request names an address for the answer that is not registered." / ""
        "" / "";
    Discovery "discovery" User
        "The choice of municipality does not fit the login." / ""
        "" / "";
    Profile "profile" IdentityProvider
        "The assertion does not follow the profile that the identity provider is registered with." / ""
        "" / "";
    LoaInconsistent "loa.inconsistent" IdentityProvider
        "The levels in the assertion contradict one another." / ""
        "" / "";
    LoaUnknown "loa.unknown" IdentityProvider
        "The assertion states no level that we know." / ""
        "" / "";
    LoaLower "loa.lower" IdentityProvider
        "The level that the user reached is lower than what the fagsystem requires." / ""
        "" / "";
    MdRefused "md.refused" Register
        "The metadata could not be accepted." / ""
        "" / "";
    MdKey "md.key" Register
        "The metadata lists no usable signing key." / ""
        "" / "";
    MdLimit "md.limit" Register
        "The metadata is larger than allowed or describes somebody else." / ""
        "" / "";
    AdminConflict "admin.conflict" Register
        "Two registrations claim the same name." / ""
        "" / "";
    AdminAcs "admin.acs" Register
        "A registered address is not a web address that an answer may be sent to." / ""
        "" / "";
    StoreDown "store.down" Us
        "The store cannot be written, so nothing is issued." / ""
        "" / "";
    SecondOpinion "second_opinion" Us
        "The independent verifier disagrees with ours about a signature; the login is refused." / ""
        "" / "";
    Internal "internal" Us
        "Something failed on our side." / ""
        "" / "";
    NotFound "page.unknown" User
        "There is no such page." / ""
        "" / "";
}
