//! What the chosen fagsystem would get, masked: the same statements as SAML and as the claims of a token.

use super::super::issue::Told;
use crate::domain::id::EntityId;
use crate::domain::subject::Grant;
use crate::domain::trust::{self, Check, Finding, Preview, xml_escaped};
use crate::protocol::bpp;
use crate::protocol::saml::attribute as name;
use crate::protocol::saml::shown::Mask;

/// What the fagsystem would get, or why it would get nothing.
pub(super) fn preview(shown: &mut trust::Shown, grant: &Grant<'_>) -> Finding {
    let fagsystem = grant.agreement().fagsystem();
    let told = match Told::of(grant) {
        Ok(told) => told,
        Err(fault) => {
            return match fagsystem.entity_id == EntityId::ourselves() {
                // Nobody asked for a token; that no level was stated is told elsewhere.
                true => Finding::not_applicable(Check::Preview, ""),
                false => Finding::of(Check::Preview, &Err::<(), _>(fault), "", ""),
            };
        }
    };
    let masked: Vec<(&str, Vec<String>)> = told
        .attributes
        .iter()
        .map(|(name, values)| (*name, values.iter().map(|value| Mask::On.attribute(name, value)).collect()))
        .collect();
    for attribute in &mut shown.attributes {
        let same = |sent: &&str| {
            name::known_as(sent).is_some() && name::known_as(sent) == name::known_as(&attribute.name)
        };
        attribute.told_as = masked.iter().map(|(name, _)| *name).find(same).map(str::to_owned);
    }
    shown.preview = Some(Preview {
        fagsystem: fagsystem.name.clone(),
        saml: as_saml(&masked),
        jwt: as_claims(&masked, grant),
    });
    Finding::pass(Check::Preview, "", format!("{}, {} attributes", told.level, masked.len()))
}

fn as_saml(attributes: &[(&str, Vec<String>)]) -> String {
    let value = |value: &String| format!("    <AttributeValue>{}</AttributeValue>\n", xml_escaped(value));
    let one = |(name, values): &(&str, Vec<String>)| {
        let values: String = values.iter().map(value).collect();
        format!("  <Attribute Name=\"{}\">\n{values}  </Attribute>\n", xml_escaped(name))
    };
    let all: String = attributes.iter().map(one).collect();
    format!("<AttributeStatement>\n{all}</AttributeStatement>\n")
}

fn as_claims(attributes: &[(&str, Vec<String>)], grant: &Grant<'_>) -> String {
    let mut claims = serde_json::Map::new();
    for (name, values) in attributes {
        let value = match values.as_slice() {
            [only] => serde_json::Value::from(only.as_str()),
            several => serde_json::Value::from(several.to_vec()),
        };
        claims.insert((*name).to_owned(), value);
    }
    if let Ok(rights) = grant.rights()
        && !rights.is_empty()
    {
        let json = Mask::On.text(&bpp::to_json(rights).to_string());
        claims.insert("privileges".to_owned(), serde_json::from_str(&json).unwrap_or_default());
    }
    serde_json::to_string_pretty(&claims).unwrap_or_default()
}
