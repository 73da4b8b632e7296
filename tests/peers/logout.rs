//! One session, three peers and their municipality: whoever ends it, everybody hears of it.

use crate::browser::Browser;
use crate::clients::{OPENID_CLIENT, asks_who};
use crate::world::{Program, Sp, World};
use crate::{KORSBAEK, MELLON, SHIBBOLETH, missing};

/// A world in which Karen is logged in everywhere, having said once who she is.
struct Day {
    world: World,
    browser: Browser,
    mellon: String,
    shibboleth: String,
    client: String,
}

impl Day {
    fn begin(name: &str) -> Self {
        let mut world = World::start(name, KORSBAEK);
        let mellon = world.join(MELLON);
        let shibboleth = world.join(SHIBBOLETH);
        let client = world.join_client(OPENID_CLIENT);
        let mut day = Self { world, browser: Browser::default(), mellon, shibboleth, client };
        day.log_in();
        day
    }

    fn log_in(&mut self) {
        let Self { browser, mellon, shibboleth, client, .. } = self;
        let page = browser.log_in(&format!("{mellon}{}", MELLON.login), "karen");
        assert_eq!(page.status, 200, "{page:?}");
        for url in [format!("{shibboleth}{}", SHIBBOLETH.login), format!("{client}{}", OPENID_CLIENT.login)] {
            let page = browser.walk(&url);
            assert!(page.status == 200 && !asks_who(&page), "no second question: {page:?}");
        }
        assert_eq!(self.out(), [false; 3], "logged in at all three");
    }

    /// Who has nobody logged in: mod_auth_mellon, Shibboleth, openid-client.
    fn out(&mut self) -> [bool; 3] {
        let Self { browser, mellon, shibboleth, client, .. } = self;
        [
            is_out(browser, MELLON, mellon),
            is_out(browser, SHIBBOLETH, shibboleth),
            OPENID_CLIENT.is_out(browser, client),
        ]
    }

    /// Logs out at this address; then nobody has her logged in, and the municipality asks who she is.
    fn ends_at(&mut self, address: &str) {
        let page = self.browser.walk(address);
        assert!(page.status < 400, "{page:?}");
        assert_eq!(self.out(), [true; 3], "logged out at all three: {:?}", self.browser.visited);
        let start = format!("{}{}", self.mellon, MELLON.login);
        assert!(asks_who(&self.browser.walk(&start)), "and at the municipality");
    }
}

#[test]
fn a_logout_at_any_of_three_reaches_the_other_two_and_the_municipality() {
    if missing() {
        return;
    }
    let mut day = Day::begin("logout");
    let begun_at = [
        format!("{}/mellon/logout?ReturnTo=%2Flogged-out", day.mellon),
        format!("{}/Shibboleth.sso/Logout", day.shibboleth),
        OPENID_CLIENT.way_out(&day.client),
    ];
    for (before, address) in begun_at.iter().enumerate() {
        day.ends_at(address);
        let heard = day.browser.get(&format!("{}/logouts-heard", day.client)).json();
        assert_eq!(heard, before + 1, "openid-client is told each time, of its own logout too");
        day.log_in();
    }
    assert!(day.world.refusals().is_empty(), "{:?}", day.world.refusals());
}

#[test]
fn a_logout_at_the_municipality_reaches_all_three() {
    if missing() {
        return;
    }
    let mut day = Day::begin("idp-logout");
    let address = format!("{}/saml2/idp/initSLO.php?RelayState=%2Flogout.php", day.world.idp);
    day.ends_at(&address);
    assert!(day.world.refusals().is_empty(), "{:?}", day.world.refusals());
}

#[test]
fn a_dead_participant_is_named_and_keeps_nobody_else_logged_in() {
    if missing() {
        return;
    }
    let mut day = Day::begin("dead");
    day.world.stop(MELLON.name);
    let page = day.browser.walk(&OPENID_CLIENT.way_out(&day.client));
    assert!(page.body.contains(MELLON.name), "{page:?}");
    let Day { browser, shibboleth, client, .. } = &mut day;
    assert!(is_out(browser, SHIBBOLETH, shibboleth) && OPENID_CLIENT.is_out(browser, client));
    assert!(asks_who(&browser.walk(&format!("{shibboleth}{}", SHIBBOLETH.login))));
}

/// Whether the service provider sends the browser away to log in.
fn is_out(browser: &mut Browser, sp: Sp, url: &str) -> bool {
    assert!(matches!(sp.program, Program::Apache(_)));
    (300..400).contains(&browser.get_once(&format!("{url}{}", sp.login)).status)
}
