//! How names are found and put in order, how a moment is written, and what a form can carry.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::domain::reason::{Fault, Reason};
use crate::http::visitor::Lang;
use crate::protocol::address::fits_a_form;

/// The form in which a search is compared: small letters, `æ ø å` as they are written without a Danish keyboard.
/// `search.js` does the same.
pub(super) fn folded(text: &str) -> String {
    text.trim().to_lowercase().replace('æ', "ae").replace('ø', "oe").replace('å', "aa")
}

/// All that a search may be a part of: every word also with `ø` as `o`, `å` and `aa` as `a`, as foreigners type them.
pub(super) fn findable(texts: &[&str]) -> String {
    let full = texts.iter().filter(|t| !t.is_empty()).map(|t| folded(t)).collect::<Vec<_>>().join(" | ");
    let bare = |t: &&str| {
        t.to_lowercase().replace('æ', "ae").replace('ø', "o").replace(['å'], "a").replace("aa", "a")
    };
    let bare = texts.iter().filter(|t| !t.is_empty()).map(bare).collect::<Vec<_>>().join(" | ");
    if full == bare { full } else { format!("{full} | {bare}") }
}

/// The order of a Danish list: æ, ø, å last, and `aa` is å.
pub(super) fn collation(name: &str) -> String {
    name.to_lowercase().replace("aa", "å").replace('æ', "{a").replace('ø', "{b").replace('å', "{c")
}

/// A span of time, as it is written in the language.
pub(super) fn span(duration: SignedDuration, lang: Lang) -> String {
    let sign = if duration.is_negative() { "−" } else { "" };
    let length = duration.unsigned_abs();
    let (whole, hours) = (length.as_secs(), if lang == Lang::Da { "t" } else { "h" });
    match whole {
        0..100 => {
            let number = format!("{:.1}", length.as_secs_f64());
            format!("{sign}{} s", if lang == Lang::Da { number.replace('.', ",") } else { number })
        }
        100..3600 => format!("{sign}{} min {} s", whole / 60, whole % 60),
        _ => format!("{sign}{} {hours} {} min", whole / 3600, whole / 60 % 60),
    }
}

/// `21. november 2026 kl. 11.48.29`, in Danish time, whatever the language.
pub(super) fn time(at: Timestamp, lang: Lang) -> String {
    let zone = TimeZone::get("Europe/Copenhagen").unwrap_or(TimeZone::UTC);
    let z = at.to_zoned(zone);
    let danish = [
        "januar",
        "februar",
        "marts",
        "april",
        "maj",
        "juni",
        "juli",
        "august",
        "september",
        "oktober",
        "november",
        "december",
    ];
    match lang {
        Lang::Da => {
            let month = danish.get(z.month().unsigned_abs() as usize - 1).copied().unwrap_or_default();
            format!("{}. {month} {} kl. {}", z.day(), z.year(), z.strftime("%H.%M.%S"))
        }
        Lang::En => z.strftime("%-d %B %Y at %H:%M:%S").to_string(),
    }
}

/// `2026-11-21`, in Danish time: for tables.
pub(super) fn date(at: Timestamp) -> String {
    let zone = TimeZone::get("Europe/Copenhagen").unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%F").to_string()
}

/// The value of a hidden field, escaped so that exactly it arrives at the receiver. HTML forms rewrite a lone
/// carriage return or line feed, and lose NUL: such a value is refused rather than changed.
pub(super) fn form_value(value: &str) -> Result<String, Fault> {
    if !fits_a_form(value) {
        return Err(Fault::new(
            Reason::RelayState,
            "expected no lone CR, LF or NUL, which no form can carry",
        ));
    }
    let mut escaped = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' | '<' | '>' | '"' | '\'' | '\r' | '\n' => escaped.push_str(&format!("&#{};", u32::from(c))),
            _ => escaped.push(c),
        }
    }
    Ok(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_municipality_is_found_however_its_letters_are_typed() {
        let found = |name: &str, typed: &str| findable(&[name, "11111111"]).contains(&folded(typed));
        for (name, typed) in [
            ("Aabenraa Kommune", "åbenrå"),
            ("Aabenraa Kommune", "Aabenraa"),
            ("Aabenraa Kommune", "abenra"),
            ("Århus Kommune", "aarhus"),
            ("Århus Kommune", "arhus"),
            ("Allerød Kommune", "alleroed"),
            ("Allerød Kommune", "allerod k"),
            ("Allerød Kommune", " ALLERØD "),
            ("Ærø Kommune", "aeroe"),
            ("Ærø Kommune", "ærø"),
            ("Korsbæk Kommune", "1111"),
            ("Korsbæk Kommune", ""),
        ] {
            assert!(found(name, typed), "{name} {typed}");
        }
        assert!(!found("Korsbæk Kommune", "odense"));
    }

    #[test]
    fn danish_letters_come_last_and_double_a_is_one_of_them() {
        let mut names = ["Århus", "Zealand", "Øster", "Aabenraa", "Ærø", "Billund", "Åbo"];
        names.sort_by_cached_key(|name| collation(name));
        assert_eq!(names, ["Billund", "Zealand", "Ærø", "Øster", "Aabenraa", "Åbo", "Århus"]);
    }

    #[test]
    fn a_moment_is_told_in_danish_time_in_summer_and_winter() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(time(at("2026-11-21T10:48:29Z"), Lang::Da), "21. november 2026 kl. 11.48.29");
        assert_eq!(time(at("2026-07-01T22:30:00Z"), Lang::En), "2 July 2026 at 00:30:00");
    }

    #[test]
    fn a_form_value_is_escaped_whole_or_refused() {
        assert_eq!(form_value("a\"<&'\r\nø").unwrap(), "a&#34;&#60;&#38;&#39;&#13;&#10;ø");
        for bad in ["a\nb", "a\rb", "\n\r", "a\0"] {
            assert_eq!(form_value(bad).unwrap_err().reason, Reason::RelayState, "{bad:?}");
        }
    }

    #[test]
    fn spans_of_time_are_written_as_in_the_language() {
        let told = |milliseconds, lang| span(SignedDuration::from_millis(milliseconds), lang);
        assert_eq!(told(-1250, Lang::Da), "−1,2 s");
        assert_eq!(told(9412, Lang::En), "9.4 s");
        assert_eq!(told(-300_000, Lang::En), "−5 min 0 s");
        assert_eq!(told(28_860_000, Lang::Da), "8 t 1 min");
    }
}
