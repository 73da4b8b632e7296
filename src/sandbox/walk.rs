//! A user with a browser, who goes the whole way of a login: from a fagsystem over the choice of a municipality to a page
//! where somebody is logged in, or is told why not.

use super::Places;
use super::wire::client;
use crate::browser::{Browser, Page};

/// The user, on the way.
pub(super) struct Walk {
    pub(super) places: Places,
    pub(super) browser: Browser,
}

impl Walk {
    /// A user who was nowhere before.
    pub(super) fn new(places: Places) -> Result<Self, String> {
        Ok(Self { places, browser: Browser::new(client()?) })
    }

    /// Presses "log in" at a fagsystem and chooses a municipality. There is no choice where only one uses the fagsystem, or
    /// where the browser has a session.
    pub(super) async fn choose(
        &mut self,
        fagsystem: u16,
        options: &str,
        municipality: &str,
    ) -> Result<Page, String> {
        let begun = format!("{}/login{options}", self.places.neighbour(fagsystem));
        let begun = self.browser.open(&begun).await?;
        let choices = self.follow(begun).await?;
        if choices.offers("choice") {
            self.press(&choices, ("choice", municipality)).await
        } else {
            Ok(choices)
        }
    }

    /// Presses a button, and goes on until somebody has to do something.
    pub(super) async fn press(&mut self, page: &Page, button: (&str, &str)) -> Result<Page, String> {
        let form = page.form(Some(button)).ok_or_else(|| format!("{} is not offered", button.1))?;
        let pressed = self.browser.submit(&form).await?;
        self.follow(pressed).await
    }

    /// Follows redirects, and forms that go on by themselves, until somebody has to do something.
    pub(super) async fn follow(&mut self, page: Page) -> Result<Page, String> {
        self.browser.follow(page).await
    }
}
