//! What the pages say, in Danish and in English: two values of one struct, so that a missing text does not compile.
//!
//! Say what happened, what to do and who must act; blame nobody; no codes in the first sentence. What the reasons of
//! the audit log mean stands in the fault book, `docs/faults/`.

mod api;
mod checks;
mod console;
mod danish;
mod english;
mod mirror;
pub(super) mod report;
mod setup;

use crate::domain::faults::{Sentence, Words};
use crate::domain::reason::{Blame, Reason};
use crate::http::visitor::Lang;

pub(super) use api::ApiText;
pub(super) use checks::ChecksText;
pub(super) use console::ConsoleText;
pub(super) use mirror::MirrorText;
pub(super) use setup::{SETUPS, Setup};

/// Who has to act, and what the user in front of the page can do.
pub(super) struct Act {
    pub(super) who: &'static str,
    pub(super) advice: &'static str,
}

/// Every text of the pages in one language.
pub(super) struct Text {
    pub(super) lang: Lang,
    /// The language, in itself.
    pub(super) own_name: &'static str,
    /// What the link to this language says to a screen reader, in this language.
    pub(super) switch_hint: &'static str,
    /// The first link of every page.
    pub(super) skip: &'static str,
    /// Beneath the name, at the top of every page.
    pub(super) tagline: &'static str,
    /// Footer: what this is.
    pub(super) about: &'static str,
    /// Footer: the list of errors.
    pub(super) all_errors: &'static str,
    /// Footer: who made what is embedded.
    pub(super) licences: &'static str,

    /// Choice of municipality: its heading.
    pub(super) choose: &'static str,
    /// Before the name of the fagsystem.
    pub(super) on_the_way_to: &'static str,
    /// What happens next.
    pub(super) choose_lead: &'static str,
    /// Above the remembered choice.
    pub(super) last_time: &'static str,
    /// The label of the search field.
    pub(super) search: &'static str,
    /// What can be searched for.
    pub(super) search_hint: &'static str,
    /// The button of the search field.
    pub(super) search_button: &'static str,
    /// Above the list.
    pub(super) all_choices: &'static str,
    /// After the number 1.
    pub(super) found_one: &'static str,
    /// After any other number.
    pub(super) found_many: &'static str,
    /// The search found nothing.
    pub(super) none_found: &'static str,
    /// What to do then.
    pub(super) none_found_advice: &'static str,
    /// The way back to the whole list.
    pub(super) show_all: &'static str,
    /// The box to tick.
    pub(super) remember: &'static str,
    /// Whom it is not for.
    pub(super) remember_hint: &'static str,
    /// Before the identity provider, when a municipality has several.
    pub(super) through: &'static str,

    /// Refusal: its heading.
    pub(super) not_logged_in: &'static str,
    /// Refusal: what happened.
    pub(super) what_happened: &'static str,
    /// Refusal: what the user can do.
    pub(super) what_to_do: &'static str,
    /// Refusal: who has to act.
    pub(super) who_acts: &'static str,
    /// Refusal: the number to read aloud.
    pub(super) case_number: &'static str,
    /// Refusal: what the number is for.
    pub(super) case_hint: &'static str,
    /// Refusal: when.
    pub(super) time: &'static str,
    /// Refusal: the part for whoever helps.
    pub(super) for_helper: &'static str,
    /// Refusal: the link to the page of the error.
    pub(super) read_more: &'static str,
    /// Refusal: the link back. The name of the fagsystem follows.
    pub(super) start_again: &'static str,
    /// Refusal: the one text for everything that has to do with proof.
    pub(super) untrusted_says: &'static str,

    /// The page that posts: its heading.
    pub(super) going_on: &'static str,
    /// The page that posts: the name of the receiver follows.
    pub(super) press_continue: &'static str,
    /// The page that posts: why it may vanish.
    pub(super) goes_by_itself: &'static str,
    /// The button.
    pub(super) resume: &'static str,
    /// The hop to the identity provider: before its name.
    pub(super) to_login: &'static str,

    /// Logout: it was refused.
    pub(super) not_logged_out: &'static str,
    /// Logout: what the user can always do.
    pub(super) close_the_browser: &'static str,
    /// What the browser is logged in to: its heading, and the links to it.
    pub(super) where_logged_in: &'static str,
    /// It is logged in to nothing.
    pub(super) logged_in_nowhere: &'static str,
    /// What the page shows.
    pub(super) where_logged_in_lead: &'static str,
    /// Before the moment at which it began.
    pub(super) since: &'static str,
    /// Before the moment at which it ends.
    pub(super) until: &'static str,
    /// The button; the name of the municipality follows.
    pub(super) log_out_at: &'static str,
    /// The button for all municipalities.
    pub(super) log_out_everywhere: &'static str,
    /// Above the list of fagsystemer.
    pub(super) fagsystemer: &'static str,
    /// Logout on its way: its heading.
    pub(super) logging_out: &'static str,
    /// Logout on its way: our part is done.
    pub(super) logging_out_lead: &'static str,
    /// Logout on its way: the name of a party follows.
    pub(super) on_the_way_to_tell: &'static str,
    /// Logout on its way: after the name of a party that does not answer.
    pub(super) is_silent: &'static str,
    /// The button that waits no longer.
    pub(super) go_on: &'static str,
    /// What the button does.
    pub(super) go_on_hint: &'static str,
    /// The end of a logout that all confirmed: its heading.
    pub(super) logged_out: &'static str,
    /// What that means.
    pub(super) logged_out_lead: &'static str,
    /// The end of a logout that not all confirmed: its heading.
    pub(super) logged_out_in_part: &'static str,
    /// What that means.
    pub(super) logged_out_in_part_lead: &'static str,
    /// Above the list of who was told.
    pub(super) who_was_told: &'static str,
    /// The button that leads back; a name follows.
    pub(super) back_to: &'static str,
    /// A party: it will be told.
    pub(super) leg_waiting: &'static str,
    /// A party: it did not answer and will be told again.
    pub(super) leg_again: &'static str,
    /// A party: it is being told.
    pub(super) leg_told: &'static str,
    /// A party: it confirmed.
    pub(super) leg_confirmed: &'static str,
    /// A party: it did not confirm.
    pub(super) leg_failed: &'static str,
    /// A party: it cannot be told.
    pub(super) leg_untold: &'static str,
    /// A party: it is told in a frame.
    pub(super) leg_framed: &'static str,
    /// A party: a fagsystem.
    pub(super) a_fagsystem: &'static str,
    /// A party: an identity provider.
    pub(super) a_provider: &'static str,
    /// There is nothing to show of a logout: its heading.
    pub(super) no_logout: &'static str,
    /// Its text.
    pub(super) no_logout_text: &'static str,

