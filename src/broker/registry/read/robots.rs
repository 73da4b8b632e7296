//! The robots that municipalities have declared.

use super::Reader;
use super::written::Written;
use crate::domain::robot::{Robot, Shift};
use crate::domain::written::Source;

impl Reader<'_> {
    pub(super) fn robots(&mut self, source: Source<'_>, file: &Written) {
        for written in &file.robot {
            let authority = *written.authority.get_ref();
            self.known(source, self.snapshot.federation.authority(authority).is_some(), &written.authority);
            for fagsystem in &written.service_providers {
                self.known_fagsystem(source, fagsystem);
            }
            let id = written.id.get_ref();
            if id.is_empty() || id.contains([',', '=']) {
                let what = "expected the serial number of a NameID, without commas and equals signs";
                self.complaints.push(source.complain(written.id.span(), what));
            }
            let declared = Robot {
                authority,
                id: id.clone(),
                name: written.name.clone(),
                fagsystemer: written.service_providers.iter().map(|name| name.get_ref().clone()).collect(),
                shift: Shift { hours: written.hours.clone(), days: written.days.clone() },
                networks: written.networks.clone(),
            };
            if !self.snapshot.federation.add_robot(declared) {
                self.twice(source, &written.id);
            }
        }
    }
}
