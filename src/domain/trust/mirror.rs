//! What a fagsystem did with what it was sent, and which of its messages were refused, as far as the exchange log shows it.
//!
//! We see messages, not minds: a fagsystem that lets its user in and never comes back looks the same to us as one that
//! threw the assertion away. So nothing here says "refused by the fagsystem"; it says what was seen, or that nothing was.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use crate::domain::audit::{Event, Record};
use crate::domain::id::{Cvr, LoginId};
use crate::domain::reason::Reason;

/// So many tokens and so many refused messages are told.
const MOST: usize = 20;

/// What a fagsystem did that shows that it read what it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trace {
    /// It exchanged its code for tokens.
    CodeExchanged,
    /// It exchanged a refresh token.
    Refreshed,
    /// It asked who the user of its access token is.
    UserAsked,
    /// It asked by our SessionIndex, or our `sid`, that the session end.
    LogoutAsked,
    /// It confirmed that the session is over, when we told it.
    LogoutConfirmed,
}

/// A token that the fagsystem was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// When.
    pub at: Timestamp,
    /// The login.
    pub login: LoginId,
    /// The municipality of the user.
    pub authority: Option<Cvr>,
    /// The level of assurance in it.
    pub level: Option<String>,
    /// What was seen of it since, and when first.
    pub traces: BTreeMap<Trace, Timestamp>,
}

/// A message of the fagsystem, or a login that it asked for, that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// When.
    pub at: Timestamp,
    /// The login.
    pub login: LoginId,
    /// What it was.
    pub event: Event,
    /// Why.
    pub reason: Option<Reason>,
    /// Whether it is proved that it came from the fagsystem, or belongs to a login of it.
    pub is_proved: bool,
    /// Expected and received, where the message was the fagsystem's own.
    pub detail: Option<String>,
}

/// What the exchange log shows of one fagsystem, the youngest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mirror {
    /// What it was sent.
    pub tokens: Vec<Token>,
    /// What was refused.
    pub rejected: Vec<Rejected>,
}

impl Mirror {
    /// Reads it out of the records of one fagsystem, the youngest first.
    pub fn of(records: &[Record]) -> Self {
        let seen = Seen::of(records);
        let tokens = records.iter().filter(|record| is_first(record)).map(|record| Token {
            at: record.at,
            login: record.login,
            authority: record.authority,
            level: record.level.clone(),
            traces: seen.of_token(record),
        });
        Self {
            tokens: tokens.take(MOST).collect(),
            rejected: records.iter().filter_map(rejected).take(MOST).collect(),
        }
    }
}

/// Whether a record tells of a token that ended a login; what a code or a refresh token was exchanged for came later.
fn is_first(record: &Record) -> bool {
    record.event == Event::TokenIssued && record.allowed && !is_later(record)
}

fn is_later(record: &Record) -> bool {
    [Reason::OidcTokens, Reason::TokenRefreshed].iter().any(|later| later.code() == record.reason)
}

/// Everything that a fagsystem was seen doing.
#[derive(Default)]
struct Seen {
    /// By the login that it belongs to.
    by_login: HashMap<LoginId, Vec<(Trace, Timestamp)>>,
    /// By the session.
    by_session: HashMap<LoginId, Vec<(Trace, Timestamp)>>,
}

impl Seen {
    fn of(records: &[Record]) -> Self {
        let issued = records.iter().filter(|record| record.event == Event::TokenIssued && is_later(record));
        let logins: HashMap<&str, LoginId> =
            issued.filter_map(|record| Some((record.message.as_deref()?, record.login))).collect();
        let mut seen = Self::default();
        for record in records.iter().filter(|record| record.allowed) {
            let (trace, login) = match record.event {
                Event::TokensAsked if record.reason == Reason::TokenRefreshed.code() => {
                    (Trace::Refreshed, Some(record.login))
                }
                Event::TokensAsked => (Trace::CodeExchanged, Some(record.login)),
                Event::UserinfoAsked => {
                    let token = record.message.as_deref();
                    (Trace::UserAsked, token.and_then(|token| logins.get(token).copied()))
                }
                Event::SessionEnded => (Trace::LogoutAsked, None),
                Event::LogoutConfirmed => (Trace::LogoutConfirmed, None),
                _ => continue,
            };
            if let Some(login) = login {
                seen.by_login.entry(login).or_default().push((trace, record.at));
            } else if let Some(session) = record.session.filter(|_| trace >= Trace::LogoutAsked) {
                seen.by_session.entry(session).or_default().push((trace, record.at));
            }
        }
        seen
    }

