//! Rights in a conversation: what the register holds, what an identity provider states, what a fagsystem is told. Both
//! are written and read here without the broker's own code.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use context_handler::protocol::xml::{Document, Element};

use super::{Fagsystem, Say, Told, Town};

/// The attribute that carries rights in OIOSAML 3, and the one in OIOSAML 2.
const PRIVILEGES: [&str; 2] = [
    "https://data.gov.dk/model/core/eid/privilegesIntermediate",
    "dk:gov:saml:attribute:Privileges_intermediate",
];

/// The parameter that Korsbæk sends at every login for the role [`TOPIC`].
pub(crate) const PARAMETER: &str = "http://korsbaek.test/emne/1/parametric";
/// The parameter of the role [`UNIT`], whose values have no registered syntax.
pub(crate) const UNIT_PARAMETER: &str = "http://korsbaek.test/enhed/1/parametric";
/// What BBR reads as the limit to a topic.
pub(crate) const KLE: &str = "http://sts.test/constraints/KLE/1";
/// What BBR reads as the limit to a unit.
pub(crate) const ENHED: &str = "http://sts.test/constraints/enhed/1";

/// Korsbæk's role without limits: stands for [`SEE`] in BBR and for [`BOOK`] in Køreprøvebooking.
pub(crate) const WORKER: &str = "http://korsbaek.test/roles/jobrole/sagsbehandler/1";
/// Korsbæk's role with a fixed limit: [`EDIT`] for the topics 27.00 and 32.30.
pub(crate) const FIXED: &str = "http://korsbaek.test/roles/jobrole/fast/1";
/// Korsbæk's role with a limit that Korsbæk sends: [`EDIT`] for a topic of area 27.
pub(crate) const TOPIC: &str = "http://korsbaek.test/roles/jobrole/emne/1";
/// Korsbæk's role with a limit without syntax: [`SEE`] for a unit.
pub(crate) const UNIT: &str = "http://korsbaek.test/roles/jobrole/enhed/1";
/// Feddet's role, delegated to nobody.
pub(crate) const FEDDETS: &str = "http://feddet.test/roles/jobrole/sagsbehandler/1";
/// Feddet's role, delegated to Korsbæk from the beginning and for an hour.
pub(crate) const LENT: &str = "http://feddet.test/roles/jobrole/vikar/1";

/// BBR's right to look.
pub(crate) const SEE: &str = "http://bbr.test/roles/usersystemrole/se/1";
/// BBR's right to change.
pub(crate) const EDIT: &str = "http://bbr.test/roles/usersystemrole/ret/1";
/// Køreprøvebooking's right.
pub(crate) const BOOK: &str = "http://koereproeve.test/roles/usersystemrole/book/1";

/// What the register of the town says about roles.
pub(super) const REGISTER: &str = r#"
[[restriction-type]]
id = "http://sts.test/constraints/KLE/1"
name = "Topic"
syntax = '(27|32)\.\d{2}'

[[restriction-type]]
id = "http://sts.test/constraints/enhed/1"
name = "Unit"

[[job-function-role]]
id = "http://korsbaek.test/roles/jobrole/sagsbehandler/1"
authority = "11111111"
name = "Case worker"
delegated-to = [{ authority = "99999999" }]

[[job-function-role]]
id = "http://korsbaek.test/roles/jobrole/fast/1"
authority = "11111111"
name = "Fixed"

[[job-function-role]]
id = "http://korsbaek.test/roles/jobrole/emne/1"
authority = "11111111"
name = "Topic"

[[job-function-role]]
id = "http://korsbaek.test/roles/jobrole/enhed/1"
authority = "11111111"
name = "Unit"

[[job-function-role]]
id = "http://feddet.test/roles/jobrole/sagsbehandler/1"
authority = "99999999"
name = "Case worker"

[[job-function-role]]
id = "http://feddet.test/roles/jobrole/vikar/1"
authority = "99999999"
name = "Substitute"
delegated-to = [{ authority = "11111111", valid-from = "2026-11-21T08:00:00Z", valid-until = "2026-11-21T09:00:00Z" }]

[[user-system-role]]
id = "http://bbr.test/roles/usersystemrole/se/1"
service-provider = "https://saml.bbr.test"
name = "See"
restrictions = [{ type = "http://sts.test/constraints/enhed/1" }]

[[user-system-role]]
id = "http://bbr.test/roles/usersystemrole/ret/1"
service-provider = "https://saml.bbr.test"
name = "Edit"
restrictions = [{ type = "http://sts.test/constraints/KLE/1", required = true }]

[[user-system-role]]
id = "http://koereproeve.test/roles/usersystemrole/book/1"
service-provider = "https://saml.koereproeve.test"
name = "Book"

[[role-mapping]]
job-function-role = "http://korsbaek.test/roles/jobrole/sagsbehandler/1"
user-system-role = "http://bbr.test/roles/usersystemrole/se/1"

