//! The pages with sample data, as a router that behaves like the login without being one: what both tests of pages look at.

#![expect(clippy::unwrap_used, reason = "test data")]

use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;

use context_handler::domain::id::{Cvr, EntityId, LoginId, MessageId};
use context_handler::domain::reason::Reason;
use context_handler::domain::trust::{Message, Scenario, Sent};
use context_handler::http::assets;
use context_handler::http::pages::{
    self, Choice, Chosen, ChosenForm, Discovery, Farewell, Hop, Party, PartyState, Post, Refusal, Refused,
};
use context_handler::http::visitor::{Lang, Visitor};

#[path = "report.rs"]
mod reports;

/// A name that tries everything.
pub(crate) const HOSTILE: &str = r#"<script>alert(1)</script>"'`--><img src=x onerror=alert(2)>&amp;{{7*7}}"#;
/// What a fagsystem may ask us to hand back.
pub(crate) const RELAY_STATE: &str = "\"><script>alert(3)</script>&amp; 'æøå' \r\n+%2B\t x";
/// Base64 with the characters that forms like to change.
const MESSAGE: &str = "PHNhbWxwOlJlc3BvbnNlLz4+/w==";

const NAMES: &str = "Albertslund Allerød Assens Ballerup Billund Bornholms Brøndby Brønderslev Dragør Egedal Esbjerg Fanø \
    Favrskov Faxe Fredensborg Fredericia Frederiksberg Frederikshavn Frederikssund Furesø Faaborg-Midtfyn Gentofte \
    Gladsaxe Glostrup Greve Gribskov Guldborgsund Haderslev Halsnæs Hedensted Helsingør Herlev Herning Hillerød \
    Hjørring Holbæk Holstebro Horsens Hvidovre Høje-Taastrup Hørsholm Ikast-Brande Ishøj Jammerbugt Kalundborg \
    Kerteminde Kolding Københavns Køge Langeland Lejre Lemvig Lolland Lyngby-Taarbæk Læsø Mariagerfjord Middelfart \
    Morsø Norddjurs Nordfyns Nyborg Næstved Odder Odense Odsherred Randers Rebild Ringkøbing-Skjern Ringsted Roskilde \
    Rudersdal Rødovre Samsø Silkeborg Skanderborg Skive Slagelse Solrød Sorø Stevns Struer Svendborg Syddjurs \
    Sønderborg Thisted Tønder Tårnby Vallensbæk Varde Vejen Vejle Vesthimmerlands Viborg Vordingborg Ærø Aabenraa \
    Aalborg Aarhus";

/// The 98 municipalities with numbers that are made up; the last one has two identity providers.
pub(crate) fn municipalities() -> Vec<Choice> {
    let mut all: Vec<Choice> =
        NAMES.split_whitespace().enumerate().map(|(i, name)| choice(i, name)).collect();
    let mut second = all[97].clone();
    second.idp = EntityId::new("https://second.example/idp").unwrap();
    second.idp_name = "Skole-login".to_owned();
    all.push(second);
    all
}

/// One municipality.
pub(crate) fn choice(i: usize, name: &str) -> Choice {
    Choice {
        cvr: Cvr::new(&format!("{}", 20_000_000 + i * 137)).unwrap(),
        name: format!("{name} Kommune"),
        idp: EntityId::new(&format!("https://idp{i}.example/")).unwrap(),
        idp_name: "Medarbejder-login".to_owned(),
    }
}

/// The login that all pages belong to.
pub(crate) fn login() -> LoginId {
    LoginId::from_bits(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef)
}

/// The refusal of a login to which this happened.
pub(crate) fn refusal(reason: Reason) -> Refusal<'static> {
    Refusal {
        of: Refused::Login,
        status: StatusCode::FORBIDDEN,
        reason,
        case: login().case_number(),
        at: "2026-11-21T10:48:29Z".parse().unwrap(),
        fagsystem: Some(("Køreprøvebooking", Some("https://booking.example/start?a=1&b=2"))),
    }
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
    last: Option<String>,
    #[serde(default)]
    hostile: String,
}

