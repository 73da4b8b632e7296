//! A review of somebody's metadata: everything that can be judged without asking anybody, told finding by finding with
//! what was expected, what came, and what to do. What a login itself demands is asked of the reader that logins use.

mod keys;

pub(super) use keys::signer;

use jiff::Timestamp;
use serde::Serialize;

use super::metadata::{Parsed, collect_entities, endpoints, only_role, valid_until};
use super::{Binding, X509_SUBJECT_NAME, entity_id, md, required};
use crate::domain::id::EntityId;
use crate::domain::reason::Fault;
use crate::protocol::xml::{Document, Element};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// It works here today, and may not work elsewhere or tomorrow.
    Warning,
    /// It does not work.
    Error,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The stable name of the check.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Whose metadata, and in which role.
    pub about: String,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub received: String,
    /// What to do; empty where nothing is to be done.
    pub fix: &'static str,
}

/// What an entity does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Idp,
    Sp,
}

const ROLES: [(Role, &str); 2] = [(Role::Idp, "IDPSSODescriptor"), (Role::Sp, "SPSSODescriptor")];

/// Looks at a metadata document. The findings of one check stand together, those of the whole document first.
pub fn review(content: &[u8], now: Timestamp) -> Vec<Finding> {
    let mut review = Review { now, about: "the document".to_owned(), findings: Vec::new() };
    let document = match Document::parse_metadata(content) {
        Ok(document) => document,
        Err(fault) => {
            review.fault(
                "md.xml",
                "well-formed XML within limits",
                &fault,
                "Deliver the file as it was exported.",
            );
            return review.findings;
        }
    };
    review.ok("md.xml", "well-formed XML within limits", "it is");
    let mut entities = Vec::new();
    if let Err(fault) = collect_entities(document.root(), &mut entities) {
        review.fault("md.entity", "SAML metadata", &fault, "Deliver the metadata, not another file.");
    } else if entities.is_empty() {
        review.error("md.entity", "an EntityDescriptor", "none", "Deliver the metadata of one party.");
    }
    for entity in entities {
        review.entity(&document, entity);
    }
    review.findings
}

struct Review {
    now: Timestamp,
    about: String,
    findings: Vec<Finding>,
}

impl Review {
    fn entity(&mut self, document: &Document<'_>, entity: Element<'_>) {
        let name = match required(entity, "entityID").and_then(entity_id) {
            Ok(name) => name,
            Err(fault) => return self.fault("md.entity", "an entityID", &fault, "Name the party."),
        };
        self.about = name.to_string();
        self.validity(document.root(), entity);
        let roles = ROLES.map(|(role, kind)| (role, kind, only_role(entity, kind)));
        if let [(.., Err(fault)), (.., Err(_))] = &roles {
            let expected = "an IDPSSODescriptor or an SPSSODescriptor for SAML 2.0, one of each at most";
            self.fault("md.role", expected, fault, "Export the metadata of the right role.");
        }
        let mut signing = Vec::new();
        for (role, kind, element) in roles {
            let Ok(element) = element else { continue };
            self.about =
                format!("{name} as {}", if role == Role::Idp { "identity provider" } else { "fagsystem" });
            self.ok("md.role", kind, kind);
            self.readable(document, &name, role);
            self.endpoints(element, role);
            self.logout(element);
            signing.extend(self.keys(element, role));
            self.name_formats(element, role);
            if role == Role::Sp {
                self.encryption(element);
                self.requests(element);
            }
        }
        self.about = name.to_string();
        self.same_key_in_two_roles(entity);
        self.signature(document.root(), signing);
    }

    fn validity(&mut self, root: Element<'_>, entity: Element<'_>) {
        let expected = format!("a validUntil after {}", self.now);
        match valid_until(root, entity) {
            Err(fault) => self.fault("md.valid-until", &expected, &fault, "Write the time in UTC."),
            Ok(None) => self.ok("md.valid-until", &expected, "none: it holds until it is replaced"),
            Ok(Some(until)) if until <= self.now => {
                self.error("md.valid-until", &expected, &until.to_string(), "Deliver newer metadata.");
            }
            Ok(Some(until)) => self.ok("md.valid-until", &expected, &until.to_string()),
        }
    }

    /// What `apply` would say: the very reading that a login relies on.
    fn readable(&mut self, document: &Document<'_>, name: &EntityId, role: Role) {
        let parsed = Parsed::new(document);
        let read = match role {
            Role::Idp => parsed.idp(Some(name)).map(drop),
            Role::Sp => parsed.sp(Some(name)).map(drop),
        };
        match read {
            Ok(()) => self.ok("md.usable", "metadata that a login can use", "it is"),
            Err(fault) => self.fault(
                "md.usable",
                "metadata that a login can use",
                &fault,
                fault.reason.explanation().fix.en,
            ),
        }
    }

