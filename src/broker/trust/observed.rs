//! What a trust run has seen so far. It goes along with the login that it looks at.

use serde::{Deserialize, Serialize};

use crate::domain::assurance::Achieved;
use crate::domain::id::MessageId;
use crate::domain::subject::Subject;
use crate::domain::trust::{Finding, Shown};
use crate::protocol::saml::assertion::Said;

/// What was seen, by whatever step saw it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::broker) struct Observed {
    pub(super) findings: Vec<Finding>,
    pub(super) shown: Shown,
    /// What was said about the user, proved or not.
    pub(super) said: Option<Said>,
    /// The question that the municipality's provider was asked.
    #[serde(default)]
    pub(super) question: Option<MessageId>,
    /// The level that counts of what was said.
    pub(super) level: Option<Achieved>,
    /// Who the user is, once the login has found out.
    pub(in crate::broker) subject: Option<Subject>,
}
