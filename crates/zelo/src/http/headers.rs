//! Headers that tell browsers what an answer may do: nothing, unless it is one of our pages.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Pages load scripts, styles, images and answers from here and nowhere else; nothing inline, no frames. Text becomes
/// markup in one place of our modules only (`fragments.js`), which is named here; browsers refuse every other.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; font-src 'self'; \
     connect-src 'self'; form-action 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types zelo-fragments; report-uri /csp-reports; report-to csp",
);

/// Where `report-to csp` leads; `report-uri` says the same to browsers that do not know it.
const REPORTS: HeaderValue = HeaderValue::from_static("csp=\"/csp-reports\"");

/// An answer that is no page does nothing, even when a browser is made to open it as one.
const DATA_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

const PERMISSIONS: HeaderValue = HeaderValue::from_static(
    "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=(), browsing-topics=()",
);

/// Pages record voice notes; nothing that they could hold does.
const PAGE_PERMISSIONS: HeaderValue = HeaderValue::from_static(
    "camera=(), microphone=(self), geolocation=(), payment=(), usb=(), display-capture=(), browsing-topics=()",
);

/// One year, the least that browsers' preload lists take (hstspreload.org).
const ONLY_TLS: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// Add what is missing; a handler that says otherwise (a page that may be cached, say) is left alone.
pub(super) fn secure(headers: &mut HeaderMap, over_tls: bool) {
    let is_page =
        headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let (policy, permissions) =
        if is_page { (PAGE_POLICY, PAGE_PERMISSIONS) } else { (DATA_POLICY, PERMISSIONS) };
    // "same-origin" and not "no-referrer": under the latter, forms of our own pages send `Origin: null`
    // (Fetch, "append a request Origin header"), which the guard against forged requests refuses.
    let additions = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
        (HeaderName::from_static("permissions-policy"), permissions),
    ];
    for (name, value) in additions {
        headers.entry(name).or_insert(value);
    }
    if is_page {
        headers.entry(HeaderName::from_static("reporting-endpoints")).or_insert(REPORTS);
    }
    if over_tls {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(ONLY_TLS);
    }
}
