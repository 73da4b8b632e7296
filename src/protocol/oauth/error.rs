//! What a client is told for a reason: the codes of OAuth and OpenID Connect. One table.

use serde::Serialize;

use crate::domain::faults::Explanation;
use crate::domain::id::CaseNumber;
use crate::domain::reason::Reason;

/// An error as a client reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OAuthError {
    /// The code that programs read.
    #[serde(rename = "error")]
    pub code: &'static str,
    /// The reason in words, for whoever reads the client's log.
    #[serde(rename = "error_description")]
    pub description: String,
}

impl OAuthError {
    /// What a client is told; none when the answer must not go to anybody, since it is not sure who asked or whether
    /// somebody tampers.
    pub fn for_reason(reason: Reason) -> Option<Self> {
        let code = match reason {
            Reason::OidcRequest
            | Reason::RequestUnsupported
            | Reason::ParamMissing
            | Reason::ParamDuplicate
            | Reason::ParamEncoded
            | Reason::RelayState => "invalid_request",
            Reason::OidcResponseType => "unsupported_response_type",
            Reason::OidcScope => "invalid_scope",
            Reason::OidcObject => "request_not_supported",
            Reason::OidcPushed => "invalid_request_uri",
            Reason::OidcClient | Reason::SpUnknown | Reason::SpDisabled => "invalid_client",
            Reason::OidcGrant => "unsupported_grant_type",
            Reason::OidcCode | Reason::OidcPkce | Reason::TokenRefresh => "invalid_grant",
            Reason::TokenOpaque => "invalid_token",
            Reason::Pop => "invalid_dpop_proof",
            Reason::Passive | Reason::ForceIgnored => "login_required",
            Reason::LoaLower | Reason::LoaUnknown | Reason::RobotNsis => "unmet_authentication_requirements",
            Reason::Status
            | Reason::LoaStepUpUser
            | Reason::IdpDisabled
            | Reason::AgreementMissing
            | Reason::BppNone
            | Reason::RobotSystem
            | Reason::RobotHours
            | Reason::RobotNetwork => "access_denied",
            Reason::AsDown | Reason::AsKey | Reason::AsRefused | Reason::AsAnswer | Reason::StoreDown => {
                "temporarily_unavailable"
            }
            Reason::EncNokey | Reason::Internal => "server_error",
            _ => return None,
        };
        Some(Self::new(code, reason))
    }

    /// This code, and the reason in words.
    pub fn new(code: &'static str, reason: Reason) -> Self {
        let Explanation { means, fix } = reason.explanation();
        Self { code, description: format!("{reason}: {} {}", means.en, fix.en) }
    }

    /// The same, about the login of this number.
    #[must_use]
    pub fn of_case(self, case: CaseNumber) -> Self {
        Self { description: format!("{} Case number {case}.", self.description), ..self }
    }

    /// The HTTP status that goes with it where a client asks without a browser.
    pub fn status(&self) -> u16 {
        match self.code {
            "invalid_client" | "invalid_token" => 401,
            "temporarily_unavailable" => 503,
            "server_error" => 500,
            _ => 400,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_written_in_the_characters_that_the_standard_allows() {
        let told: Vec<_> = Reason::ALL.iter().filter_map(|reason| OAuthError::for_reason(*reason)).collect();
        assert!(told.len() > 25);
        for error in told {
            let allowed = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            assert!(error.description.bytes().all(allowed), "{error:?}");
            assert!(error.code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{error:?}");
        }
    }

    #[test]
    fn an_error_says_whose_fault_it_is_in_its_status() {
        let status = |reason| OAuthError::for_reason(reason).map(|error| error.status());
        assert_eq!(status(Reason::OidcClient), Some(401));
        assert_eq!(status(Reason::TokenOpaque), Some(401));
        assert_eq!(status(Reason::OidcCode), Some(400));
        assert_eq!(status(Reason::StoreDown), Some(503));
        assert_eq!(status(Reason::Internal), Some(500));
    }

    #[test]
    fn nobody_is_told_who_may_not_be_the_one_who_asked() {
        for silent in [Reason::OidcRedirect, Reason::StateForged, Reason::SigMissing, Reason::IdpUnexpected] {
            assert_eq!(OAuthError::for_reason(silent), None, "{silent}");
        }
        let json = super::super::json(&OAuthError::for_reason(Reason::OidcGrant)).unwrap();
        assert_eq!(json["error"], "unsupported_grant_type");
        assert!(json["error_description"].as_str().unwrap().starts_with("oidc.grant: "));
    }
}
