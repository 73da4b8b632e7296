//! What was seen in a run, made ready to be drawn: certificates as a tree, moments on a line, the steps of the level.

use askama::Template;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::words;
use crate::domain::assurance::Rule;
use crate::domain::trust::{Assurance, Certified, Moment, Timing};
use crate::http::text::Text;
use crate::http::text::report::ReportText;

/// Whoever issued certificates, with everything beneath.
#[derive(Template)]
#[template(path = "trust-certificates.html")]
pub(super) struct Branch<'r> {
    r: &'static ReportText,
    /// Empty where the issuer is not known.
    issuer: &'r str,
    leaves: Vec<Leaf<'r>>,
    branches: Vec<Branch<'r>>,
}

/// A certificate, and how long it holds.
struct Leaf<'r> {
    certificate: &'r Certified,
    days: String,
    state: &'static str,
}

/// The certificates beneath those who issued them, in the order in which they come.
pub(super) fn branches<'r>(
    certificates: &'r [Certified],
    now: Timestamp,
    r: &'static ReportText,
) -> Vec<Branch<'r>> {
    let mut tree = Vec::new();
    for certificate in certificates {
        let mut issuers = certificate.issuers.iter().rev().map(String::as_str);
        let mut issuers = issuers.by_ref().filter(|issuer| *issuer != certificate.subject);
        let mut branch = branch(&mut tree, issuers.next().unwrap_or_default(), r);
        for issuer in issuers {
            branch = self::branch(&mut branch.branches, issuer, r);
        }
        branch.leaves.push(Leaf::new(certificate, now, r));
    }
    tree
}

/// The branch of this issuer, which grows where it is not there yet.
fn branch<'t, 'r>(
    tree: &'t mut Vec<Branch<'r>>,
    issuer: &'r str,
    r: &'static ReportText,
) -> &'t mut Branch<'r> {
    let at = tree.iter().position(|branch| branch.issuer == issuer).unwrap_or(tree.len());
    if at == tree.len() {
        tree.push(Branch { r, issuer, leaves: Vec::new(), branches: Vec::new() });
    }
    &mut tree[at]
}

impl<'r> Leaf<'r> {
    fn new(certificate: &'r Certified, now: Timestamp, r: &'static ReportText) -> Self {
        let left = certificate.not_after.duration_since(now).as_hours().div_euclid(24);
        let (days, state) = match left {
            _ if now < certificate.not_before => (r.not_yet.to_owned(), "warning"),
            ..0 => (r.expired.to_owned(), "fail"),
            1 => (format!("1 {}", r.day_left), "warning"),
            0 | 2..30 => (format!("{left} {}", r.days_left), "warning"),
            _ => (format!("{left} {}", r.days_left), "pass"),
        };
        Self { certificate, days, state }
    }

    fn day(&self, at: &Timestamp) -> String {
        at.to_zoned(denmark()).strftime("%Y-%m-%d").to_string()
    }
}

/// Moments on a line whose middle is the arrival of the answer. The scale is logarithmic: what lies seconds apart is seen
/// apart, and hours find room.
pub(super) struct Timeline<'r> {
    r: &'static ReportText,
    timing: &'r Timing,
    pub(super) rows: Vec<Row<'r>>,
    pub(super) ticks: Vec<(i32, &'static str)>,
    /// Where the tolerance begins and how wide it is.
    pub(super) tolerance: (i32, i32),
    /// Where the assertion begins to hold, and for how long.
    pub(super) holds: Option<(i32, i32)>,
    pub(super) arrival: i32,
}

/// One moment.
pub(super) struct Row<'r> {
    pub(super) moment: &'r Moment,
    pub(super) name: &'r str,
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) offset: String,
    pub(super) time: String,
}

/// The height of the ticks above the first row, and of a row.
const HEAD: i32 = 44;
const ROW: i32 = 30;

impl<'r> Timeline<'r> {
    /// Where the line begins and ends, beside the names of the moments.
    const LINE: (i32, i32) = (190, 740);

