//! The end of a login for a client: the browser takes a code home, or the reason why there is none.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use super::{CODE, Entitlement, OfCode};
use crate::broker::issue::Told;
use crate::broker::session::Seat;
use crate::broker::{Broker, ByBrowser};
use crate::domain::login::{Asked, OidcReply};
use crate::domain::reason::{Fault, Reason};
use crate::domain::subject::Grant;
use crate::protocol::oauth::authorize::{Answer, ReplyTo};
use crate::protocol::seal::Ticket;
use crate::store::Voucher;

/// How long a code is good: its client has nothing else to do than to hand it in.
const CODE_LIVES: SignedDuration = SignedDuration::from_secs(60);

impl Broker {
    /// A code, and what it stands for. Whether there is anything to tell is found out here, where the user can still be
    /// told; what it is, when the code is handed in.
    pub(in crate::broker) fn code(
        &self,
        grant: &Grant<'_>,
        (asked, reply): (&Asked, &OidcReply),
        seat: &Seat,
        now: Timestamp,
    ) -> Result<(Voucher, ByBrowser), Fault> {
        let snapshot = self.snapshot();
        let client = snapshot.client(&asked.fagsystem)?; // still switched on
        client.speaks.check_redirect(&reply.redirect_uri)?; // still one of its addresses
        Told::of(grant)?;
        let entitlement = Entitlement {
            login: asked.login,
            client: asked.fagsystem.clone(),
            subject: Cow::Borrowed(grant.subject()),
            requirement: asked.requirement.clone(),
            authenticated: seat.authenticated,
            methods: seat.methods.clone(),
            offline: reply.offline,
            bound_to: reply.dpop.clone(),
            code: Some(OfCode {
                redirect_uri: reply.redirect_uri.clone(),
                challenge: reply.challenge.clone(),
                nonce: reply.nonce.clone(),
            }),
        };
        let text = entitlement.written()?;
        let ticket = Ticket::new(self.fresh_login(), self.random.as_ref());
        let voucher = Voucher {
            id: ticket.id,
            participant: seat.participant.index,
            expires: now + CODE_LIVES,
            spent: false,
            sealed: ticket.seal(&text, CODE, self.random.as_ref())?,
        };
        let answer = reply_to(reply).code(&ticket.text(), &self.settings.public_url);
        Ok((voucher, by_browser(answer)))
    }

    /// Why there is no code, for the reasons that a client is told. One that was switched off is told nothing, and
    /// nothing goes to an address that it no longer has.
    pub(in crate::broker) fn oidc_refusal(
        &self,
        (asked, reply): (&Asked, &OidcReply),
        reason: Reason,
    ) -> Option<ByBrowser> {
        let snapshot = self.snapshot();
        // An identity provider that may show no page says no for that reason.
        let by_page = asked.is_passive && reason == Reason::Status;
        let reason = if by_page { Reason::Passive } else { reason };
        snapshot.client(&asked.fagsystem).ok()?.speaks.check_redirect(&reply.redirect_uri).ok()?;
        let case = asked.login.case_number();
        reply_to(reply).refusal(reason, case, &self.settings.public_url).map(by_browser)
    }
}

fn reply_to(reply: &OidcReply) -> ReplyTo {
    ReplyTo {
        redirect_uri: reply.redirect_uri.clone(),
        state: reply.state.clone(),
        form_post: reply.form_post,
    }
}

fn by_browser(answer: Answer) -> ByBrowser {
    match answer {
        Answer::Redirect(to) => ByBrowser::Redirect(to),
        Answer::Form { action, fields } => ByBrowser::Fields { action, fields },
    }
}
