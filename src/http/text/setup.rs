//! How our metadata is taken in by the products that municipalities run, filled in with our names.

use crate::domain::faults::Sentence;

/// One product.
pub(in crate::http) struct Setup {
    /// Its name, as it writes it.
    pub(in crate::http) product: &'static str,
    /// What to do, in order.
    pub(in crate::http) steps: &'static [Sentence],
    /// What to type, with our names in braces; empty where all of it is done on pages.
    pub(in crate::http) commands: &'static str,
}

macro_rules! setups {
    ($( $product:literal { $( $en:literal / $da:literal ; )* } $commands:literal )*) => {
        /// Every product, in the order in which they are shown.
        pub(in crate::http) static SETUPS: &[Setup] = &[ $( Setup {
            product: $product,
            steps: &[ $( Sentence { da: $da, en: $en }, )* ],
            commands: $commands,
        }, )* ];
    };
}

setups! {
    "AD FS" {
        "Run the commands below in PowerShell on the primary AD FS server, as an administrator."
        / "Kør kommandoerne nedenfor i PowerShell på den primære AD FS-server, som administrator.";
        "Add the claim rules that your roles and your level come from; the NameID must have the format X509SubjectName."
        / "Tilføj de claim-regler, som jeres roller og niveau kommer fra; NameID skal have formatet X509SubjectName.";
        "AD FS fetches the metadata again by itself, so that our next certificates arrive in time."
        / "AD FS henter selv metadata igen, så vores næste certifikater når frem i tide.";
    }
    "Add-AdfsRelyingPartyTrust -Name \"context-handler\" `\n  -MetadataUrl \"{metadata}\" `\n  -MonitoringEnabled $true -AutoUpdateEnabled $true `\n  -AccessControlPolicyName \"Permit everyone\"\nSet-AdfsRelyingPartyTrust -TargetName \"context-handler\" `\n  -SamlResponseSignature \"MessageAndAssertion\" -EncryptClaims $true\nGet-AdfsRelyingPartyTrust -Identifier \"{entity}\""

    "Entra ID" {
        "Fetch our metadata from the address above and save it as a file."
        / "Hent vores metadata fra adressen ovenfor, og gem den som en fil.";
        "Enterprise applications → New application → Create your own application, not in the gallery. Then Single sign-on → SAML → Upload metadata file."
        / "Enterprise applications → New application → Create your own application, ikke fra galleriet. Derefter Single sign-on → SAML → Upload metadata file.";
        "See that Identifier, Reply URL and Logout Url are the entityID, the address for answers and the address for logout above."
        / "Se efter, at Identifier, Reply URL og Logout Url er entityID, adressen til svar og adressen til logout ovenfor.";
        "Attributes & Claims → Unique User Identifier: a transformation that joins C=DK,O=<your CVR number>,CN=<name>,Serial=<id>."
        / "Attributes & Claims → Unique User Identifier: en transformation, der sætter C=DK,O=<jeres CVR-nummer>,CN=<navn>,Serial=<id> sammen.";
        "SAML Certificates → Signing Option: Sign SAML response and assertion. Token encryption: import our encryption certificate and activate it."
        / "SAML Certificates → Signing Option: Sign SAML response and assertion. Token encryption: Importér vores krypteringscertifikat, og aktivér det.";
    }
    ""

    "OS2faktor" {
        "Log in as an administrator and create a new service provider (tjenesteudbyder) from the metadata address above."
        / "Log ind som administrator, og opret en ny tjenesteudbyder ud fra metadataadressen ovenfor.";
        "Choose the same profile as the register has for you, OIOSAML 2 or 3. Registered as AD FS by mistake, it would be asked for levels in a way that it cannot answer."
        / "Vælg den profil, registeret har for jer, OIOSAML 2 eller 3. Er den ved en fejl registreret som AD FS, bliver den bedt om niveauer på en måde, den ikke kan svare på.";
        "Let the job function roles be sent as OIOBPP, and let the assertion be encrypted."
        / "Lad jobfunktionsrollerne blive sendt som OIOBPP, og lad assertion blive krypteret.";
    }
    ""

    "FoxIDs" {
        "Applications → New application → SAML 2.0: give the metadata address above, with automatic update."
        / "Applications → New application → SAML 2.0: Angiv metadataadressen ovenfor, med automatisk opdatering.";
        "Choose X509SubjectName as the format of the NameID, and build it with a concatenation: C=DK,O={0},CN={1},Serial={2}."
        / "Vælg X509SubjectName som format for NameID, og byg det med en sammenkædning: C=DK,O={0},CN={1},Serial={2}.";
        "Sign the assertion, encrypt it, and issue the level and the privileges as claims."
        / "Signér assertion, kryptér den, og udsend niveauet og privilegierne som claims.";
    }
    ""

    "Keycloak" {
        "Fetch our metadata with the command below, then Clients → Import client → the file."
        / "Hent vores metadata med kommandoen nedenfor, og derefter Clients → Import client → filen.";
        "Keys: Encrypt assertions on. Settings: Sign documents on, Sign assertions on, Client signature required on."
        / "Keys: Encrypt assertions til. Settings: Sign documents til, Sign assertions til, Client signature required til.";
        "Client scopes → the dedicated one → mappers for the NameID, the level and the privileges."
        / "Client scopes → den dedikerede → mappere til NameID, niveauet og privilegierne.";
    }
    "curl --fail --output context-handler.xml \"{metadata}\""

    "SimpleSAMLphp" {
        "Fetch our metadata with the module metarefresh, or put the entry below into metadata/saml20-sp-remote.php and copy our certificates from the metadata."
        / "Hent vores metadata med modulet metarefresh, eller sæt opslaget nedenfor ind i metadata/saml20-sp-remote.php, og kopiér vores certifikater fra metadata.";
        "In saml20-idp-hosted.php: 'validate.authnrequest' => true, so that only we can ask."
        / "I saml20-idp-hosted.php: 'validate.authnrequest' => true, så kun vi kan spørge.";
    }
    "$metadata['{entity}'] = [\n    'AssertionConsumerService' => '{acs}',\n    'SingleLogoutService' => '{slo}',\n    'NameIDFormat' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName',\n    'saml20.sign.assertion' => true,\n    'assertion.encryption' => true,\n];"
}
