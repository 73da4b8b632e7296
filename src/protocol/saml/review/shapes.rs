//! The structure of SAML metadata as a table: which attributes an element has, and which parts in which order. It is written
//! by hand from the schema, and is no engine for schemas: what stands in extensions, in keys and in roles of other
//! specifications is nobody's business here.

/// Parts of one place: names of which any may stand there, how many at least, and whether more than one.
pub(super) struct Part(pub(super) &'static [&'static str], pub(super) usize, pub(super) bool);

const fn some(names: &'static [&'static str]) -> Part {
    Part(names, 0, true)
}

const fn maybe(names: &'static [&'static str]) -> Part {
    Part(names, 0, false)
}

const fn many(names: &'static [&'static str]) -> Part {
    Part(names, 1, true)
}

const fn one(names: &'static [&'static str]) -> Part {
    Part(names, 1, false)
}

/// What stands inside an element.
pub(super) enum Inside {
    /// These parts and no text.
    Parts(&'static [Part]),
    /// So many elements of other specifications at least, none of ours, and no text.
    Others(usize),
    /// Whatever another specification says.
    Anything,
    /// A text.
    Text,
    /// An address.
    Uri,
}

/// An element: its name, the attributes that it must have, those that it may have, and what stands inside. Attributes of
/// other specifications may stand anywhere.
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) needs: &'static [&'static str],
    pub(super) may: &'static [&'static str],
    pub(super) inside: Inside,
}

impl Shape {
    /// The shape of the element of this name, if the table has it.
    pub(super) fn of(name: &str) -> Option<&'static Self> {
        SHAPES.iter().find(|shape| shape.name == name)
    }
}

macro_rules! shapes {
    ($( $name:literal [$($needs:literal)*] [$($may:literal)*] $inside:expr; )*) => {
        const SHAPES: &[Shape] = &[ $( Shape {
            name: $name,
            needs: &[$($needs),*],
            may: &[$($may),*],
            inside: $inside,
        }, )* ];
    };
}

/// What begins every description of a role.
macro_rules! role {
    ($($part:expr),*) => {
        Inside::Parts(&[
            maybe(&["ds:Signature"]),
            maybe(&["Extensions"]),
            some(&["KeyDescriptor"]),
            maybe(&["Organization"]),
            some(&["ContactPerson"]),
            $($part),*
        ])
    };
}