    fn endpoints(&mut self, role_element: Element<'_>, role: Role) {
        let (id, kind, binding) = match role {
            Role::Idp => ("md.sso", "SingleSignOnService", Binding::Redirect),
            Role::Sp => ("md.acs", "AssertionConsumerService", Binding::Post),
        };
        let expected = format!("a {kind} with {binding:?}");
        match endpoints(role_element, kind) {
            Err(fault) => self.fault("md.location", "https addresses", &fault, "Use https."),
            Ok(found) => {
                self.ok("md.location", "https addresses", &format!("{} for {kind}", found.len()));
                match found.iter().find(|endpoint| endpoint.binding == binding.uri()) {
                    Some(endpoint) => self.ok(id, &expected, endpoint.location),
                    // Requests go by POST as well, but the production federation insists.
                    None if role == Role::Idp && !found.is_empty() => {
                        self.warning(id, &expected, "other bindings only", "Offer Redirect too.");
                    }
                    None => self.error(id, &expected, "none", "Add the address."),
                }
                let defaults = found.iter().filter(|endpoint| endpoint.is_default).count();
                let numbered = found.iter().all(|endpoint| endpoint.index.is_some());
                if role == Role::Sp && (defaults > 1 || !numbered) {
                    let received = format!(
                        "{defaults} defaults, {}",
                        if numbered { "all numbered" } else { "not all numbered" }
                    );
                    let fix = "Number every address and mark one as the default.";
                    self.warning(
                        "md.acs-index",
                        "every address numbered, at most one default",
                        &received,
                        fix,
                    );
                }
            }
        }
    }

    fn logout(&mut self, role: Element<'_>) {
        let expected = "a SingleLogoutService with Redirect";
        match endpoints(role, "SingleLogoutService") {
            Err(fault) => self.fault("md.location", "https addresses", &fault, "Use https."),
            Ok(found) => match found.iter().find(|endpoint| endpoint.binding == Binding::Redirect.uri()) {
                Some(endpoint) => self.ok("md.slo", expected, endpoint.location),
                None => {
                    let fix = "Add one: without it users stay logged in here when they log out elsewhere.";
                    self.warning("md.slo", expected, "none", fix);
                }
            },
        }
    }

    fn name_formats(&mut self, element: Element<'_>, role: Role) {
        let formats: Vec<String> = element
            .children()
            .filter(|child| child.is(md("NameIDFormat")))
            .filter_map(|format| format.text().ok().map(|text| text.trim().to_owned()))
            .collect();
        let expected = match role {
            Role::Idp => "X509SubjectName, or no list",
            Role::Sp => "X509SubjectName, persistent or unspecified, or no list",
        };
        let fits = |format: &String| {
            format == X509_SUBJECT_NAME
                || role == Role::Sp && (format.ends_with(":persistent") || format.ends_with(":unspecified"))
        };
        if formats.is_empty() || formats.iter().any(fits) {
            self.ok("md.nameid", expected, &formats.join(", "));
        } else {
            let fix = "Let the other side send and take names in the format X509SubjectName.";
            self.warning("md.nameid", expected, &formats.join(", "), fix);
        }
    }

    fn requests(&mut self, element: Element<'_>) {
        let expected = "AuthnRequestsSigned is true: unsigned requests are refused";
        match element.attribute("AuthnRequestsSigned") {
            Some("true" | "1") => self.ok("md.requests-signed", expected, "true"),
            other => {
                self.warning("md.requests-signed", expected, other.unwrap_or("nothing"), "Sign requests.")
            }
        }
    }

    fn ok(&mut self, id: &'static str, expected: &str, received: &str) {
        self.tell(id, Severity::Ok, (expected, received), "");
    }

    fn warning(&mut self, id: &'static str, expected: &str, received: &str, fix: &'static str) {
        self.tell(id, Severity::Warning, (expected, received), fix);
    }

    fn error(&mut self, id: &'static str, expected: &str, received: &str, fix: &'static str) {
        self.tell(id, Severity::Error, (expected, received), fix);
    }

    fn fault(&mut self, id: &'static str, expected: &str, fault: &Fault, fix: &'static str) {
        self.tell(id, Severity::Error, (expected, &fault.to_string()), fix);
    }

    fn tell(&mut self, id: &'static str, severity: Severity, told: (&str, &str), fix: &'static str) {
        let (expected, received) = (told.0.to_owned(), told.1.to_owned());
        self.findings.push(Finding { id, severity, about: self.about.clone(), expected, received, fix });
    }
}
