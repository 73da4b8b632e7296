//! What is simulated is what a login tells: the same attributes, the same rulings, the same refusals.

use context_handler::broker::simulate::{AskService, Outcome, Question, Simulated};
use context_handler::domain::audit::Ruling;
use context_handler::domain::id::{Cvr, EntityId};
use context_handler::protocol::saml::assertion::Supposed;

use crate::support::roles::{FEDDETS, FIXED, LENT, WORKER, scope};
use crate::support::{Fagsystem, Say, Town};

const LOA: &str = "https://data.gov.dk/concept/core/nsis/loa";
const CPR: &str = "https://data.gov.dk/model/core/eid/cprNumber";
const ROBOT: &str = "https://data.gov.dk/model/core/eid/professional/isRobot";

async fn town(name: &str) -> Town {
    Town::with(name, |files| {
        let register = files.get_mut("register.toml").unwrap();
        let toml = String::from_utf8(register.clone()).unwrap();
        let bbr = "name = \"BBR\"\n";
        assert!(toml.contains(bbr));
        *register = toml.replacen(bbr, &format!("{bbr}attribute-profile = \"SEB\"\n"), 1).into_bytes();
        register.extend(
            b"[[user]]\nauthority = \"11111111\"\nid = \"5b0c\"\nroles = []\n\
              claims = { \"urn:oid:2.5.4.3\" = [\"Ib of the store\"] }\n",
        );
    })
    .await
}

async fn simulate(town: &Town, fagsystem: &Fagsystem, say: &Say) -> Simulated {
    let idp = EntityId::new(&town.korsbaek.entity_id).unwrap();
    let fagsystem = EntityId::new(&fagsystem.entity_id).unwrap();
    let said = Supposed {
        name_id: say.name_id.clone(),
        class: Some(say.class.clone()),
        attributes: say.attributes.iter().cloned().collect(),
    };
    let authority = Cvr::new(town.korsbaek.cvr).unwrap();
    let service = AskService::No;
    let question = Question { said, idp: &idp, authority, fagsystem: &fagsystem, source: None, service };
    town.broker.simulate(question).await
}

fn sorted(rulings: &[Ruling]) -> Vec<String> {
    let mut all: Vec<_> = rulings.iter().map(|ruling| format!("{ruling:?}")).collect();
    all.sort();
    all
}

#[tokio::test]
async fn a_simulation_ends_as_the_login_does() {
    type Bend = fn(&mut Say);
    let rows: [(&str, Bend); 8] = [
        ("everything", |say| {
            let (own, other) = (scope("11111111"), scope("99999999"));
            say.rights(&[
                (&own, WORKER, &[]),
                (&own, FIXED, &[]),
                (&other, FEDDETS, &[]),
                (&other, LENT, &[]),
            ]);
            say.set(CPR, Some("0101010101"));
        }),
        ("nothing", |_| {}),
        ("NIST", |say| say.nist("3")),
        ("too low", |say| {
            say.class = "https://data.gov.dk/concept/core/nsis/loa/Low".into();
            say.set(LOA, Some("Low"));
        }),
        ("a robot", |say| say.set(ROBOT, Some("true"))),
        ("a bad CPR number", |say| say.set(CPR, Some("1"))),
        ("another municipality", |say| say.name_id = "C=DK,O=99999999,CN=Ib,Serial=1".into()),
        ("another profile", |say| say.set("https://data.gov.dk/model/core/specVersion", None)),
    ];
    let mut issued = Vec::new();
    for (number, (what, bend)) in rows.into_iter().enumerate() {
        let town = town(&format!("simulate-{number}")).await;
        let before = town.log().await.len();
        let mut ordinary = town.korsbaek.say("_question");
        bend(&mut ordinary);
        let simulated = simulate(&town, &town.bbr, &ordinary).await;
        assert_eq!(town.log().await.len(), before, "{what}: a simulation is not written down");

        let mut browser = town.browser();
        let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
        let answer = town.korsbaek.answer(&town, &mut browser, &sent, bend).await;
        let log = town.log().await;
        let record = log.iter().rev().find(|record| format!("{:?}", record.event) != "RefusalSent").unwrap();
        match simulated.outcome {
            Outcome::Issued(token) => {
                issued.push(what);
                let told = town.bbr.read(&answer, &town);
                let simulated: Vec<_> = token
                    .attributes
                    .iter()
                    .map(|(name, values)| ((*name).to_owned(), values.clone()))
                    .collect();
                assert_eq!((told.status, told.attributes), (vec!["Success".to_owned()], simulated), "{what}");
                assert_eq!((told.name_id, told.class), (token.name_id, token.level.class()), "{what}");
            }
            Outcome::Refused(fault) => {
                assert!(!record.allowed, "{what}: {fault}");
                assert_eq!(
                    (&*record.reason, record.detail.as_deref()),
                    (fault.reason.code(), Some(&*fault.detail))
                );
            }
            Outcome::StepUp(..) => panic!("{what}: nobody allows a step-up"),
        }
        assert_eq!(simulated.record.rule, record.rule, "{what}");
        assert_eq!(simulated.record.level, record.level, "{what}");
        assert_eq!(sorted(&simulated.rulings), sorted(&record.rulings), "{what}");
    }
    assert_eq!(issued, ["everything", "nothing"]);
}
