//! The names of the attributes of OIOSAML 2 and 3, and how each generation writes them.

use crate::domain::federation::Dialect;
use crate::domain::person::Claim;

/// An attribute as the two generations name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeName {
    /// In OIOSAML 2.
    pub oiosaml2: &'static str,
    /// In OIOSAML 3.
    pub oiosaml3: &'static str,
}

impl AttributeName {
    /// The name in one generation.
    pub fn in_dialect(self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Oiosaml2 => self.oiosaml2,
            Dialect::Oiosaml3 => self.oiosaml3,
        }
    }

    /// Whether an attribute of this name is meant, in either generation: municipalities mix them.
    pub fn is(self, name: &str) -> bool {
        name == self.oiosaml2 || name == self.oiosaml3
    }
}

/// The version of the profile that the assertion follows.
pub const SPEC_VERSION: AttributeName = AttributeName {
    oiosaml2: "dk:gov:saml:attribute:SpecVer",
    oiosaml3: "https://data.gov.dk/model/core/specVersion",
};

/// The version of the municipal profile. Only a context handler sets it towards fagsystemer.
pub const KOMBIT_SPEC_VERSION: AttributeName = AttributeName {
    oiosaml2: "dk:gov:saml:attribute:KombitSpecVer",
    oiosaml3: "https://data.gov.dk/model/core/kombitSpecVer",
};

/// The CVR number of the user's organisation.
pub const CVR: AttributeName = AttributeName {
    oiosaml2: "dk:gov:saml:attribute:CvrNumberIdentifier",
    oiosaml3: "https://data.gov.dk/model/core/eid/professional/cvr",
};

/// The name of the user's organisation.
pub const ORGANISATION: AttributeName = AttributeName {
    oiosaml2: "urn:oid:2.5.4.10",
    oiosaml3: "https://data.gov.dk/model/core/eid/professional/orgName",
};

/// The user's e-mail address.
pub const EMAIL: AttributeName = AttributeName {
    oiosaml2: "urn:oid:0.9.2342.19200300.100.1.3",
    oiosaml3: "https://data.gov.dk/model/core/eid/email",
};

/// The name by which the user is called.
pub const COMMON_NAME: AttributeName =
    AttributeName { oiosaml2: "urn:oid:2.5.4.3", oiosaml3: "https://data.gov.dk/model/core/eid/fullName" };

/// The name by which the user logs in at home. OIOSAML 3 has no name of its own for it.
pub const UID: AttributeName = AttributeName {
    oiosaml2: "urn:oid:0.9.2342.19200300.100.1.1",
    oiosaml3: "urn:oid:0.9.2342.19200300.100.1.1",
};

/// The user's number in the Civil Registration System.
pub const CPR: AttributeName = AttributeName {
    oiosaml2: "dk:gov:saml:attribute:CprNumberIdentifier",
    oiosaml3: "https://data.gov.dk/model/core/eid/cprNumber",
};

/// A token for another federation, in base64. Both generations name it alike.
pub const BOOTSTRAP_TOKEN: &str = "https://data.gov.dk/model/core/eid/bootstrapToken";

/// The rights, as a base64 privilege list.
pub const PRIVILEGES: AttributeName = AttributeName {
    oiosaml2: "dk:gov:saml:attribute:Privileges_intermediate",
    oiosaml3: "https://data.gov.dk/model/core/eid/privilegesIntermediate",
};

/// The rights as plain privileges without a scope, one in each value. They are read for reports and give nothing.
pub const PRIVILEGES_SIMPLE: AttributeName = AttributeName {
    oiosaml2: "dk:gov:saml:attribute:Privileges_simple",
    oiosaml3: "https://data.gov.dk/model/core/eid/privilegesSimple",
};

/// The number by which the state knows a person in an organisation, the same towards everybody.
pub const PERSISTENT_UUID: &str = "https://data.gov.dk/model/core/eid/professional/uuid/persistent";
/// What the NameID of a person in an organisation begins with, before a UUID.
pub const PROFESSIONAL_NAME: &str = "https://data.gov.dk/model/core/eid/professional/uuid/";
/// The class by which an employee's login is asked for, as against a citizen's.
pub const PROFESSIONAL: &str = "https://data.gov.dk/eid/Professional";

/// The level on the older scale; both generations name it alike.
pub const ASSURANCE_LEVEL: &str = "dk:gov:saml:attribute:AssuranceLevel";

/// The level on the national standard.
pub const LOA: &str = "https://data.gov.dk/concept/core/nsis/loa";
/// The part of it that tells how well the person was identified.
pub const IAL: &str = "https://data.gov.dk/concept/core/nsis/ial";
/// The part of it that tells how well the person authenticated.
pub const AAL: &str = "https://data.gov.dk/concept/core/nsis/aal";

/// Whether the user is a robot: `true` or `false`.
pub const IS_ROBOT: &str = "https://data.gov.dk/model/core/eid/professional/isRobot";

/// How every name begins that is about a private person. Here users act for their organisation.
pub const OF_A_PERSON: &str = "https://data.gov.dk/model/core/eid/person/";

/// How a claim about the user is named.
pub fn of_claim(claim: Claim) -> AttributeName {
    let alike = |name| AttributeName { oiosaml2: name, oiosaml3: name };
    match claim {
        Claim::Email => EMAIL,
        Claim::CommonName => COMMON_NAME,
        Claim::Uid => UID,
        Claim::Cpr => CPR,
        Claim::PersistentUuid => alike(PERSISTENT_UUID),
        Claim::BootstrapToken => alike(BOOTSTRAP_TOKEN),
    }
}

/// The name that people know an attribute by, where we know it.
pub fn known_as(name: &str) -> Option<&'static str> {
    const BOTH: [(AttributeName, &str); 10] = [
        (SPEC_VERSION, "specVersion"),
        (KOMBIT_SPEC_VERSION, "KombitSpecVer"),
        (CVR, "cvr"),
        (ORGANISATION, "orgName"),
        (EMAIL, "email"),
        (COMMON_NAME, "fullName"),
        (UID, "uid"),
        (CPR, "cprNumber"),
        (PRIVILEGES, "privilegesIntermediate"),
        (PRIVILEGES_SIMPLE, "privilegesSimple"),
    ];
    const ONE: [(&str, &str); 7] = [
        (BOOTSTRAP_TOKEN, "bootstrapToken"),
        (PERSISTENT_UUID, "uuid/persistent"),
        (ASSURANCE_LEVEL, "AssuranceLevel"),
        (LOA, "loa"),
        (IAL, "ial"),
        (AAL, "aal"),
        (IS_ROBOT, "isRobot"),
    ];
    let both = BOTH.iter().find(|(known, _)| known.is(name)).map(|(_, shown)| *shown);
    both.or_else(|| ONE.iter().find(|(known, _)| *known == name).map(|(_, shown)| *shown))
}

/// The NameFormat of a generation.
pub fn name_format(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Oiosaml2 => "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
        Dialect::Oiosaml3 => "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
    }
}

/// What [`SPEC_VERSION`] says in a generation.
pub fn spec_version(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Oiosaml2 => "DK-SAML-2.0",
        Dialect::Oiosaml3 => "OIO-SAML-3.0",
    }
}

/// What [`KOMBIT_SPEC_VERSION`] says in a generation. Both write it under the older name.
pub fn kombit_spec_version(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Oiosaml2 => "1.0",
        Dialect::Oiosaml3 => "2.0",
    }
}
