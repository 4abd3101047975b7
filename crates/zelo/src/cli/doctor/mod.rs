//! `zelo doctor`: what is wrong with this installation, and the cure. It changes nothing.

mod channels;
mod clock;
mod disk;
mod folder;
mod master;
mod port;
mod redis;
mod stores;

use super::{Context, failure::Result, say, start};
use crate::{
    app::App,
    clock::Clock,
    config::Config,
    crypto::{KEYSTORE_MIGRATIONS, MasterKey},
    schema::MIGRATIONS,
    stores::Stores,
};
use serde::Serialize;
use serde_json::json;
use std::process::ExitCode;

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    /// It works, but somebody should look.
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
struct Check {
    name: &'static str,
    status: Verdict,
    /// What was found.
    detail: String,
    /// What to do, where something is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    cure: Option<String>,
}

impl Check {
    fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, status: Verdict::Ok, detail: detail.into(), cure: None }
    }

    fn warn(name: &'static str, detail: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { name, status: Verdict::Warn, detail: detail.into(), cure: Some(cure.into()) }
    }

    fn fail(name: &'static str, detail: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { name, status: Verdict::Fail, detail: detail.into(), cure: Some(cure.into()) }
    }

    fn to_text(&self) -> String {
        let word = match self.status {
            Verdict::Ok => "ok  ",
            Verdict::Warn => "warn",
            Verdict::Fail => "FAIL",
        };
        let cure = self.cure.as_ref().map(|cure| format!("\n      cure: {cure}")).unwrap_or_default();
        format!("{word}  {:<14} {}{cure}", self.name, self.detail)
    }
}

pub(super) async fn run(context: &Context) -> Result<ExitCode> {
    let checks = match Config::load(&context.sources) {
        Ok(config) => examine(config).await,
        Err(error) => {
            let cure = "correct zelo.toml or the environment; `zelo config` shows what holds";
            vec![Check::fail("configuration", error.to_string(), cure)]
        }
    };
    let failed = checks.iter().any(|check| check.status == Verdict::Fail);
    let text: Vec<String> = checks.iter().map(Check::to_text).collect();
    say::either(context.json, &json!({"ok": !failed, "checks": checks}), &text.join("\n"));
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// All checks, in the order in which a start would meet them.
async fn examine(config: Config) -> Vec<Check> {
    let mut checks = vec![configuration(&config)];
    checks.extend(folder::check(&config));
    checks.push(disk::check(&config).await);
    checks.push(port::check(&config).await);
    checks.push(clock::check(&config).await);
    checks.push(stores::keystore_is_apart(&config));
    let (data, data_check) =
        stores::open("database", &config.database_url(), MIGRATIONS, "DATABASE_URL").await;
    let (keys, keys_check) =
        stores::open("keystore", &config.keys_database_url(), KEYSTORE_MIGRATIONS, "KEYS_DATABASE_URL").await;
    checks.extend([data_check, stores::lost_keystore(&config).unwrap_or(keys_check)]);
    if let Some(data) = &data {
        checks.extend(stores::role(data).await);
    }
    checks.extend(redis::check(&config).await);
    let (master, master_check) = master::check(&config, keys.as_ref()).await;
    checks.push(master_check);
    if let (Some(db), Some(keys), Some(master)) = (data, keys, master) {
        checks.extend(whole(config, Stores { db, keys, copy: None }, master).await);
    }
    checks
}

fn configuration(config: &Config) -> Check {
    if config.notices().is_empty() {
        return Check::ok("configuration", "every setting is understood");
    }
    Check::warn(
        "configuration",
        config.notices().join("; "),
        "remove what is named from zelo.toml or the environment",
    )
}

/// What can only be seen with everything open: whether the keys fit, and what Meta says of the numbers.
async fn whole(config: Config, stores: Stores, master: MasterKey) -> Vec<Check> {
    match App::assemble(config, stores, master, Clock::of_the_host()).await {
        Ok(app) => {
            let mut checks = vec![Check::ok("keys", "the master key opens the keystore")];
            checks.extend(channels::check(&app).await);
            checks
        }
        Err(error) => {
            let cure = "put the right master.key into the data folder, or set ENCRYPTION_KEY to it";
            vec![Check::fail("keys", start::wrong_key(&error).to_string(), cure)]
        }
    }
}

#[cfg(test)]
mod tests;
