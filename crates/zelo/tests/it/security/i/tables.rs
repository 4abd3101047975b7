//! Tables for spreadsheets.

use crate::stage::{PASSWORD, TestApp};
use reqwest::Method;
use serde_json::json;
use zelo::identity::{self, NewUser, Role};

/// Everything that a person can bring into a table: their own name.
#[tokio::test]
async fn i07_no_cell_of_a_table_begins_like_a_formula() {
    let app = TestApp::new().await;
    let hotel = app.tenant("hotel").await;
    let starts = ["=1+1", "+55 11", "-2", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"];
    let mut written = 0;
    for (n, start) in starts.iter().enumerate() {
        let email = format!("formula{n}@hotel.example.com");
        let new = NewUser {
            name: format!("{start} Ana{n}"),
            email: email.clone(),
            role: Role::Agent,
            password: zeroize::Zeroizing::new(PASSWORD.to_owned()),
        };
        if identity::create_user(&app.app, hotel.id, &new).await.is_err() {
            // No name has that in it.
            continue;
        }
        let body = json!({"email": email, "password": PASSWORD});
        app.web.call(Method::POST, None, "/api/v1/auth/login", Some(&body)).await.ok();
        written += 1;
    }
    assert!(written >= 5, "only {written} names are allowed");
    let table = hotel.owner().get("/audit-reports/access?format=csv").await;
    let lines: Vec<&str> = table.text.lines().filter(|line| line.contains(" Ana")).collect();
    assert!(lines.len() >= written, "{lines:?}");
    for line in lines {
        for cell in line.split(',') {
            let shown = cell.trim_start_matches('"');
            assert!(!shown.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?} in {line}");
        }
    }
}
