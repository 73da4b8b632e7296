//! Why something was refused, changed or noticed: the closed list of reason codes.
//!
//! A code is a promise to whoever writes a log query, so it is added and never renamed. What it means and who must do
//! what is written in the fault book, `docs/faults/<code>.md`: a code without a page does not compile. The book is
//! shown by `explain CODE` and on the page `/errors/<code>`. The detail of one occurrence (expected, received) travels
//! beside the code in a [`Fault`] and stays in the audit log.

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

impl Blame {
    /// Everybody who can have to act, those first who are asked for help most often.
    pub const ALL: [Self; 8] = [
        Self::User,
        Self::IdentityProvider,
        Self::Fagsystem,
        Self::AttributeService,
        Self::Register,
        Self::Caller,
        Self::Us,
        Self::Nobody,
    ];
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

macro_rules! reasons {
    ($( $name:ident $code:literal $blame:ident ; )*) => {
        /// The closed list of reasons.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum Reason { $( #[doc = concat!("`", $code, "`: see `docs/faults/", $code, ".md`.")] $name, )* }

        impl Reason {
            /// Every reason there is, in the order of this page.
            pub const ALL: &'static [Reason] = &[ $( Reason::$name, )* ];

            /// The stable code.
            pub const fn code(self) -> &'static str { match self { $( Reason::$name => $code, )* } }

            /// Who has to act.
            pub const fn blame(self) -> Blame { match self { $( Reason::$name => Blame::$blame, )* } }

            /// Its page in the fault book, as it is written.
            pub const fn written(self) -> &'static str {
                match self { $( Reason::$name => include_str!(concat!("../../docs/faults/", $code, ".md")), )* }
            }

            /// The reason of this code, if there is one.
            pub fn from_code(code: &str) -> Option<Reason> {
                match code { $( $code => Some(Reason::$name), )* _ => None }
            }
        }
    };
}

