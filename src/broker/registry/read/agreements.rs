//! Who has agreed with whom.

use super::Reader;
use super::written::Written;
use crate::domain::federation::Validity;
use crate::domain::written::Source;

impl Reader<'_> {
    pub(super) fn agreements(&mut self, source: Source<'_>, file: &Written) {
        for agreement in &file.federation_agreement {
            let (cvr, idp) = (*agreement.authority.get_ref(), agreement.identity_provider.get_ref().clone());
            self.known(source, self.snapshot.federation.authority(cvr).is_some(), &agreement.authority);
            self.known(source, self.snapshot.idps.contains_key(&idp), &agreement.identity_provider);
            self.has_sources(source, &agreement.authority, &idp);
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
                self.known(source, self.snapshot.fagsystemer.contains_key(fagsystem.get_ref()), fagsystem);
                if !self.snapshot.federation.add_use(cvr, fagsystem.get_ref().clone(), validity) {
                    self.twice(source, fagsystem);
                }
            }
        }
    }
}
