//! How an attack is played: every turn is a login of its own, begun by a genuine request, and ended by the message that is
//! tried. All that went otherwise than promised is told at the end.

use context_handler::domain::audit::{Event, Record};
use context_handler::domain::reason::Reason;
use context_handler::http::pages::may_be_shown;

use crate::support::forge::b64;
use crate::support::{Answer, Ask, Browser, Idp, Say, Signing, Told, Town, deliver};

/// Bends a genuine message.
pub(super) type Bend = Box<dyn Fn(&str) -> String>;

/// A row of a table: what is tried, how the genuine message is bent, and the reason for which it is refused.
pub(super) type Row = (&'static str, Bend, &'static str);

/// A row from its parts.
pub(super) fn row(what: &'static str, reason: &'static str, bend: impl Fn(&str) -> String + 'static) -> Row {
    (what, Box::new(bend), reason)
}

/// A town in which one thing after another is tried.
pub(super) struct Arena {
    pub(super) town: Town,
    turns: usize,
    otherwise: Vec<String>,
}

impl Arena {
    pub(super) async fn new(name: &str) -> Self {
        Self::of(Town::new(name).await)
    }

    pub(super) fn of(town: Town) -> Self {
        Self { town, turns: 0, otherwise: Vec::new() }
    }

    /// What went otherwise than promised.
    pub(super) fn verdict(self) {
        assert!(self.turns > 0);
        assert!(
            self.otherwise.is_empty(),
            "{} of {}:\n{}",
            self.otherwise.len(),
            self.turns,
            self.otherwise.join("\n")
        );
    }

    /// The genuine twin of a table is accepted, and every row of it refused.
    pub(super) async fn table(&mut self, signing: Signing, rows: Vec<Row>) {
        let genuine = |idp: &Idp, say: &Say| idp.write(&Say { signing, ..say.clone() });
        self.accepts(&format!("the twin signed at {signing:?}"), genuine).await;
        for (what, bend, reason) in rows {
            self.refuses(&format!("{what} ({signing:?})"), reason, |idp, say| bend(&genuine(idp, say))).await;
        }
    }

    /// A message that the broker must accept; gives back what the fagsystem was told.
    pub(super) async fn accepts(
        &mut self,
        what: &str,
        make: impl FnOnce(&Idp, &Say) -> String,
    ) -> Option<Told> {
        let (mut browser, state, say) = self.begin().await;
        let xml = make(&self.town.korsbaek, &say);
        let before = self.town.log().await.len();
        let answer = deliver(&self.town, &mut browser, &xml, state.as_deref()).await;
        let records = self.town.log().await.split_off(before);
        let told = answer.form().map(|_| self.town.bbr.read(&answer, &self.town));
        let told = told.filter(|told| told.status == ["Success"] && told.assertion.is_some());
        if told.is_none() || events(&records) != ["AnswerReceived login.ok", "TokenIssued login.ok"] {
            let status = answer.status;
            self.otherwise
                .push(format!("{what}: expected to be accepted, got {status} {:?}", events(&records)));
        }
        told
    }

    /// A message that the broker must refuse, for this reason and with all that belongs to a refusal.
    pub(super) async fn refuses(
        &mut self,
        what: &str,
        reason: &str,
        make: impl FnOnce(&Idp, &Say) -> String,
    ) {
        let (mut browser, state, say) = self.begin().await;
        let xml = make(&self.town.korsbaek, &say);
        let before = self.town.log().await.len();
        let cookies = browser.cookies.len();
        let answer = deliver(&self.town, &mut browser, &xml, state.as_deref()).await;
        let records = self.town.log().await.split_off(before);
        assert!(browser.cookies.len() <= cookies, "{what}: a new cookie");
        self.judge(what, reason, "AnswerReceived", &answer, &records);
    }

    /// An answer whose form itself is bent: the parameter in the form of base64 is given and changed.
    pub(super) async fn refuses_form(&mut self, what: &str, reason: &str, bend: impl FnOnce(&str) -> String) {
        let (mut browser, state, say) = self.begin().await;
        let message = b64(self.town.korsbaek.write(&say).as_bytes());
        let before = self.town.log().await.len();
        let form = [("SAMLResponse", bend(&message)), ("RelayState", state.unwrap_or_default())];
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        let answer = browser.post(&self.town.acs(), &form).await;
        let records = self.town.log().await.split_off(before);
        self.judge(what, reason, "AnswerReceived", &answer, &records);
    }

