//! A ZIP archive of a few files, stored as they are: any tool opens it, and what is signed in it is read byte by byte.

use flate2::Crc;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::reason::{Fault, Reason};

/// Writes an archive of these files, all of the same moment.
pub fn archive(files: &[(&str, &[u8])], at: Timestamp) -> Result<Vec<u8>, Fault> {
    let too_large = |_| Fault::new(Reason::Internal, "an archive is smaller than 4 GB");
    let moment = moment(at);
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let start = u32::try_from(archive.len()).map_err(too_large)?;
        let mut crc = Crc::new();
        crc.update(content);
        let size = u32::try_from(content.len()).map_err(too_large)?;
        let length = u16::try_from(name.len()).map_err(too_large)?;
        // Version 2.0, names in UTF-8, stored; no extra field.
        let mut entry = [20_u16, 0x0800, 0].map(u16::to_le_bytes).concat();
        entry.extend(moment.map(u16::to_le_bytes).concat());
        entry.extend([crc.sum(), size, size].map(u32::to_le_bytes).concat());
        entry.extend([length, 0].map(u16::to_le_bytes).concat());
        archive.extend(b"PK\x03\x04");
        archive.extend(&entry);
        archive.extend(name.as_bytes());
        archive.extend(*content);
        directory.extend(b"PK\x01\x02");
        directory.extend(20_u16.to_le_bytes());
        directory.extend(&entry);
        // No comment, first disk, no attributes.
        directory.extend([0_u8; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let count = u16::try_from(files.len()).map_err(too_large)?;
    let start = u32::try_from(archive.len()).map_err(too_large)?;
    let size = u32::try_from(directory.len()).map_err(too_large)?;
    archive.extend(directory);
    archive.extend(b"PK\x05\x06");
    archive.extend([0, 0, count, count].map(u16::to_le_bytes).concat());
    archive.extend([size, start].map(u32::to_le_bytes).concat());
    archive.extend([0_u8; 2]);
    Ok(archive)
}

/// Time and date as DOS wrote them, in UTC.
fn moment(at: Timestamp) -> [u16; 2] {
    let at = at.to_zoned(TimeZone::UTC);
    let part = |part: i8| u16::from(part.unsigned_abs());
    let time = (part(at.hour()) << 11) | (part(at.minute()) << 5) | (part(at.second()) / 2);
    let date = at.year().saturating_sub(1980).clamp(0, 127).unsigned_abs() << 9;
    [time, date | (part(at.month()) << 5) | part(at.day())]
}
