//! The published schema, checked by hand: exactly the words of JSON Schema that it uses, and no others.

use serde_json::Value;

/// Says what in a value the published schema does not allow.
pub(crate) fn check(value: &Value) -> Result<(), String> {
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/schemas/privileges.schema.json")).unwrap();
    holds(&schema, value)
}

fn holds(schema: &Value, value: &Value) -> Result<(), String> {
    for (word, rule) in schema.as_object().unwrap() {
        let fits = match word.as_str() {
            "$schema" | "title" | "description" => true,
            "type" => match rule.as_array() {
                Some(several) => several.iter().any(|one| is(one, value)),
                None => is(rule, value),
            },
            "items" => value.as_array().into_iter().flatten().all(|item| holds(rule, item).is_ok()),
            "minItems" => value.as_array().is_none_or(|all| all.len() as u64 >= rule.as_u64().unwrap()),
            "minLength" => {
                value.as_str().is_none_or(|text| text.chars().count() as u64 >= rule.as_u64().unwrap())
            }
            "pattern" => {
                let length =
                    rule.as_str().unwrap().strip_prefix("^[0-9]{").unwrap().strip_suffix("}$").unwrap();
                value.as_str().is_none_or(|text| {
                    text.len() == length.parse::<usize>().unwrap() && text.bytes().all(|b| b.is_ascii_digit())
                })
            }
            "properties" => rule
                .as_object()
                .unwrap()
                .iter()
                .all(|(key, rule)| value.get(key).is_none_or(|inner| holds(rule, inner).is_ok())),
            "additionalProperties" => {
                assert_eq!(rule, false);
                let known = schema["properties"].as_object().unwrap();
                value.as_object().is_none_or(|object| object.keys().all(|key| known.contains_key(key)))
            }
            "required" => {
                rule.as_array().unwrap().iter().all(|key| value.get(key.as_str().unwrap()).is_some())
            }
            "oneOf" => rule.as_array().unwrap().iter().filter(|rule| holds(rule, value).is_ok()).count() == 1,
            other => panic!("the schema uses {other:?}, which nobody checks"),
        };
        if !fits {
            return Err(format!("{word}: {rule} does not hold for {value}"));
        }
    }
    Ok(())
}

fn is(kind: &Value, value: &Value) -> bool {
    match kind.as_str().unwrap() {
        "array" => value.is_array(),
        "object" => value.is_object(),
        "string" => value.is_string(),
        "null" => value.is_null(),
        other => panic!("the schema uses the type {other:?}, which nobody checks"),
    }
}

#[test]
fn the_published_schema_refuses_what_is_no_list() {
    let check = |text: &str| check(&serde_json::from_str(text).unwrap());
    for right in [
        "[]",
        r#"[{"cvr":"11111111","privileges":["urn:a"]}]"#,
        r#"[{"scope":null,"privileges":["urn:a"],"constraints":[{"name":"k","values":[]}]}]"#,
    ] {
        assert_eq!(check(right), Ok(()));
    }
    for wrong in [
        "{}",
        "[7]",
        r#"[{"privileges":["urn:a"]}]"#,
        r#"[{"cvr":"11111111","se":"11111111","privileges":["urn:a"]}]"#,
        r#"[{"cvr":"1111111","privileges":["urn:a"]}]"#,
        r#"[{"cvr":null,"privileges":["urn:a"]}]"#,
        r#"[{"cvr":"11111111","privileges":[]}]"#,
        r#"[{"cvr":"11111111","privileges":["urn:a"],"constraints":[{"name":"k"}]}]"#,
        r#"[{"cvr":"11111111","privileges":["urn:a"],"more":1}]"#,
    ] {
        assert!(check(wrong).is_err(), "{wrong}");
    }
}
