//! samael plays a fagsystem: an independent implementation writes the question and reads our metadata and our answer.
//! It is used for its types alone; what is signed is signed and verified here by the kernel.

use context_handler::protocol::saml::binding::{Carries, redirect_to};
use samael::metadata::EntityDescriptor;
use samael::schema::Assertion;
use samael::service_provider::{ServiceProvider, ServiceProviderBuilder};
use samael::traits::ToXml;

use crate::support::{Told, Town};

async fn sp(town: &Town) -> ServiceProvider {
    let metadata = town.browser().get(&format!("{}/saml/idp/metadata", town.url)).await.body;
    let mut ours: EntityDescriptor = metadata.parse().unwrap();
    assert_eq!(ours.entity_id.as_deref(), Some(format!("{}/saml", town.url).as_str()));
    let role = &ours.idp_sso_descriptors.as_ref().unwrap()[0];
    assert_eq!(role.want_authn_requests_signed, Some(true));
    assert!(
        role.single_sign_on_services
            .iter()
            .all(|service| service.location == format!("{}/saml/idp/sso", town.url))
    );
    // Its own signature check needs a C library that is not built here; the kernel has verified before it reads.
    for role in ours.idp_sso_descriptors.iter_mut().flatten() {
        role.key_descriptors.clear();
    }
    ServiceProviderBuilder::default()
        .entity_id(town.driving.entity_id.clone())
        .acs_url(town.driving.acs.clone())
        .idp_metadata(ours)
        .build()
        .unwrap()
}

/// The whole login: what samael asks, and what the broker answers.
async fn login(
    town: &Town,
    sp: &ServiceProvider,
    bend: impl FnOnce(&mut crate::support::Say),
) -> (String, Told) {
    let sso = format!("{}/saml/idp/sso", town.url);
    let request = sp.make_authentication_request(&sso).unwrap();
    let xml = request.to_string().unwrap();
    let relay_state = Some("from samael");
    let url = redirect_to(&sso, Carries::Request, &xml, relay_state, town.driving.key.as_ref()).unwrap();
    let mut browser = town.browser();
    let sent = browser.get(&format!("{url}&authority=11111111")).await;
    let now = town.now();
    let answer = town
        .korsbaek
        .answer(town, &mut browser, &sent, |say| {
            say.at(now);
            bend(say);
        })
        .await;
    (request.id, town.driving.read(&answer, town))
}

#[tokio::test]
async fn samael_asks_and_reads_who_is_logged_in() {
    let town = Town::today("samael").await;
    let sp = sp(&town).await;
    let (id, told) = login(&town, &sp, |_| {}).await;
    assert_eq!(told.relay_state.as_deref(), Some("from samael"));
    let assertion: Assertion = sp.parse_xml_response(&told.xml, Some(&[&id])).unwrap();
    let subject = assertion.subject.unwrap();
    assert_eq!(subject.name_id.unwrap().value, told.name_id);
    let attributes = assertion.attribute_statements.unwrap().remove(0).attributes;
    let cvr =
        attributes.iter().find(|a| a.name.as_deref() == Some("dk:gov:saml:attribute:CvrNumberIdentifier"));
    assert_eq!(cvr.unwrap().values[0].value.as_deref(), Some("11111111"));
}

#[tokio::test]
async fn samael_reads_a_refusal_as_a_refusal() {
    let town = Town::today("samael-refused").await;
    let sp = sp(&town).await;
    let (id, told) = login(&town, &sp, |say| {
        say.class = "urn:dk:gov:saml:attribute:AssuranceLevel:1".into();
        say.attributes[1].1 = vec!["Low".into()];
    })
    .await;
    assert_eq!(told.status, ["Responder", "NoAuthnContext"]);
    assert!(sp.parse_xml_response(&told.xml, Some(&[&id])).is_err());
}
