//! How long certificates last, and who stops working when one ends.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Finding, Verdict, verdict};
use crate::domain::id::{Cvr, EntityId};

/// The numbers of days at which somebody is warned, the last first.
pub const WARNED_AT: [i64; 5] = [7, 14, 30, 60, 90];

/// Who has a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// We.
    Ours,
    /// An identity provider.
    IdentityProvider,
    /// A fagsystem.
    Fagsystem,
    /// An attribute service, or whoever asks for attributes.
    Service,
}

/// What a certificate is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateUse {
    /// It signs.
    Signing,
    /// Others encrypt to it, or it serves another role.
    Other,
}

/// A certificate, how long it lasts, and who stops working when it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outlook {
    /// Whose it is.
    pub party: EntityId,
    /// Their name.
    pub name: String,
    /// Who they are.
    pub holder: Holder,
    /// What it is there for.
    #[serde(rename = "use")]
    pub used_for: CertificateUse,
    /// Whose it is, by its own words.
    pub subject: String,
    /// Its SHA-256.
    pub fingerprint: String,
    /// Until when it holds.
    pub not_after: Timestamp,
    /// The whole days that are left; negative where it has ended.
    pub days_left: i64,
    /// Whether another certificate of the party for the same use lasts longer, so that nobody stops.
    pub followed: bool,
    /// The municipalities whose users cannot log in any more.
    pub authorities: Vec<(Cvr, String)>,
    /// The fagsystemer that they cannot log in to any more.
    pub fagsystemer: Vec<(EntityId, String)>,
    /// When everything about the party was looked at last, and what came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked: Option<(Timestamp, Verdict)>,
}

impl Outlook {
    /// The warning that is due: the lowest number of days that it has reached; none where there is time.
    pub fn warning(&self) -> Option<i64> {
        WARNED_AT.into_iter().find(|days| self.days_left < *days)
    }

    /// When that warning became due.
    pub fn warned(&self) -> Option<Timestamp> {
        let days = self.warning()?;
        self.not_after.checked_sub(SignedDuration::from_hours(24 * days)).ok()
    }
}

/// The whole days from now until then.
pub fn days_left(not_after: Timestamp, now: Timestamp) -> i64 {
    not_after.duration_since(now).as_secs().div_euclid(86_400)
}

/// What was found out about a registered party, when everything was looked at last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyCheck {
    /// The party.
    pub party: EntityId,
    /// When.
    pub at: Timestamp,
    /// What was looked at.
    pub findings: Vec<Finding>,
}

impl PartyCheck {
    /// The worst of all.
    pub fn verdict(&self) -> Verdict {
        verdict(&self.findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlook(seconds: i64) -> Outlook {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let not_after = now + SignedDuration::from_secs(seconds);
        Outlook {
            party: EntityId::new("https://a.dk").unwrap(),
            name: "A".into(),
            holder: Holder::Fagsystem,
            used_for: CertificateUse::Signing,
            subject: "CN=A".into(),
            fingerprint: "00".into(),
            not_after,
            days_left: days_left(not_after, now),
            followed: false,
            authorities: Vec::new(),
            fagsystemer: Vec::new(),
            checked: None,
        }
    }

    #[test]
    fn a_warning_becomes_due_at_each_number_of_days_and_stays_until_the_next() {
        let day = 86_400;
        for (seconds, days, warning) in [
            (90 * day, 90, None),
            (90 * day - 1, 89, Some(90)),
            (60 * day, 60, Some(90)),
            (60 * day - 1, 59, Some(60)),
            (30 * day - 1, 29, Some(30)),
            (14 * day - 1, 13, Some(14)),
            (7 * day - 1, 6, Some(7)),
            (0, 0, Some(7)),
            (-1, -1, Some(7)),
        ] {
            let outlook = outlook(seconds);
            assert_eq!((outlook.days_left, outlook.warning()), (days, warning), "{seconds}");
        }
        let due = outlook(90 * day - 1);
        assert_eq!(due.warned(), Some(due.not_after - SignedDuration::from_hours(24 * 90)));
    }
}