    /// Start page: its heading.
    pub(super) home: &'static str,
    /// Start page: what this is.
    pub(super) home_lead: &'static str,
    /// Start page: first card.
    pub(super) for_users: &'static str,
    /// Its text.
    pub(super) for_users_text: &'static str,
    /// Start page: second card.
    pub(super) for_suppliers: &'static str,
    /// Its text.
    pub(super) for_suppliers_text: &'static str,
    /// Its link to what clients of OpenID Connect read.
    pub(super) for_suppliers_oidc: &'static str,
    /// Its link to the page that shows a supplier's systems.
    pub(super) for_suppliers_mirror: &'static str,
    /// Start page: third card.
    pub(super) for_municipalities: &'static str,
    /// Its text.
    pub(super) for_municipalities_text: &'static str,
    /// Its link to the pages about trust.
    pub(super) for_municipalities_trust: &'static str,
    /// Its link to what a municipality's systems may call.
    pub(super) for_municipalities_api: &'static str,
    /// The links of the second and third card.
    pub(super) metadata: &'static str,
    /// Start page: fourth card.
    pub(super) for_helpers: &'static str,
    /// Its text.
    pub(super) for_helpers_text: &'static str,

    /// List of errors: what it is.
    pub(super) errors_lead: &'static str,
    /// Page of one error: its heading.
    pub(super) error: &'static str,
    /// Page of one error: what to do.
    pub(super) to_fix: &'static str,
    /// Page of one error: where that is done in each product.
    pub(super) in_product: &'static str,
    /// Page of one error: how to see that it is right now.
    pub(super) to_test: &'static str,
    /// Page of one error: before the code.
    pub(super) code: &'static str,
    /// Page of one error: where the rest stands.
    pub(super) detail_hint: &'static str,
    /// Page of one error: back to the list.
    pub(super) back_to_errors: &'static str,

    /// There is no such page: its heading.
    pub(super) no_such_page: &'static str,
    /// Its text.
    pub(super) no_such_page_text: &'static str,
    /// An address that takes messages was opened as a page: its heading.
    pub(super) only_messages: &'static str,
    /// Its text.
    pub(super) only_messages_text: &'static str,
    /// Down: its heading.
    pub(super) unavailable: &'static str,
    /// Down: why. The number of seconds follows in `retry_in`.
    pub(super) unavailable_text: &'static str,
    /// Down: before the number of seconds.
    pub(super) retry_in: &'static str,
    /// Down: after the number.
    pub(super) seconds: &'static str,

    /// The fagsystem has to act.
    pub(super) fagsystem: Act,
    /// The identity provider has to act.
    pub(super) identity_provider: Act,
    /// Whoever runs the attribute service has to act.
    pub(super) attribute_service: Act,
    /// The keepers of the register have to act.
    pub(super) register: Act,
    /// The user can act.
    pub(super) user: Act,
    /// The system that called has to act.
    pub(super) caller: Act,
    /// We have to act.
    pub(super) us: Act,
    /// Nobody has to act.
    pub(super) nobody: Act,
    /// Somebody has to look at a proof that failed.
    pub(super) untrusted: Act,
}

impl Text {
    /// The texts of a language.
    pub(super) fn of(lang: Lang) -> &'static Text {
        match lang {
            Lang::Da => &danish::DANISH,
            Lang::En => &english::ENGLISH,
        }
    }

    /// As it stands in the attribute `lang`.
    pub(super) fn tag(&self) -> &'static str {
        self.lang.tag()
    }

    /// The same page in the other language.
    pub(super) fn other(&self) -> &'static Text {
        Text::of(self.lang.other())
    }

    /// One sentence of the two.
    pub(super) fn say(&self, sentence: &Sentence) -> &'static str {
        match self.lang {
            Lang::Da => sentence.da,
            Lang::En => sentence.en,
        }
    }

    /// What the fault book says about a reason.
    pub(super) fn words(&self, reason: &Reason) -> &'static Words {
        let page = reason.page();
        match self.lang {
            Lang::Da => &page.da,
            Lang::En => &page.en,
        }
    }

    /// Who has to act when this party is to blame.
    pub(super) fn act(&self, blame: Blame) -> &Act {
        match blame {
            Blame::Fagsystem => &self.fagsystem,
            Blame::IdentityProvider => &self.identity_provider,
            Blame::AttributeService => &self.attribute_service,
            Blame::Register => &self.register,
            Blame::User => &self.user,
            Blame::Caller => &self.caller,
            Blame::Us => &self.us,
            Blame::Nobody => &self.nobody,
        }
    }

    /// The word after a number of municipalities.
    pub(super) fn found(&self, count: &usize) -> &'static str {
        if *count == 1 { self.found_one } else { self.found_many }
    }
}