shapes! {
    "EntitiesDescriptor" [] ["Name" "validUntil" "cacheDuration" "ID"] Inside::Parts(&[
        maybe(&["ds:Signature"]),
        maybe(&["Extensions"]),
        many(&["EntityDescriptor", "EntitiesDescriptor"]),
    ]);
    "EntityDescriptor" ["entityID"] ["validUntil" "cacheDuration" "ID"] Inside::Parts(&[
        maybe(&["ds:Signature"]),
        maybe(&["Extensions"]),
        many(&[
            "IDPSSODescriptor",
            "SPSSODescriptor",
            "AttributeAuthorityDescriptor",
            "AuthnAuthorityDescriptor",
            "PDPDescriptor",
            "RoleDescriptor",
            "AffiliationDescriptor",
        ]),
        maybe(&["Organization"]),
        some(&["ContactPerson"]),
        some(&["AdditionalMetadataLocation"]),
    ]);
    "IDPSSODescriptor" ["protocolSupportEnumeration"]
        ["ID" "validUntil" "cacheDuration" "errorURL" "WantAuthnRequestsSigned"]
        role![
            some(&["ArtifactResolutionService"]),
            some(&["SingleLogoutService"]),
            some(&["ManageNameIDService"]),
            some(&["NameIDFormat"]),
            many(&["SingleSignOnService"]),
            some(&["NameIDMappingService"]),
            some(&["AssertionIDRequestService"]),
            some(&["AttributeProfile"]),
            some(&["saml:Attribute"])
        ];
    "SPSSODescriptor" ["protocolSupportEnumeration"]
        ["ID" "validUntil" "cacheDuration" "errorURL" "AuthnRequestsSigned" "WantAssertionsSigned"]
        role![
            some(&["ArtifactResolutionService"]),
            some(&["SingleLogoutService"]),
            some(&["ManageNameIDService"]),
            some(&["NameIDFormat"]),
            many(&["AssertionConsumerService"]),
            some(&["AttributeConsumingService"])
        ];
    "AttributeAuthorityDescriptor" ["protocolSupportEnumeration"]
        ["ID" "validUntil" "cacheDuration" "errorURL"]
        role![
            many(&["AttributeService"]),
            some(&["AssertionIDRequestService"]),
            some(&["NameIDFormat"]),
            some(&["AttributeProfile"]),
            some(&["saml:Attribute"])
        ];
    "AuthnAuthorityDescriptor" ["protocolSupportEnumeration"]
        ["ID" "validUntil" "cacheDuration" "errorURL"]
        role![many(&["AuthnQueryService"]), some(&["AssertionIDRequestService"]), some(&["NameIDFormat"])];
    "PDPDescriptor" ["protocolSupportEnumeration"]
        ["ID" "validUntil" "cacheDuration" "errorURL"]
        role![many(&["AuthzService"]), some(&["AssertionIDRequestService"]), some(&["NameIDFormat"])];
    "AffiliationDescriptor" ["affiliationOwnerID"] ["validUntil" "cacheDuration" "ID"] Inside::Parts(&[
        maybe(&["ds:Signature"]),
        maybe(&["Extensions"]),
        many(&["AffiliateMember"]),
        some(&["KeyDescriptor"]),
    ]);
    "AffiliateMember" [] [] Inside::Uri;
    "Extensions" [] [] Inside::Others(1);
    "KeyDescriptor" [] ["use"] Inside::Parts(&[one(&["ds:KeyInfo"]), some(&["EncryptionMethod"])]);
    "EncryptionMethod" ["Algorithm"] [] Inside::Anything;
    "Organization" [] [] Inside::Parts(&[
        maybe(&["Extensions"]),
        many(&["OrganizationName"]),
        many(&["OrganizationDisplayName"]),
        many(&["OrganizationURL"]),
    ]);
    "OrganizationName" ["xml:lang"] [] Inside::Text;
    "OrganizationDisplayName" ["xml:lang"] [] Inside::Text;
    "OrganizationURL" ["xml:lang"] [] Inside::Uri;
    "ContactPerson" ["contactType"] [] Inside::Parts(&[
        maybe(&["Extensions"]),
        maybe(&["Company"]),
        maybe(&["GivenName"]),
        maybe(&["SurName"]),
        some(&["EmailAddress"]),
        some(&["TelephoneNumber"]),
    ]);
    "Company" [] [] Inside::Text;
    "GivenName" [] [] Inside::Text;
    "SurName" [] [] Inside::Text;
    "EmailAddress" [] [] Inside::Uri;
    "TelephoneNumber" [] [] Inside::Text;
    "AdditionalMetadataLocation" ["namespace"] [] Inside::Uri;
    "ArtifactResolutionService" ["Binding" "Location" "index"] ["ResponseLocation" "isDefault"] Inside::Others(0);
    "AssertionConsumerService" ["Binding" "Location" "index"] ["ResponseLocation" "isDefault"] Inside::Others(0);
    "SingleLogoutService" ["Binding" "Location"] ["ResponseLocation"] Inside::Others(0);
    "ManageNameIDService" ["Binding" "Location"] ["ResponseLocation"] Inside::Others(0);
    "SingleSignOnService" ["Binding" "Location"] ["ResponseLocation"] Inside::Others(0);
    "NameIDMappingService" ["Binding" "Location"] ["ResponseLocation"] Inside::Others(0);
    "AssertionIDRequestService" ["Binding" "Location"] ["ResponseLocation"] Inside::Others(0);
    "AttributeService" ["Binding" "Location"] ["ResponseLocation"] Inside::Others(0);
    "AuthnQueryService" ["Binding" "Location"] ["ResponseLocation"] Inside::Others(0);
    "AuthzService" ["Binding" "Location"] ["ResponseLocation"] Inside::Others(0);
    "NameIDFormat" [] [] Inside::Uri;
    "AttributeProfile" [] [] Inside::Uri;
    "AttributeConsumingService" ["index"] ["isDefault"] Inside::Parts(&[
        many(&["ServiceName"]),
        some(&["ServiceDescription"]),
        many(&["RequestedAttribute"]),
    ]);
    "ServiceName" ["xml:lang"] [] Inside::Text;
    "ServiceDescription" ["xml:lang"] [] Inside::Text;
    "RequestedAttribute" ["Name"] ["NameFormat" "FriendlyName" "isRequired"]
        Inside::Parts(&[some(&["saml:AttributeValue"])]);
    "saml:Attribute" ["Name"] ["NameFormat" "FriendlyName"] Inside::Parts(&[some(&["saml:AttributeValue"])]);
}
