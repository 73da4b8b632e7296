//! A report as JUnit XML, which every build server shows: one test case for each finding and each expectation. In
//! English, like the build servers.

use std::fmt::Write;

use super::{Expectation, Finding, Report, Verdict};

/// The report, and what was expected of it beyond the checks. A warning is a test that passed and has something to say.
pub fn junit(report: &Report, expectations: &[Expectation]) -> String {
    let unmet = expectations.iter().filter(|expectation| !expectation.met).count();
    let failures = report.count(Verdict::Fail) + unmet;
    let tests = report.findings.len() + expectations.len();
    let skipped = report.count(Verdict::NotApplicable);
    let time = report.duration().as_secs_f64();
    let totals =
        format!(r#"tests="{tests}" failures="{failures}" errors="0" skipped="{skipped}" time="{time:.3}""#);
    let name = xml_escaped(&format!("{} {}", report.idp, report.scenario));
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(xml, r#"<testsuites name="context-handler trust" {totals}>"#);
    let timestamp = report.begun.strftime("%Y-%m-%dT%H:%M:%S");
    let _ = writeln!(xml, r#"<testsuite name="{name}" {totals} timestamp="{timestamp}">"#);
    properties(&mut xml, report);
    report.findings.iter().for_each(|finding| case(&mut xml, finding));
    expectations.iter().for_each(|expectation| expected_case(&mut xml, expectation));
    let _ = writeln!(xml, "<system-out>{}</system-out>", xml_escaped(&report.sentence().en));
    xml.push_str("</testsuite>\n</testsuites>\n");
    xml
}

fn properties(xml: &mut String, report: &Report) {
    xml.push_str("<properties>\n");
    for (name, value) in [
        ("run", report.run.to_string()),
        ("environment", report.environment.clone()),
        ("scenario", report.scenario.to_string()),
        ("authority", report.authority.to_string()),
        ("idp", report.idp.to_string()),
        ("fagsystem", report.fagsystem.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("verdict", report.verdict.id().to_owned()),
    ] {
        if !value.is_empty() {
            let _ = writeln!(xml, r#"<property name="{name}" value="{}"/>"#, xml_escaped(&value));
        }
    }
    xml.push_str("</properties>\n");
}

fn case(xml: &mut String, finding: &Finding) {
    let check = finding.check;
    let about = finding.about.as_deref().map(|about| format!(" ({about})")).unwrap_or_default();
    let name = xml_escaped(&format!("{check}: {}{about}", check.title().en));
    let _ = write!(xml, r#"<testcase classname="trust.{}" name="{name}" time="0">"#, check.section().id());
    let message = xml_escaped(&told(&finding.expected, &finding.received));
    let reason = finding.reason.map_or("", |reason| reason.code());
    match finding.verdict {
        Verdict::Pass => {}
        Verdict::NotApplicable => {
            let _ = write!(xml, r#"<skipped message="{}"/>"#, xml_escaped(&finding.received));
        }
        Verdict::Warning => {
            let _ = write!(xml, "<system-out>warning {reason}: {message}\n{}</system-out>", advice(finding));
        }
        Verdict::Fail => {
            let _ =
                write!(xml, r#"<failure type="{reason}" message="{message}">{}</failure>"#, advice(finding));
        }
    }
    xml.push_str("</testcase>\n");
}

fn expected_case(xml: &mut String, expectation: &Expectation) {
    let name = xml_escaped(&expectation.what);
    let _ = write!(xml, r#"<testcase classname="trust.expected" name="{name}" time="0">"#);
    if !expectation.met {
        let message = xml_escaped(&told(&expectation.expected, &expectation.received));
        let _ = write!(xml, r#"<failure type="expectation" message="{message}"/>"#);
    }
    xml.push_str("</testcase>\n");
}

fn told(expected: &str, received: &str) -> String {
    match expected {
        "" => format!("received {received}"),
        _ => format!("expected {expected}, received {received}"),
    }
}

/// What it means, what to do and what the exchange log says.
fn advice(finding: &Finding) -> String {
    let explanation = finding.reason.map(|reason| reason.explanation());
    let lines = [
        explanation.map(|explanation| explanation.means.en),
        Some(finding.check.why().en),
        explanation.map(|explanation| explanation.fix.en),
        finding.evidence.as_deref(),
    ];
    xml_escaped(&lines.into_iter().flatten().collect::<Vec<_>>().join("\n"))
}

/// Text for an attribute or an element. What XML 1.0 cannot hold is replaced; line ends survive in attributes too.
pub fn xml_escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&apos;"),
            '\n' | '\r' | '\t' => {
                let _ = write!(xml, "&#{};", u32::from(sign));
            }
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            _ => xml.push(sign),
        }
    }
    xml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_breaks_out_of_the_document_and_none_is_lost() {
        let hostile = "a]]>&\"'<b>\r\n\t\u{0}\u{fffe}ø😀";
        let xml = format!("<a b=\"{0}\">{0}</a>", xml_escaped(hostile));
        let document = roxmltree::Document::parse(&xml).unwrap();
        let read = hostile.replace(['\u{0}', '\u{fffe}'], "\u{fffd}");
        assert_eq!(document.root_element().attribute("b"), Some(read.as_str()));
        assert_eq!(document.root_element().text(), Some(read.as_str()));
    }
}