/// Every page at its place. The receiver of the posted form and the identity provider are other origins than the
/// pages (`127.0.0.1` where these are at `localhost`), and both go on to yet another, as real ones do.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/", get(async |v: Visitor| pages::home(&v)))
        .route("/discovery", get(show).post(choose))
        .route("/post", get(send).post(send))
        .route("/receive", post(receive))
        .route("/received/{how}", get(async |Path(how): Path<String>| document(&how)))
        .route("/idp/{cvr}", get(async |Path(cvr): Path<String>| Redirect::to(&format!("/idp/login/{cvr}"))))
        .route("/idp/login/{cvr}", get(async |Path(cvr): Path<String>| document(&cvr)))
        .route("/refusal/{code}", get(refuse).post(refuse))
        .route("/sessions", get(async |v: Visitor| pages::sessions(&v, &sessions("Korsbæk Kommune", "BBR"))))
        .route("/nowhere", get(async |v: Visitor| pages::sessions(&v, &pages::Sessions(Vec::new()))))
        .route("/logout/{how}", get(leave))
        .route("/gone", get(async |v: Visitor| pages::no_farewell(&v)))
        .route("/errors", get(async |v: Visitor| pages::errors(&v)))
        .route("/errors/{code}", get(explain))
        .route("/api/docs", get(async |v: Visitor| pages::api(&v)))
        .route("/trust/{how}", get(trust))
        .route("/trust-file/{lang}", get(trust_file))
        .route("/unavailable", get(async |v: Visitor| pages::unavailable(&v, 30)))
        .route(assets::ROUTE, get(assets::asset))
        .route("/messages", get(async |v: Visitor| pages::only_messages(&v)))
        .fallback(async |v: Visitor| pages::not_found(&v))
}

async fn show(visitor: Visitor, Query(search): Query<Search>) -> Response {
    let mut choices = municipalities();
    if !search.hostile.is_empty() {
        choices.extend([choice(300, HOSTILE), choice(301, &"Langtnavnudenophold".repeat(12))]);
    }
    let fagsystem = if search.hostile.is_empty() { "Køreprøvebooking" } else { HOSTILE };
    let remembered = search.last.map(|value| Chosen::try_from(value).unwrap());
    let (remembered, query) = (remembered.as_ref(), search.q.as_str());
    pages::discovery(&visitor, &Discovery { login: login(), fagsystem, choices: &choices, remembered, query })
}

async fn choose(visitor: Visitor, headers: HeaderMap, Form(form): Form<ChosenForm>) -> Response {
    let to = format!("http://127.0.0.1:{}/idp/{}", port(&headers), form.choice.cvr);
    pages::onward(&visitor, &to, if form.remember { "husket" } else { "glemt" }).unwrap()
}

async fn send(visitor: Visitor, headers: HeaderMap) -> Response {
    let action = format!("http://127.0.0.1:{}/receive", port(&headers));
    pages::post(&visitor, &message(&action)).unwrap()
}

/// A message to this address.
pub(crate) fn message(action: &str) -> Post<'_> {
    let receiver = "Køreprøvebooking";
    Post { action, field: "SAMLResponse", message: MESSAGE, relay_state: Some(RELAY_STATE), receiver }
}

async fn receive(headers: HeaderMap, Form(fields): Form<Vec<(String, String)>>) -> Redirect {
    let sent = [("SAMLResponse", MESSAGE), ("RelayState", RELAY_STATE)];
    let same = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(sent);
    let how = if same { "exactly" } else { "changed" };
    Redirect::to(&format!("http://localhost:{}/received/{how}", port(&headers)))
}

async fn refuse(visitor: Visitor, Path(code): Path<String>) -> Response {
    pages::refusal(&visitor, &refusal(Reason::from_code(&code).unwrap()))
}

async fn leave(visitor: Visitor, Path(how): Path<String>) -> Response {
    let all = how == "confirmed";
    let parties = parties("Køreprøvebooking", if all { PartyState::Confirmed } else { PartyState::Failed });
    let hop = match how.as_str() {
        "silent" => Hop::Unanswered(1),
        "back" => Hop::Back("BBR", "https://bbr.example/slo?SAMLResponse=x"),
        _ => Hop::Over,
    };
    pages::farewell(&visitor, &Farewell { logout: login(), parties: &parties, complete: all, hop }).unwrap()
}

