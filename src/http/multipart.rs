//! Reads the one kind of form that can carry a file (RFC 7578): as much of it as browsers write.

use axum::http::{HeaderMap, header};

use super::door::only;

/// The fields of a form, each as it came.
pub(super) struct Fields<'b>(Vec<(String, &'b [u8])>);

impl<'b> Fields<'b> {
    /// Reads a form, or nothing if it is none.
    pub(super) fn read(headers: &HeaderMap, body: &'b [u8]) -> Option<Self> {
        let (kind, parameters) = only(headers, header::CONTENT_TYPE.as_str())?.split_once(';')?;
        if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
            return None;
        }
        let boundary = parameters.trim().strip_prefix("boundary=")?.trim_matches('"');
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        let mut rest = body.strip_prefix(delimiter.get(2..)?)?;
        let mut fields = Vec::new();
        // After a delimiter a line ends, or the form does.
        while let Some(part) = rest.strip_prefix(b"\r\n") {
            let end = find(part, &delimiter)?;
            let (part, after) = part.split_at_checked(end)?;
            let blank = find(part, b"\r\n\r\n")?;
            let name = name(part.get(..blank)?)?;
            fields.push((name, part.get(blank + 4..)?));
            rest = after.get(delimiter.len()..)?;
        }
        rest.starts_with(b"--").then_some(Self(fields))
    }

    /// What was filled in; nothing where nothing was.
    pub(super) fn get(&self, wanted: &str) -> Option<&'b [u8]> {
        let found = self.0.iter().find(|(name, _)| name == wanted).map(|(_, content)| *content);
        found.filter(|content| !content.trim_ascii().is_empty())
    }

    /// The same as text.
    pub(super) fn text(&self, wanted: &str) -> Option<&'b str> {
        std::str::from_utf8(self.get(wanted)?).ok().map(str::trim)
    }
}

/// The name of a field.
fn name(headers: &[u8]) -> Option<String> {
    let headers = std::str::from_utf8(headers).ok()?;
    let line = headers.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let (_, rest) = line.split_once("; name=\"")?;
    rest.split('"').next().map(str::to_owned)
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|part| part == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(kind: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))])
    }

    const FORM: &[u8] = b"--x\r\nContent-Disposition: form-data; name=\"xml\"\r\n\r\n  \r\n--x\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"a; name=.xml\"\r\nContent-Type: text/xml\r\n\r\n\
        <a>\r\n--y\r\n</a>\r\n--x--\r\n";

    #[test]
    fn every_field_is_read_as_it_came_and_an_empty_one_is_none() {
        let headers = headers("multipart/form-data; boundary=x");
        let fields = Fields::read(&headers, FORM).unwrap();
        assert_eq!(fields.get("file"), Some(&b"<a>\r\n--y\r\n</a>"[..]));
        assert_eq!((fields.get("xml"), fields.text("url")), (None, None));
    }

    #[test]
    fn what_is_no_whole_form_is_none() {
        assert!(
            Fields::read(&headers("multipart/form-data; boundary=x"), &FORM[..FORM.len() - 10]).is_none()
        );
        assert!(Fields::read(&headers("multipart/form-data; boundary=z"), FORM).is_none());
        assert!(Fields::read(&headers("application/x-www-form-urlencoded"), FORM).is_none());
        assert!(Fields::read(&headers("multipart/form-data; boundary=x"), b"").is_none());
    }
}
