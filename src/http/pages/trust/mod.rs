//! The pages of trust verification: a run that waits for somebody to log in, and the report of one that has ended.

mod certificates;
mod metadata;
mod mirror;
mod report;
mod seen;
mod start;

pub use certificates::{atom, calendar, certificates};
pub use metadata::{Judged, Wrong, metadata};
pub use mirror::{InMirror, mirror, systems};
pub use report::{Again, Shown, report, report_file};
pub use start::{Waiting, waiting};