    fn of_token(&self, token: &Record) -> BTreeMap<Trace, Timestamp> {
        let by_session = token.session.and_then(|session| self.by_session.get(&session));
        let all = self.by_login.get(&token.login).into_iter().chain(by_session).flatten();
        let mut traces = BTreeMap::new();
        for (trace, at) in all.filter(|(_, at)| *at >= token.at) {
            let first = traces.entry(*trace).or_insert(*at);
            *first = (*first).min(*at);
        }
        traces
    }
}

fn rejected(record: &Record) -> Option<Rejected> {
    // What the fagsystem was told about it is the same story again.
    if record.allowed || record.event == Event::RefusalSent {
        return None;
    }
    let is_own = matches!(
        record.event,
        Event::RequestReceived
            | Event::RequestPushed
            | Event::TokensAsked
            | Event::UserinfoAsked
            | Event::TokenInspected
            | Event::TokenRevoked
            | Event::LogoutReceived
    );
    Some(Rejected {
        at: record.at,
        login: record.login,
        event: record.event,
        reason: Reason::from_code(&record.reason),
        is_proved: record.fagsystem.is_some(),
        // An identity provider's words about its user are no business of the fagsystem.
        detail: record.detail.clone().filter(|_| is_own),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::Actor;
    use crate::domain::id::EntityId;

    fn record(second: i64, login: u128, event: Event, reason: Reason) -> Record {
        let at = Timestamp::from_second(second).unwrap();
        let record = Record::allowed(at, LoginId::from_bits(login), event, Actor::Broker, reason);
        let fagsystem = EntityId::new("https://fagsystem.example").ok();
        Record { fagsystem, session: Some(LoginId::from_bits(900 + login)), ..record }
    }

    fn traces(records: &[Record]) -> Vec<Vec<Trace>> {
        let mirror = Mirror::of(records);
        mirror.tokens.iter().map(|token| token.traces.keys().copied().collect()).collect()
    }

    #[test]
    fn a_token_shows_what_was_seen_of_it_and_nothing_of_another() {
        let token = |message: &str, record| Record { message: Some(message.to_owned()), ..record };
        let elsewhere = Record { session: None, ..record(7, 90, Event::UserinfoAsked, Reason::OidcUserinfo) };
        let mut records = vec![
            record(1, 1, Event::TokenIssued, Reason::LoginOk),
            record(2, 2, Event::TokenIssued, Reason::LoginOk),
            record(3, 3, Event::TokenIssued, Reason::LoginOk),
            record(4, 2, Event::TokensAsked, Reason::OidcTokens),
            token("jti", record(4, 2, Event::TokenIssued, Reason::OidcTokens)),
            token("jti", elsewhere.clone()),
            token("unknown", elsewhere),
            record(8, 3, Event::SessionEnded, Reason::SloOk),
        ];
        records.reverse();
        let expected = [vec![Trace::LogoutAsked], vec![Trace::CodeExchanged, Trace::UserAsked], vec![]];
        assert_eq!(traces(&records), expected);
    }

    #[test]
    fn the_end_of_a_session_says_nothing_about_a_token_that_came_after_it_or_that_was_refused() {
        let ended = record(1, 1, Event::SessionEnded, Reason::SloOk);
        let issued = record(2, 1, Event::TokenIssued, Reason::LoginOk);
        assert_eq!(traces(&[issued.clone(), ended.clone()]), [vec![]]);
        let later = Record { at: Timestamp::from_second(3).unwrap(), ..ended };
        let unheard = Record { event: Event::LogoutConfirmed, allowed: false, ..later.clone() };
        assert_eq!(traces(&[unheard, issued.clone()]), [vec![]]);
        assert_eq!(traces(&[later, issued]), [vec![Trace::LogoutAsked]]);
    }

    #[test]
    fn what_was_refused_tells_its_detail_only_where_the_fagsystem_said_it() {
        let refused = |event, reason: Reason| Record {
            allowed: false,
            detail: Some("expected that, got this".to_owned()),
            ..record(1, 1, event, reason)
        };
        let stranger = Record { fagsystem: None, ..refused(Event::RequestReceived, Reason::SigInvalid) };
        let mirror = Mirror::of(&[
            refused(Event::AnswerReceived, Reason::LoaLower),
            refused(Event::RefusalSent, Reason::LoaLower),
            stranger,
        ]);
        let told: Vec<_> =
            mirror.rejected.iter().map(|one| (one.reason, one.is_proved, one.detail.is_some())).collect();
        assert_eq!(told, [(Some(Reason::LoaLower), true, false), (Some(Reason::SigInvalid), false, true)]);
    }
}