reasons! {
    LoginBegun "login.begun" Nobody;
    LoginChosen "login.chosen" Nobody;
    LoginOk "login.ok" Nobody;
    LoginStepUp "login.stepup" Nobody;
    RegistryApplied "registry.applied" Nobody;
    LoaCap "loa.cap" Nobody;
    LoaStepUp "loa.stepup" Nobody;
    AttrReserved "attr.reserved" Nobody;
    AttrUnexpected "attr.unexpected" Nobody;
    BppKept "bpp.kept" Nobody;
    BppScope "bpp.scope" IdentityProvider;
    BppDelegation "bpp.delegation" Register;
    BppRole "bpp.role" IdentityProvider;
    BppMapping "bpp.mapping" Register;
    BppConstraint "bpp.constraint" IdentityProvider;
    BppNone "bpp.none" IdentityProvider;
    BppMissing "bpp.missing" IdentityProvider;
    Chain "chain" Nobody;
    XmlMalformed "xml.malformed" IdentityProvider;
    XmlDoctype "xml.doctype" IdentityProvider;
    XmlDuplicateId "xml.duplicate_id" IdentityProvider;
    XmlNamespace "xml.namespace" IdentityProvider;
    XmlSchema "xml.schema" IdentityProvider;
    SoapHeader "soap.header" Fagsystem;
    LimitXml "limit.xml" IdentityProvider;
    LimitInflate "limit.inflate" Fagsystem;
    LimitSig "limit.sig" IdentityProvider;
    LimitDepth "limit.depth" IdentityProvider;
    EncodingBase64 "encoding.base64" IdentityProvider;
    SigMissing "sig.missing" IdentityProvider;
    SigInvalid "sig.invalid" IdentityProvider;
    SigReference "sig.reference" IdentityProvider;
    SigStructure "sig.structure" IdentityProvider;
    SigCoverage "sig.coverage" IdentityProvider;
    SigTransform "sig.transform" IdentityProvider;
    SigC14n "sig.c14n" IdentityProvider;
    AlgRefused "alg.refused" IdentityProvider;
    KeyUntrusted "key.untrusted" IdentityProvider;
    KeyExpired "key.expired" IdentityProvider;
    KeyRole "key.role" IdentityProvider;
    KeyNext "key.next" IdentityProvider;
    DecFailed "dec.failed" IdentityProvider;
    DecStructure "dec.structure" IdentityProvider;
    EncMissing "enc.missing" IdentityProvider;
    JwtHeader "jwt.header" Fagsystem;
    JwtClaims "jwt.claims" Fagsystem;
    JwtKey "jwt.key" Fagsystem;
    JwtKeySet "jwt.keys" Register;
    JwtSignature "jwt.signature" Fagsystem;
    JwtType "jwt.type" Fagsystem;
    JwtAud "jwt.aud" Fagsystem;
    JwtTime "jwt.time" Fagsystem;
    Pop "pop" Fagsystem;
    PopNonce "pop.nonce" Fagsystem;
    EncNokey "enc.nokey" Fagsystem;
    ParamMissing "param.missing" Fagsystem;
    ParamDuplicate "param.duplicate" Fagsystem;
    ParamEncoded "param.encoded" Fagsystem;
    ParamShadow "param.shadow" Fagsystem;
    HttpMethod "http.method" Fagsystem;
    RelayState "relaystate" Fagsystem;
    RelayStateLost "relaystate.lost" IdentityProvider;
    IrtMissing "irt.missing" IdentityProvider;
    IrtUnknown "irt.unknown" User;
    BrowserBinding "browser.binding" User;
    Replay "replay" User;
    RequestReplay "request.replay" User;
    RequestStale "request.stale" Fagsystem;
    Destination "destination" Fagsystem;
    TimeConditions "time.conditions" IdentityProvider;
    TimeScd "time.scd" IdentityProvider;
    TimeIssue "time.issue" IdentityProvider;
    ForceIgnored "force.ignored" IdentityProvider;
    TimeSession "time.session" IdentityProvider;
    TimeSkew "time.skew" IdentityProvider;
    Audience "audience" IdentityProvider;
    Recipient "recipient" IdentityProvider;
    ScdMethod "scd.method" IdentityProvider;
    ConditionUnknown "condition.unknown" IdentityProvider;
    Status "status" IdentityProvider;
    AssertionCount "assertion.count" IdentityProvider;
    AttrDuplicate "attr.duplicate" IdentityProvider;
    AttrAmbiguous "attr.ambiguous" IdentityProvider;
    BppXml "bpp.xml" IdentityProvider;
    AttrType "attr.type" IdentityProvider;
    AttrChars "attr.chars" IdentityProvider;
    AttrMissing "attr.missing" IdentityProvider;
    ValueComment "value.comment" IdentityProvider;
    ValueFormat "value.format" IdentityProvider;
    IdpUnknown "idp.unknown" Register;
    IdpUnexpected "idp.unexpected" IdentityProvider;
    IdpDisabled "idp.disabled" Register;
    SpUnknown "sp.unknown" Register;
    SpDisabled "sp.disabled" Register;
    AgreementMissing "agreement.missing" Register;
    IssuerMismatch "issuer.mismatch" IdentityProvider;
    IssuerSelf "issuer.self" User;
    TenantMismatch "tenant.mismatch" IdentityProvider;
    TenantNameid "tenant.nameid" IdentityProvider;
    NameidFormat "nameid.format" IdentityProvider;
    StateForged "state.forged" User;
    SessionReused "session.reused" Nobody;
    SessionUnfit "session.unfit" Nobody;
    SessionEnded "session.ended" User;
    SessionUnknown "session.unknown" Caller;
    SessionsRead "sessions.read" Nobody;
    TokenSpent "token.spent" Fagsystem;
    FlowStep "flow.step" User;
    Scoping "scoping" Fagsystem;
    ProxyCount "proxy_count" Fagsystem;
    Passive "passive" Fagsystem;
    PassiveSession "passive.session" User;
    RequestUnsupported "request.unsupported" Fagsystem;
    AcsUnknown "acs.unknown" Fagsystem;
    OidcRedirect "oidc.redirect" Fagsystem;
    OidcRequest "oidc.request" Fagsystem;
    OidcResponseType "oidc.response_type" Fagsystem;
    OidcScope "oidc.scope" Fagsystem;
    OidcObject "oidc.object" Fagsystem;
    OidcPushed "oidc.pushed" Fagsystem;
    OidcClient "oidc.client" Fagsystem;
    OidcCode "oidc.code" Fagsystem;
    OidcPkce "oidc.pkce" Fagsystem;
    OidcGrant "oidc.grant" Fagsystem;
    OidcKept "oidc.kept" Nobody;
    OidcTokens "oidc.tokens" Nobody;
    OidcUserinfo "oidc.userinfo" Nobody;
    TokenRefreshed "token.refreshed" Nobody;
    TokenInspected "token.inspected" Nobody;
    TokenRevoked "token.revoked" Nobody;
    TokenRefresh "token.refresh" Fagsystem;
    TokenOpaque "token.opaque" Fagsystem;
    IntrospectAud "introspect.aud" Fagsystem;
    Discovery "discovery" User;
    Profile "profile" IdentityProvider;
    LoaInconsistent "loa.inconsistent" IdentityProvider;
    LoaUnknown "loa.unknown" IdentityProvider;
    LoaMissing "loa.missing" IdentityProvider;
    LoaLower "loa.lower" IdentityProvider;
    LoaStepUpUser "loa.stepup_user" User;
    RobotNsis "robot.nsis" IdentityProvider;
    RobotSystem "robot.system" Register;
    RobotHours "robot.hours" Register;
    RobotNetwork "robot.network" Register;
    MdRefused "md.refused" Register;
    MdKey "md.key" Register;
    MdLimit "md.limit" Register;
    MdChange "md.change" Register;
    MdUnreachable "md.unreachable" Register;
    NetClosed "net.closed" Register;
    NetSilent "net.silent" Register;
    NetTls "net.tls" Register;
    MdUnsigned "md.unsigned" IdentityProvider;
    MdEndpoint "md.endpoint" IdentityProvider;
    MdExpired "md.expired" IdentityProvider;
    MdDiffers "md.differs" Register;
    MdSchema "md.schema" IdentityProvider;
    CertExpiring "cert.expiring" IdentityProvider;
    CertChain "cert.chain" IdentityProvider;
    CertRevoked "cert.revoked" IdentityProvider;
    CertUnchecked "cert.unchecked" Nobody;
    CertShared "cert.shared" IdentityProvider;
    CertWeak "cert.weak" IdentityProvider;
    EgressRefused "egress.refused" Us;
    AdminConflict "admin.conflict" Register;
    AdminAcs "admin.acs" Register;
    UsersRead "users.read" Nobody;
    UsersChanged "users.changed" Nobody;
    UsersUnknown "users.unknown" Caller;
    ApiClient "api.client" Caller;
    ApiDisabled "api.disabled" Register;
    ApiAuthority "api.authority" Caller;
    ApiBody "api.body" Caller;
    ApiCondition "api.condition" Caller;
    ApiType "api.type" Caller;
    ApiSize "api.size" Caller;
    AqAnswered "aq.answered" Nobody;
    AqDenied "aq.denied" Caller;
    AsAsked "as.asked" Nobody;
    AsOk "as.ok" Nobody;
    AsCached "as.cached" Nobody;
    AsSource "as.source" Nobody;
    AsUnasked "as.unasked" Nobody;
    AsDown "as.down" AttributeService;
    AsKey "as.key" AttributeService;
    AsRefused "as.refused" AttributeService;
    AsAnswer "as.answer" AttributeService;
    GroupsOverage "groups.overage" Nobody;
    SloOk "slo.ok" Nobody;
    SloGone "slo.gone" Nobody;
    SloTold "slo.told" Nobody;
    SloConfirmed "slo.confirmed" Nobody;
    SloDown "slo.down" Fagsystem;
    SloRefused "slo.refused" Fagsystem;
    SloSig "slo.sig" Fagsystem;
    SloMissing "slo.missing" IdentityProvider;
    SloSession "slo.session" IdentityProvider;
    SloIssuer "slo.issuer" Fagsystem;
    SloResponse "slo.response" Fagsystem;
    SloReplay "slo.replay" Fagsystem;
    SloPartial "slo.partial" Nobody;
    SloSchema "slo.schema" Fagsystem;
    SloRace "slo.race" User;
    SloRedirect "slo.redirect" Fagsystem;
    ConsoleInvited "console.invited" Nobody;
    ConsoleEntered "console.entered" Nobody;
    ConsoleLeft "console.left" Nobody;
    ConsoleViewed "console.viewed" Nobody;
    ConsoleLink "console.link" User;
    ConsoleSignIn "console.signin" User;
    ConsoleDenied "console.denied" User;
    ConsoleRights "console.rights" User;
    StoreDown "store.down" Us;
    SecondOpinion "second_opinion" Us;
    Internal "internal" Us;
    TrustBegun "trust.begun" Nobody;
    TrustEnded "trust.ended" Nobody;
    TrustUnknown "trust.unknown" User;
    TrustScenario "trust.scenario" Register;
    TrustOften "trust.often" User;
    TrustUnanswered "trust.unanswered" IdentityProvider;
    RobotMissing "robot.missing" Register;
    MdChecked "md.checked" Nobody;
    CertOwner "cert.owner" IdentityProvider;
    NotFound "page.unknown" User;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_again_and_belongs_to_one_reason() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(*reason));
        }
        assert_eq!(Reason::from_code("no.such"), None);
    }
}
