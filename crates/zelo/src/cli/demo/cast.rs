//! What a demo is made of, kept beside its database so that the same folder gives the same demo again.

use super::{
    super::{
        failure::{Failure, Result},
        simulator::{BUSINESS, DISPLAY_PHONE, Line, PHONE_NUMBER_ID, WABA_ID},
    },
    people::{Colleague, PLATFORM_OWNER, STAFF},
};
use crate::{
    app::App,
    channels::{self, Credentials, NewChannel},
    crypto::random_bytes,
    identity::{self, NewUser},
    ids::{ChannelId, TenantId},
    tenants::{self, NewTenant, TenantScope},
};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

const SLUG: &str = "hotel-mirante";
const FILE: &str = "demo.json";

/// Somebody who can log in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LogIn {
    pub(super) email: String,
    pub(super) password: String,
    pub(super) role: String,
}

/// Everything that the demo prints.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Cast {
    pub(super) tenant: TenantId,
    pub(super) users: Vec<LogIn>,
    pub(super) super_admin: LogIn,
    pub(super) channel: ChannelId,
    access_token: String,
    app_secret: String,
    verify_token: String,
}

impl Cast {
    /// The cast that a folder was given by an earlier demo.
    pub(super) fn find(folder: &Path) -> Result<Option<Self>> {
        let file = folder.join(FILE);
        if file.exists() {
            return Ok(Some(serde_json::from_slice(&fs::read(&file)?)?));
        }
        if folder.join("zelo.db").exists() {
            return Err(Failure::new(format!(
                "{} holds an installation that is no demo: give --data-dir an empty folder",
                folder.display()
            )));
        }
        Ok(None)
    }

    /// Create tenant, people and number, and remember them in the folder.
    pub(super) async fn create(app: &App, folder: &Path) -> Result<Self> {
        let tenant = tenants::create_tenant(
            app,
            &NewTenant { name: BUSINESS.into(), slug: SLUG.into(), tax_id: None },
        )
        .await?
        .id;
        let users = try_join_all(STAFF.iter().map(|colleague| hire(app, tenant, colleague)));
        let super_admin = hire(app, TenantId(uuid::Uuid::nil()), &PLATFORM_OWNER);
        let (users, super_admin) = tokio::try_join!(users, super_admin)?;
        let (access_token, app_secret, verify_token) = (secret()?, secret()?, secret()?);
        let new = NewChannel {
            name: "Recepção".into(),
            phone_number_id: PHONE_NUMBER_ID.into(),
            waba_id: WABA_ID.into(),
            display_phone: DISPLAY_PHONE.into(),
            credentials: Credentials {
                access_token: access_token.clone(),
                app_secret: app_secret.clone(),
                verify_token: verify_token.clone(),
            },
        };
        let channel = channels::create_channel(app, TenantScope::of_work(tenant), &new).await?.id;
        let cast = Self { tenant, users, super_admin, channel, access_token, app_secret, verify_token };
        write_private(folder.join(FILE), &serde_json::to_vec(&cast)?)?;
        Ok(cast)
    }

    pub(super) fn line(&self, url: &str) -> Line {
        Line {
            access_token: self.access_token.clone(),
            app_secret: self.app_secret.clone(),
            verify_token: self.verify_token.clone(),
            callback_url: Some(format!("{url}/webhooks/whatsapp/{}", self.channel)),
        }
    }

    /// The line that scripts read.
    pub(super) fn to_json(&self, url: &str, simulator_url: &str) -> Value {
        json!({
            "url": url,
            "simulator_url": simulator_url,
            "tenant": {"id": self.tenant, "slug": SLUG},
            "users": self.users,
            "super_admin": {"email": self.super_admin.email, "password": self.super_admin.password},
            "channel": {
                "id": self.channel,
                "phone_number_id": PHONE_NUMBER_ID,
                "waba_id": WABA_ID,
                "app_secret": self.app_secret,
                "verify_token": self.verify_token,
            },
        })
    }

    /// The same for people.
    pub(super) fn to_text(&self, url: &str, simulator_url: &str) -> String {
        let mut text = format!(
            "The desk:            {url}\nA customer's phone:  {simulator_url}\nMail to the staff:   {url}/mailbox\n\n\
                 Log in as\n"
        );
        for user in self.users.iter().chain([&self.super_admin]) {
            text.push_str(&format!("  {:<36} {}  ({})\n", user.email, user.password, user.role));
        }
        text.push_str("\nOnly this machine can reach the demo. Ctrl-C ends it.");
        text
    }
}

async fn hire(app: &App, tenant: TenantId, colleague: &Colleague) -> Result<LogIn> {
    let password = secret()?;
    let new = NewUser {
        name: colleague.name.into(),
        email: colleague.email.into(),
        role: colleague.role,
        password: Zeroizing::new(password.clone()),
    };
    identity::create_user(app, tenant, &new).await?;
    Ok(LogIn { email: colleague.email.into(), password, role: colleague.role.to_string() })
}

/// 80 random bits in words of four digits, which a person can type.
fn secret() -> Result<String> {
    let digits = hex::encode(random_bytes::<10>()?.as_ref());
    let words: Vec<&str> = (0..5).filter_map(|word| digits.get(word * 4..word * 4 + 4)).collect();
    Ok(words.join("-"))
}

fn write_private(path: PathBuf, content: &[u8]) -> Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    Ok(file.write_all(content)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_a_real_installation_never_becomes_a_demo() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Cast::find(folder.path()).unwrap().is_none());
        fs::write(folder.path().join("zelo.db"), "").unwrap();
        let refused = Cast::find(folder.path()).unwrap_err();
        assert!(refused.to_string().contains("is no demo"));
    }

    #[test]
    fn passwords_of_the_demo_are_long_enough_and_differ() {
        let (one, other) = (secret().unwrap(), secret().unwrap());
        assert_eq!(one.len(), 24);
        assert_ne!(one, other);
    }

    #[test]
    fn nobody_of_the_staff_is_there_twice() {
        let mut emails: Vec<&str> = STAFF.iter().map(|colleague| colleague.email).collect();
        emails.sort_unstable();
        emails.dedup();
        assert_eq!(emails.len(), STAFF.len());
    }
}
