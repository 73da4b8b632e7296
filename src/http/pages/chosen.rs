//! What comes back from the discovery page: read here, where the form is written, so that the two cannot drift apart.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};

use crate::domain::id::{BadId, Cvr, EntityId, LoginId};

/// What the form of the discovery page sends by POST.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ChosenForm {
    /// Which login.
    pub login: LoginId,
    /// What was chosen.
    pub choice: Chosen,
    /// Whether to remember it.
    #[serde(default, deserialize_with = "ticked")]
    pub remember: bool,
}

/// A municipality and, where it has several, the identity provider: `11111111` or `11111111 https://idp.example`.
/// The remembering cookie may hold it in the same form; see [`std::fmt::Display`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Chosen {
    /// The municipality.
    pub cvr: Cvr,
    /// The identity provider, if the municipality has more than one.
    pub idp: Option<EntityId>,
}

impl TryFrom<String> for Chosen {
    type Error = BadId;
    fn try_from(value: String) -> Result<Self, BadId> {
        let (cvr, idp) = value.split_once(' ').map_or((value.as_str(), None), |(cvr, idp)| (cvr, Some(idp)));
        Ok(Self { cvr: Cvr::new(cvr)?, idp: idp.map(EntityId::new).transpose()? })
    }
}

impl std::fmt::Display for Chosen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.idp {
            Some(idp) => write!(f, "{} {idp}", self.cvr),
            None => write!(f, "{}", self.cvr),
        }
    }
}

fn ticked<'de, D: Deserializer<'de>>(field: D) -> Result<bool, D::Error> {
    Ok(!Cow::<'_, str>::deserialize(field)?.is_empty())
}
