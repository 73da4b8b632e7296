//! What the pages load: stylesheet, fonts and icons, embedded at build under names that change with their content.
//!
//! Nothing here depends on who asks. Which files there are is decided by `build.rs`.

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The path under which [`asset`] is routed.
pub const ROUTE: &str = "/assets/{name}";

struct Asset {
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests look a file up by its plain name"))]
    name: &'static str,
    address: &'static str,
    content_type: &'static str,
    content: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Serves one file. Its name holds the hash of its content, so whoever has it may keep it.
pub async fn asset(Path(name): Path<String>) -> Response {
    let found = ASSETS.iter().find(|a| a.address.strip_prefix("/assets/") == Some(name.as_str()));
    let Some(asset) = found else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // An SVG that is opened by itself is a document: it may do nothing either.
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'")),
    ];
    (headers, asset.content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stylesheet_names_only_files_that_are_served() {
        let sheet = ASSETS.iter().find(|a| a.name == "site.css").unwrap();
        let sheet = std::str::from_utf8(sheet.content).unwrap();
        let named: Vec<&str> = sheet.split("url(").skip(1).filter_map(|s| s.split(')').next()).collect();
        assert!(!named.is_empty());
        for url in named {
            let url = url.trim_matches('"');
            assert!(ASSETS.iter().any(|a| a.address == url), "{url}");
        }
    }

    #[tokio::test]
    async fn a_file_is_served_under_its_hashed_name_and_no_other() {
        let hashed = STYLESHEET.strip_prefix("/assets/").unwrap();
        let answer = asset(Path(hashed.to_owned())).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(answer.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        for other in ["site.css", "", "../Cargo.toml", "site-0000000000000000.css"] {
            assert_eq!(asset(Path(other.to_owned())).await.status(), StatusCode::NOT_FOUND, "{other}");
        }
    }
}
