//! A validator for our published schemas, written by hand: exactly the words of JSON Schema that they use, and no others.

use serde_json::Value;

/// Says what in a value a schema does not allow.
pub(crate) fn check(schema: &Value, value: &Value) -> Result<(), String> {
    Validator { root: schema }.holds(schema, value)
}

struct Validator<'s> {
    root: &'s Value,
}

impl Validator<'_> {
    fn holds(&self, schema: &Value, value: &Value) -> Result<(), String> {
        for (word, rule) in schema.as_object().unwrap() {
            if !self.holds_for(schema, (word, rule), value)? {
                return Err(format!("{word}: {rule} does not hold for {value}"));
            }
        }
        Ok(())
    }

    /// What is wrong deeper down is told as it is; what is wrong here is told by the caller.
    fn holds_for(&self, schema: &Value, (word, rule): (&str, &Value), value: &Value) -> Result<bool, String> {
        Ok(match word {
            "$schema" | "$defs" | "title" | "description" => true,
            "$ref" => {
                let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                self.holds(self.root.pointer(pointer).unwrap(), value)?;
                true
            }
            "type" => match rule.as_array() {
                Some(several) => several.iter().any(|one| is(one, value)),
                None => is(rule, value),
            },
            "enum" => rule.as_array().unwrap().contains(value),
            "items" => {
                value.as_array().into_iter().flatten().try_for_each(|item| self.holds(rule, item))?;
                true
            }
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
            "properties" => {
                for (key, rule) in rule.as_object().unwrap() {
                    value.get(key).map_or(Ok(()), |inner| self.holds(rule, inner))?;
                }
                true
            }
            "additionalProperties" => {
                assert_eq!(rule, false);
                let known = schema["properties"].as_object().unwrap();
                value.as_object().is_none_or(|object| object.keys().all(|key| known.contains_key(key)))
            }
            "required" => {
                rule.as_array().unwrap().iter().all(|key| value.get(key.as_str().unwrap()).is_some())
            }
            "oneOf" => {
                rule.as_array().unwrap().iter().filter(|rule| self.holds(rule, value).is_ok()).count() == 1
            }
            other => panic!("the schema uses {other:?}, which nobody checks"),
        })
    }
}

fn is(kind: &Value, value: &Value) -> bool {
    match kind.as_str().unwrap() {
        "array" => value.is_array(),
        "object" => value.is_object(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the schema uses the type {other:?}, which nobody checks"),
    }
}