    const TICKS: [(f64, &'static str); 9] = [
        (-28_800.0, "−8 h"),
        (-600.0, "−10 min"),
        (-60.0, "−1 min"),
        (-10.0, "−10 s"),
        (0.0, "0"),
        (10.0, "10 s"),
        (60.0, "1 min"),
        (600.0, "10 min"),
        (28_800.0, "8 h"),
    ];

    pub(super) fn new(timing: &'r Timing, r: &'static ReportText) -> Self {
        let arrived = timing.moments.iter().find(|moment| moment.what == "arrived");
        let now = arrived.or(timing.moments.first()).map_or(Timestamp::UNIX_EPOCH, |moment| moment.at);
        let after = |at: Timestamp| at.duration_since(now).as_secs_f64();
        let tolerance = timing.tolerance as f64 / 1000.0;
        let seen = timing.moments.iter().map(|moment| after(moment.at));
        let (least, most) =
            seen.fold((-tolerance, tolerance), |(least, most), at| (least.min(at), most.max(at)));
        let (from, until) = (bent(least) - 0.3, bent(most) + 0.3);
        let (left, right) = (f64::from(Self::LINE.0), f64::from(Self::LINE.1));
        let x = |at: f64| (left + (bent(at) - from) / (until - from) * (right - left)).round() as i32;
        let rows = (0..).zip(&timing.moments).map(|(row, moment)| Row {
            moment,
            name: match moment.what.as_str() {
                "asked" => r.asked,
                "arrived" => r.arrived,
                name => name,
            },
            x: x(after(moment.at)),
            y: HEAD + ROW * row + ROW / 2,
            offset: words::span(moment.at.duration_since(now), r.lang),
            time: moment.at.to_zoned(denmark()).strftime("%H:%M:%S%.3f").to_string(),
        });
        let moment = |what: &str| timing.moments.iter().find(|moment| moment.what == what);
        let holds = moment("NotBefore").zip(moment("NotOnOrAfter"));
        let holds = holds.map(|(from, until)| (x(after(from.at)), x(after(until.at))));
        let ticks = Self::TICKS.iter().filter(|(at, _)| (least..=most).contains(at));
        Self {
            r,
            timing,
            rows: rows.collect(),
            ticks: ticks.map(|(at, name)| (x(*at), *name)).collect(),
            tolerance: (x(-tolerance), x(tolerance) - x(-tolerance)),
            holds: holds.map(|(from, until)| (from, (until - from).max(1))),
            arrival: x(0.0),
        }
    }

    pub(super) fn height(&self) -> i32 {
        HEAD + ROW * i32::try_from(self.rows.len()).unwrap_or_default() + 10
    }

    /// The length of a bar from the ticks to the bottom.
    pub(super) fn depth(&self) -> i32 {
        self.height() - HEAD
    }

    /// How far the clocks are apart, and how far they may be, in a sentence each.
    pub(super) fn skew(&self) -> String {
        let r = self.r;
        let told = |milliseconds: i64| words::span(SignedDuration::from_millis(milliseconds), r.lang);
        let Timing { skew, tolerance, .. } = *self.timing;
        let apart = match skew {
            0 => r.skew_none.to_owned(),
            1.. => format!("{} {}.", r.skew_ahead, told(skew)),
            _ => format!("{} {}.", r.skew_behind, told(-skew)),
        };
        let left = tolerance - skew.abs();
        let rest = match left {
            0.. => format!("{} {}", told(left), r.tolerance_left),
            _ => format!("{} {}", r.tolerance_over, told(-left)),
        };
        format!("{apart} {} ± {}: {rest}.", r.tolerance, told(tolerance))
    }
}

/// Seconds on the scale: the same distance for each doubling, and straight near the middle.
fn bent(seconds: f64) -> f64 {
    seconds.signum() * (1.0 + seconds.abs() / 2.0).ln()
}

/// How a level came about, step by step.
pub(super) struct Assured<'r> {
    pub(super) steps: Vec<(&'static str, Vec<String>)>,
    pub(super) rule: Option<&'static str>,
    pub(super) assurance: &'r Assurance,
}

impl<'r> Assured<'r> {
    pub(super) fn new(assurance: &'r Assurance, r: &'static ReportText) -> Self {
        let stated = assurance.stated.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let one = |text: &str| if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
        let rule = assurance.rule.as_deref();
        let rule = rule.and_then(|code| Rule::ALL.iter().find(|rule| rule.code() == code));
        Self {
            steps: vec![
                (r.requested, one(&assurance.requested)),
                (r.stated, stated),
                (r.ceiling, one(&assurance.ceiling)),
                (r.counts, one(&assurance.counts)),
                (r.required, one(&assurance.required)),
            ],
            rule: rule.map(|rule| Text::of(r.lang).say(&rule.sentence())),
            assurance,
        }
    }
}

fn denmark() -> TimeZone {
    TimeZone::get("Europe/Copenhagen").unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::visitor::Lang;

    fn moment(what: &str, seconds: i64) -> Moment {
        let at = Timestamp::from_second(1_795_000_000 + seconds).unwrap();
        Moment { what: what.to_owned(), at, ours: what == "arrived" }
    }

    #[test]
    fn moments_stand_in_their_order_within_the_line_however_far_apart_they_are() {
        let moments: Vec<_> = [-30_000, -9, -1, 0, 1, 300, 28_800, 900_000]
            .map(|s| moment(if s == 0 { "arrived" } else { "x" }, s))
            .into();
        let timing = Timing { moments, skew: 0, tolerance: 60_000 };
        let timeline = Timeline::new(&timing, ReportText::of(Lang::En));
        let places: Vec<i32> = timeline.rows.iter().map(|row| row.x).collect();
        assert!(places.is_sorted_by(|one, other| one + 5 < *other), "{places:?}");
        assert!(places.iter().all(|x| (Timeline::LINE.0..=Timeline::LINE.1).contains(x)), "{places:?}");
        assert_eq!(timeline.arrival, places[3]);
    }

    #[test]
    fn the_skew_is_told_with_what_is_left_of_the_tolerance() {
        let told = |skew, lang| {
            let timing = Timing { moments: vec![moment("arrived", 0)], skew, tolerance: 60_000 };
            Timeline::new(&timing, ReportText::of(lang)).skew()
        };
        assert_eq!(
            told(47_300, Lang::Da),
            "Identitetsudbyderens ur går foran vores med 47,3 s. Tolerancen er ± 60,0 s: 12,7 s tilbage."
        );
        assert_eq!(
            told(-240_000, Lang::En),
            "The identity provider’s clock is behind ours by 4 min 0 s. The tolerance is ± 60.0 s: exceeded by 3 min 0 s."
        );
    }

    #[test]
    fn certificates_hang_beneath_their_issuers_with_the_days_that_are_left() {
        let certificate = |issuers: &[&str], days: i64| Certified {
            usage: String::new(),
            subject: String::new(),
            issuers: issuers.iter().map(|name| (*name).to_owned()).collect(),
            fingerprint: String::new(),
            serial: String::new(),
            key: String::new(),
            not_before: Timestamp::UNIX_EPOCH,
            not_after: Timestamp::from_second(1_795_000_000 + days * 86_400 + 60).unwrap(),
            used: true,
        };
        let all = [
            certificate(&["issuing", "root"], 412),
            certificate(&["issuing", "root"], 1),
            certificate(&["root"], -1),
            certificate(&[], 29),
        ];
        let tree = branches(&all, moment("", 0).at, ReportText::of(Lang::En));
        let names: Vec<_> = tree.iter().map(|branch| branch.issuer).collect();
        assert_eq!(names, ["root", ""]);
        let days = |branch: &Branch<'_>| branch.leaves.iter().map(|l| l.days.clone()).collect::<Vec<_>>();
        assert_eq!(days(&tree[0].branches[0]), ["412 days left", "1 day left"]);
        assert_eq!((days(&tree[0]), days(&tree[1])), (vec!["expired".into()], vec!["29 days left".into()]));
    }
}
