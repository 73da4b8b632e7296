//! The published schema of privilege lists.

use serde_json::Value;

#[path = "../schema/mod.rs"]
mod validator;

/// Says what in a value the published schema does not allow.
pub(crate) fn check(value: &Value) -> Result<(), String> {
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/schemas/privileges.schema.json")).unwrap();
    validator::check(&schema, value)
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