/// Two sessions of a browser.
pub(crate) fn sessions<'a>(municipality: &'a str, fagsystem: &'static str) -> pages::Sessions<'a> {
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let (begun, expires) = (at("2026-11-21T07:48:29Z"), at("2026-11-21T15:48:29Z"));
    let fagsystemer: &'static [_] =
        Box::leak(Box::new([(fagsystem.to_owned(), begun), ("FMK".to_owned(), begun)]));
    let session =
        |municipality| pages::Session { session: login(), municipality, begun, expires, fagsystemer };
    pages::Sessions(vec![session(municipality), session("Feddet Kommune")])
}

/// The parties of a logout; the second is called so and has come so far.
pub(crate) fn parties(name: &str, state: PartyState) -> [Party<'_>; 3] {
    let party = |name, is_provider, state| Party { name, is_provider, state, frames: &[] };
    [
        party("BBR", false, PartyState::Confirmed),
        party(name, false, state),
        party("Korsbæk login", true, PartyState::Confirmed),
    ]
}

async fn trust(visitor: Visitor, Path(how): Path<String>) -> Response {
    trust_page(&visitor, &how)
}

/// A page of a trust run: its report, which is another than the one before, or the page before there is one.
pub(crate) fn trust_page(visitor: &Visitor, how: &str) -> Response {
    let address = "/trust/runs/AAAA";
    let (report, previous) = match how {
        "green" => (reports::green(), Some(reports::red())),
        "yellow" => (reports::yellow(), None),
        "red" => (reports::red(), Some(reports::green())),
        "hostile" => (reports::hostile(HOSTILE), Some(reports::green())),
        "unanswered" => {
            let sent = sent("https://context-handler.example/saml");
            return pages::waiting(visitor, &pages::Waiting { sent: Some(&sent), ..waiting(address) });
        }
        _ => return pages::waiting(visitor, &waiting(address)),
    };
    let again = pages::Again::Link;
    pages::report(visitor, &pages::Shown { report: &report, previous: previous.as_ref(), address, again })
}

/// A run that waits for somebody to log in.
pub(crate) fn waiting(address: &str) -> pages::Waiting<'_> {
    pages::Waiting {
        address,
        authority: "Korsbæk Kommune",
        idp: "Korsbæk login",
        scenario: Scenario::NsisSubstantial,
        fagsystem: Some("BBR"),
        expires: "2027-02-19T10:48:29Z".parse().unwrap(),
        sent: None,
    }
}

/// A question that nobody has answered.
pub(crate) fn sent(from: &str) -> Sent {
    let xml = "<samlp:AuthnRequest ID=\"_0191a2b3c4d5\" Version=\"2.0\" ForceAuthn=\"false\">\n  <saml:Issuer>https://context-handler.example/saml</saml:Issuer>\n</samlp:AuthnRequest>\n";
    Sent {
        run: LoginId::from_bits(7),
        question: MessageId::new("_0191a2b3c4d5").unwrap(),
        at: "2026-11-21T10:48:29Z".parse().unwrap(),
        message: Message {
            what: "AuthnRequest".to_owned(),
            from: from.to_owned(),
            binding: "Redirect".to_owned(),
            xml: xml.to_owned(),
        },
    }
}

async fn trust_file(Path(lang): Path<String>) -> Html<String> {
    let lang = Lang::of_tag(&lang).unwrap();
    Html(pages::report_file(&reports::red(), lang, "https://context-handler.example").unwrap())
}

async fn explain(visitor: Visitor, Path(code): Path<String>) -> Response {
    match Reason::from_code(&code) {
        Some(reason) => pages::error(&visitor, reason),
        None => pages::not_found(&visitor),
    }
}

fn document(title: &str) -> Html<String> {
    Html(format!("<!DOCTYPE html><title>{title}</title>"))
}

fn port(headers: &HeaderMap) -> &str {
    headers["host"].to_str().unwrap().rsplit_once(':').unwrap().1
}
