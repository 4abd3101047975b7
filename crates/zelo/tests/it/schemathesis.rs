//! The API as its description says it is, tried by other people's program: schemathesis from PyPI.

use crate::{
    program::in_repository,
    stage::{ENDLESS_TRIES, PASSWORD, TestApp, environment},
};
use serde_json::json;
use std::process::Stdio;
use tokio::process::Command;
use zelo::{
    identity::{self, NewUser, Role},
    ids::TenantId,
};
use zeroize::Zeroizing;

/// What the description cannot say (a window that is closed, a name that is taken) makes valid data refused.
const LEFT_OUT: &str = "positive_data_acceptance";

/// Cases of each operation and phase: a minute or two. `ZELO_TEST_SCHEMATHESIS_CASES=2000` is the long form.
const CASES: &str = "40";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i01_schemathesis_finds_no_fault_in_any_operation() {
    let Some(python) = environment("ZELO_TEST_PYTHON") else {
        println!(
            "skipped: ZELO_TEST_PYTHON names no Python with schemathesis; `./test schemathesis` makes one"
        );
        return;
    };
    // Limits have tests of their own; here wrong passwords are guessed by the hundred while the clock stands still.
    let app = TestApp::with_settings(&ENDLESS_TRIES).await;
    app.may_leave_work();
    let (hotel, clinic) = (app.tenant("hotel").await, app.tenant("clinic").await);
    for (tenant, phone) in [(&hotel, "+55 11 98765-4321"), (&clinic, "+55 11 98765-4329")] {
        tenant.contact(phone).says("quero reservar").await;
    }
    app.run_jobs().await;
    let leaving = hotel.agent("lia").await;
    let platform = "zelo@zelo.example.com".to_owned();
    let password = Zeroizing::new(PASSWORD.to_owned());
    let new = NewUser { name: "Zelo".into(), email: platform.clone(), role: Role::SuperAdmin, password };
    identity::create_user(&app.app, TenantId(uuid::Uuid::nil()), &new).await.unwrap();
    let logins = json!({
        "platform": [platform, PASSWORD],
        "tenants": [[hotel.owner().email, PASSWORD], [clinic.owner().email, PASSWORD]],
        "leaving": [leaving.email, PASSWORD],
    });

    let cases = environment("ZELO_TEST_SCHEMATHESIS_CASES");
    let is_long = cases.is_some();
    let folder = app.folder().join("schemathesis");
    std::fs::create_dir(&folder).unwrap();
    let mut command = Command::new(&python);
    command
        .args([
            "-c",
            "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())",
            "run",
        ])
        .arg(format!("{}/openapi.json", app.web.url))
        .args(["--url", &format!("{}/api/v1", app.web.url)])
        .args(["--checks", "all", "--exclude-checks", LEFT_OUT])
        .args(["--phases", if is_long { "examples,coverage,fuzzing,stateful" } else { "coverage,fuzzing" }])
        .args(["--max-examples", cases.as_deref().unwrap_or(CASES)])
        .args([
            "--workers",
            "2",
            "--no-color",
            "--warnings",
            "off",
            "--request-timeout",
            "60",
            "--continue-on-failure",
        ])
        .args(["--suppress-health-check", "all"])
        .env("SCHEMATHESIS_HOOKS", "schemathesis_hooks")
        .env("PYTHONPATH", in_repository("tests/clients"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("ZELO_API", format!("{}/api/v1", app.web.url))
        .env("ZELO_LOGINS", logins.to_string())
        .current_dir(&folder)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    // The short form tries the same each time; the long one looks for new cases and keeps none in the checkout.
    command.args(if is_long {
        ["--generation-database", "none"].as_slice()
    } else {
        ["--generation-deterministic"].as_slice()
    });
    let output = command.output().await.unwrap();

    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if let Some(report) = environment("ZELO_TEST_SCHEMATHESIS_REPORT") {
        std::fs::write(report, &said).unwrap();
    }
    assert!(output.status.success(), "{said}");
}