    /// A request in an address, signed by hand, that must be accepted or refused for this reason.
    pub(super) async fn redirect(
        &mut self,
        what: &str,
        reason: Option<&str>,
        make: impl FnOnce(&str) -> String,
    ) {
        self.turns += 1;
        let mut ask = self.town.bbr.ask();
        ask.id = format!("_request{}", self.turns);
        let genuine = self.town.bbr.redirect(&ask);
        let (address, query) = genuine.split_once('?').unwrap();
        let unsigned = query.split("&SigAlg=").next().unwrap();
        let before = self.town.log().await.len();
        let to = format!("{address}?{}&authority=11111111", make(unsigned));
        let answer = self.town.browser().get(&to).await;
        let records = self.town.log().await.split_off(before);
        match reason {
            Some(reason) => self.judge(what, reason, "RequestReceived", &answer, &records),
            None if answer.location.is_some() => {}
            None => {
                self.otherwise.push(format!("{what}: expected to be accepted, got {:?}", events(&records)))
            }
        }
    }

    /// A request by POST that must be accepted.
    pub(super) async fn accepts_request(&mut self, what: &str, make: impl FnOnce(&Ask, &Town) -> String) {
        let (answer, records) = self.request(make).await;
        let to_idp =
            answer.location.as_deref().is_some_and(|to| to.starts_with("https://idp.korsbaek.test/sso?"));
        if !to_idp || events(&records) != ["RequestReceived login.begun", "QuestionSent login.chosen"] {
            let status = answer.status;
            self.otherwise
                .push(format!("{what}: expected to be accepted, got {status} {:?}", events(&records)));
        }
    }

    /// A request by POST that must be refused.
    pub(super) async fn refuses_request(
        &mut self,
        what: &str,
        reason: &str,
        make: impl FnOnce(&Ask, &Town) -> String,
    ) {
        let (answer, records) = self.request(make).await;
        assert!(answer.location.is_none(), "{what}: sent on to {:?}", answer.location);
        self.judge(what, reason, "RequestReceived", &answer, &records);
    }

    async fn request(&mut self, make: impl FnOnce(&Ask, &Town) -> String) -> (Answer, Vec<Record>) {
        self.turns += 1;
        let mut ask = self.town.bbr.ask();
        ask.id = format!("_request{}", self.turns);
        let form = self.town.bbr.form(&ask);
        let before = self.town.log().await.len();
        let message = b64(make(&ask, &self.town).as_bytes());
        let to = format!("{}?authority=11111111", form.action);
        let answer = self.town.browser().post(&to, &[("SAMLRequest", &message)]).await;
        (answer, self.town.log().await.split_off(before))
    }

    /// A login up to the identity provider, which is about to answer in plain.
    async fn begin(&mut self) -> (Browser, Option<String>, Say) {
        self.turns += 1;
        let (n, mut browser, mut ask) = (self.turns, self.town.browser(), self.town.bbr.ask());
        ask.id = format!("_request{n}");
        let sent = self.town.bbr.send(&mut browser, &ask).await;
        let (question, arrived) = self.town.korsbaek.question(&sent);
        let mut say = self.town.korsbaek.say(&question);
        (say.response_id, say.assertion_id) = (format!("_response{n}"), format!("_assertion{n}"));
        say.encrypted = false;
        (browser, arrived.relay_state, say)
    }

    fn judge(&mut self, what: &str, reason: &str, event: &str, answer: &Answer, records: &[Record]) {
        let mut wrong = Vec::new();
        if let Some(_form) = answer.form() {
            let told = self.town.bbr.read(answer, &self.town);
            if told.assertion.is_some() || told.status.first().is_none_or(|code| code == "Success") {
                wrong.push(format!("ACCEPTED as {}", told.name_id));
            }
        } else if !(400..500).contains(&answer.status) {
            wrong.push(format!("status {}", answer.status));
        }
        let decisions: Vec<_> = records.iter().filter(|r| r.event != Event::RefusalSent).collect();
        match decisions.as_slice() {
            [one] if !one.allowed && format!("{:?}", one.event) == event => {
                if one.reason != reason {
                    let detail = one.detail.as_deref().unwrap_or_default();
                    wrong.push(format!("expected {reason}, got {}: {detail}", one.reason));
                }
                if one.sha256.is_none() && reason != "encoding.base64" {
                    wrong.push("the record lacks the fingerprint of the message".into());
                }
                let detail = one.detail.clone().unwrap_or_default();
                let hidden = Reason::from_code(&one.reason).is_some_and(|reason| !may_be_shown(reason));
                if hidden
                    && (answer.body.contains(&one.reason)
                        || !detail.is_empty() && answer.body.contains(&detail))
                {
                    wrong.push(format!("the page names {}", one.reason));
                }
            }
            _ => wrong.push(format!("records {:?}", events(records))),
        }
        if !wrong.is_empty() {
            self.otherwise.push(format!("{what}: {}", wrong.join("; ")));
        }
    }
}

fn events(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| format!("{:?} {}", record.event, record.reason)).collect()
}
