//! What browsers report of our policy: a script, style or address that a page tried and that was not allowed. On our
//! pages that means a defect, or somebody's markup that got where it should not.

use crate::{Error, error::Result};
use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode, header},
};
use serde_json::Value;

/// A browser batches a few reports; what comes beyond these is no browser's.
const MOST: usize = 20;
/// The directives that our policies have. Others come from no page of ours, and a metric's label must not grow.
const DIRECTIVES: &[&str] = &[
    "script-src",
    "script-src-elem",
    "script-src-attr",
    "style-src",
    "style-src-elem",
    "style-src-attr",
    "img-src",
    "media-src",
    "font-src",
    "connect-src",
    "form-action",
    "base-uri",
    "frame-ancestors",
    "require-trusted-types-for",
    "trusted-types",
    "default-src",
];

/// Count the violations of a report and write one line for each. Anybody may send one, so nothing of it is believed but
/// its kind; addresses in it may hold ids and are not kept.
///
/// # Errors
/// 415 for another kind of body, 400 for one that cannot be read.
pub(crate) async fn report_violations(headers: HeaderMap, body: Bytes) -> Result<StatusCode> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !["application/csp-report", "application/reports+json"].contains(&kind) {
        return Err(Error::UnsupportedMediaType);
    }
    let report: Value = serde_json::from_slice(&body)
        .map_err(|_| Error::Malformed("The report is no proper JSON.".to_owned()))?;
    for directive in directives(&report) {
        metrics::counter!("zelo_csp_violations_total", "directive" => directive).increment(1);
        tracing::warn!(csp.directive = directive, "A browser refused part of a page");
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The directives of both forms: one `csp-report` (CSP 2), or a list of reports (Reporting API).
fn directives(report: &Value) -> Vec<&'static str> {
    let single = std::slice::from_ref(report);
    let reports = report.as_array().map_or(single, Vec::as_slice);
    let told = reports.iter().take(MOST).filter_map(|report| {
        let body = report.get("csp-report").or_else(|| report.get("body"))?;
        ["effective-directive", "violated-directive", "effectiveDirective"]
            .iter()
            .find_map(|name| body.get(name)?.as_str()?.split_whitespace().next())
    });
    told.map(|told| DIRECTIVES.iter().find(|known| **known == told).copied().unwrap_or("other")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_forms_of_a_report_are_understood_and_inventions_are_not_repeated() {
        let old =
            json!({"csp-report": {"violated-directive": "img-src 'self'", "document-uri": "https://x/c/1"}});
        assert_eq!(directives(&old), ["img-src"]);
        let body = |directive| json!({"type": "csp-violation", "body": {"effectiveDirective": directive}});
        assert_eq!(
            directives(&json!([body("script-src-elem"), body("<b>"), {"type": "x"}])),
            ["script-src-elem", "other"]
        );
        assert_eq!(directives(&json!(vec![body("img-src"); 1000])).len(), MOST);
        assert!(directives(&json!("csp-report")).is_empty());
    }
}
