//! Who has agreed with whom.

use super::Reader;
use super::written::Written;
use crate::domain::federation::IdpRole;
use crate::domain::id::EntityId;
use crate::domain::validity::Validity;
use crate::domain::written::{Source, Spanned};

impl Reader<'_> {
    pub(super) fn agreements(&mut self, source: Source<'_>, file: &Written) {
        for idp in file.authority.iter().filter_map(|authority| authority.step_up.as_ref()) {
            self.step_up(source, idp, true);
        }
        for agreement in &file.federation_agreement {
            let (cvr, idp) = (*agreement.authority.get_ref(), agreement.identity_provider.get_ref().clone());
            self.known(source, self.snapshot.federation.authority(cvr).is_some(), &agreement.authority);
            self.known(source, self.snapshot.idps.contains_key(&idp), &agreement.identity_provider);
            self.has_sources(source, &agreement.authority, &idp);
            self.step_up(source, &agreement.identity_provider, false);
            let validity = Validity { from: agreement.valid_from, until: agreement.valid_until };
            if !self.snapshot.federation.add_speaker(cvr, idp, validity) {
                self.twice(source, &agreement.identity_provider);
            }
        }
        for agreement in &file.service_agreement {
            let cvr = *agreement.authority.get_ref();
            self.known(source, self.snapshot.federation.authority(cvr).is_some(), &agreement.authority);
            let validity = Validity { from: agreement.valid_from, until: agreement.valid_until };
            for fagsystem in &agreement.service_providers {
                self.known_fagsystem(source, fagsystem);
                if !self.snapshot.federation.add_use(cvr, fagsystem.get_ref().clone(), validity) {
                    self.twice(source, fagsystem);
                }
            }
        }
    }

    /// A provider that raises levels speaks for nobody, and only such a one raises them.
    fn step_up(&mut self, source: Source<'_>, written: &Spanned<EntityId>, expected: bool) {
        let name = written.get_ref();
        let known = self.snapshot.federation.registered_idp(name);
        let what = match (known, expected) {
            (Some(idp), _) if (idp.role == IdpRole::StepUp) == expected => return,
            (None, false) => return,
            (_, true) => format!("expected an identity provider with role = \"step-up\", got {name}"),
            (_, false) => format!("expected an identity provider that logs users in, got {name}"),
        };
        self.complaints.push(source.complain(written.span(), what));
    }
}