[[role-mapping]]
job-function-role = "http://korsbaek.test/roles/jobrole/sagsbehandler/1"
user-system-role = "http://koereproeve.test/roles/usersystemrole/book/1"

[[role-mapping]]
job-function-role = "http://korsbaek.test/roles/jobrole/fast/1"
user-system-role = "http://bbr.test/roles/usersystemrole/ret/1"
restrictions = [{ type = "http://sts.test/constraints/KLE/1", values = ["27.00", "32.30"] }]

[[role-mapping]]
job-function-role = "http://korsbaek.test/roles/jobrole/emne/1"
user-system-role = "http://bbr.test/roles/usersystemrole/ret/1"
restrictions = [{ type = "http://sts.test/constraints/KLE/1", parameter = "http://korsbaek.test/emne/1/parametric" }]

[[role-mapping]]
job-function-role = "http://korsbaek.test/roles/jobrole/enhed/1"
user-system-role = "http://bbr.test/roles/usersystemrole/se/1"
restrictions = [{ type = "http://sts.test/constraints/enhed/1", parameter = "http://korsbaek.test/enhed/1/parametric" }]

[[role-mapping]]
job-function-role = "http://feddet.test/roles/jobrole/sagsbehandler/1"
user-system-role = "http://bbr.test/roles/usersystemrole/se/1"

[[role-mapping]]
job-function-role = "http://feddet.test/roles/jobrole/vikar/1"
user-system-role = "http://bbr.test/roles/usersystemrole/se/1"
"#;

/// Rights as one group: a scope, a role, and limits by name and value.
pub(crate) type Group<'t> = (&'t str, &'t str, &'t [(&'t str, &'t str)]);

/// The scope of an authority.
pub(crate) fn scope(cvr: &str) -> String {
    format!("urn:dk:gov:saml:cvrNumberIdentifier:{cvr}")
}

impl Say {
    /// States roles as well.
    pub(crate) fn rights(&mut self, groups: &[Group<'_>]) {
        self.attributes.push((PRIVILEGES[0].to_owned(), vec![STANDARD.encode(list(groups))]));
    }
}

fn list(groups: &[Group<'_>]) -> String {
    let mut xml =
        "<bpp:PrivilegeList xmlns:bpp=\"http://itst.dk/oiosaml/basic_privilege_profile\">".to_owned();
    for (scope, role, limits) in groups {
        xml += &format!("<PrivilegeGroup Scope=\"{scope}\"><Privilege>{role}</Privilege>");
        for (name, value) in *limits {
            xml += &format!("<Constraint Name=\"{name}\">{value}</Constraint>");
        }
        xml += "</PrivilegeGroup>";
    }
    xml + "</bpp:PrivilegeList>"
}

/// What a fagsystem was told that the user may do: scope, right, and every limit as `name = value`.
pub(crate) fn rights(told: &Told) -> Vec<(String, String, Vec<String>)> {
    let Some(value) = PRIVILEGES.iter().find_map(|name| told.attribute(name)) else { return Vec::new() };
    let xml = STANDARD.decode(value).unwrap();
    let document = Document::parse(&xml).unwrap();
    let text = |element: Element<'_>| element.text().unwrap().into_owned();
    document
        .root()
        .children()
        .map(|group| {
            let mut children = group.children();
            let privilege = text(children.next().unwrap());
            let limit = |c: Element<'_>| format!("{} = {}", c.attribute("Name").unwrap(), text(c));
            (group.attribute("Scope").unwrap().to_owned(), privilege, children.map(limit).collect())
        })
        .collect()
}

/// A login at a fagsystem for a user of Korsbæk with these roles: what the fagsystem was told that the user may do, and
/// what the exchange log says about each role.
pub(crate) async fn login(
    town: &Town,
    fagsystem: &Fagsystem,
    groups: &[Group<'_>],
) -> (Vec<(String, String, Vec<String>)>, Vec<&'static str>) {
    login_with(town, fagsystem, |say| say.rights(groups)).await
}

/// The same with an answer that is bent as told.
pub(crate) async fn login_with(
    town: &Town,
    fagsystem: &Fagsystem,
    bend: impl FnOnce(&mut Say),
) -> (Vec<(String, String, Vec<String>)>, Vec<&'static str>) {
    let mut browser = town.browser();
    let number = town.log().await.len();
    let mut ask = fagsystem.ask();
    (ask.id, ask.issue_instant) = (format!("_request{number}"), town.now().to_string());
    let sent = fagsystem.send(&mut browser, &ask).await;
    let answer = town
        .korsbaek
        .answer(town, &mut browser, &sent, |say| {
            say.at(town.now());
            say.assertion_id = format!("_assertion{number}");
            bend(say);
        })
        .await;
    let told = fagsystem.read(&answer, town);
    assert_eq!(told.status, ["Success"], "whatever becomes of its roles, the login goes on");
    let issued = town.log().await.pop().unwrap();
    assert_eq!(format!("{:?}", issued.event), "TokenIssued");
    (rights(&told), issued.rulings.iter().map(|ruling| ruling.reason.code()).collect())
}
