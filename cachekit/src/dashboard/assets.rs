//! The files of the page. They are in the program, so that the page loads nothing from elsewhere.

use std::future::{Ready, ready};

use axum::response::Response;

use crate::dashboard::answer::typed;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

pub(crate) fn page() -> Response {
    typed(HTML, include_str!("assets/dashboard.html"))
}

pub(crate) fn login_page() -> Response {
    typed(HTML, include_str!("assets/login.html"))
}

/// Scripts of the page, each with its path.
pub(crate) const SCRIPTS: [(&str, &str); 5] = [
    ("/chart.js", include_str!("assets/chart.js")),
    ("/dashboard.js", include_str!("assets/dashboard.js")),
    ("/rates.js", include_str!("assets/rates.js")),
    ("/table.js", include_str!("assets/table.js")),
    ("/units.js", include_str!("assets/units.js")),
];

/// Returns a handler that answers with the script `text`.
pub(crate) fn script(text: &'static str) -> impl Fn() -> Ready<Response> + Clone + Send + Sync {
    move || ready(typed(SCRIPT, text))
}

pub(crate) async fn login_script() -> Response {
    typed(SCRIPT, include_str!("assets/login.js"))
}

pub(crate) async fn style() -> Response {
    typed(
        "text/css; charset=utf-8",
        include_str!("assets/dashboard.css"),
    )
}

pub(crate) async fn icon() -> Response {
    typed("image/svg+xml", include_str!("assets/icon.svg"))
}
