//! A session begins.

use super::store::{self, Seen};
use crate::{
    app::App,
    audit::{Actor, Entry, EventType, Pen},
    crypto::{Place, digest, random_bytes},
    error::{Error, Result},
    identity::{
        Client, Role,
        sessions::Kind,
        store::{self as people, SessionRow, UserRow},
        tokens::SessionSecret,
        users::postman,
    },
    ids::{SessionId, UserId},
    limits::KnownBrowser,
    mail::Message,
};
use db::Scope;

/// After so many wrong passwords a right one is told to the owner.
const SUSPICIOUS: i64 = 3;

/// Who proved what.
pub(super) struct Proof<'p> {
    pub(super) user: &'p UserRow,
    pub(super) kind: Kind,
    pub(super) methods: &'static str,
    pub(super) must_enrol: bool,
    pub(super) email_digest: &'p [u8; 16],
}

/// The tokens of a session.
pub struct LoggedIn {
    /// For requests; lives minutes.
    pub access_token: String,
    /// For the next access token; works once.
    pub refresh_token: String,
}

/// Somebody who got in.
pub struct Entered {
    secret: SessionSecret,
    user: UserId,
    /// Whether the session reaches nothing but the set-up of a second factor.
    pub must_enrol: bool,
    /// The `Set-Cookie` by which this browser is told from a new one, and from strangers who guess at its account.
    pub known_browser: String,
}

impl Entered {
    /// The value of the session cookie.
    pub fn cookie(&self) -> String {
        self.secret.encode()
    }

    /// Whether it is one of the platform's own people.
    pub fn is_of_platform(&self) -> bool {
        self.secret.tenant.0.is_nil()
    }

    /// The first tokens of the session.
    ///
    /// # Errors
    /// When they cannot be signed.
    pub fn tokens(&self, app: &App) -> Result<LoggedIn> {
        let (tenant, session) = (self.secret.tenant, self.secret.session);
        let access_token = app.identity.access_token(tenant, self.user, session, app.clock.now())?;
        Ok(LoggedIn { access_token, refresh_token: self.secret.encode() })
    }
}

/// Begin a session with a name and a secret that nobody knew before.
pub(super) async fn begin_session(app: &App, proof: &Proof<'_>, client: &Client) -> Result<Entered> {
    let now = app.clock.now();
    let user = proof.user;
    let role = Role::from_word(&user.role).ok_or(Error::Unauthorized)?;
    let secret = SessionSecret {
        tenant: user.tenant,
        session: SessionId(app.ids.next()),
        secret: *random_bytes::<32>()?,
    };
    let browser = client.limited.remember(app, proof.email_digest);
    let device_digest = device_digest(proof.kind, client, &browser);
    let row = SessionRow {
        id: secret.session,
        tenant: user.tenant,
        user: user.id,
        kind: proof.kind.as_str().to_owned(),
        secret_digest: secret.digest(),
        previous_digest: None,
        rotated_at: None,
        generation: 0,
        security_version: user.security_version,
        auth_time: now,
        methods: proof.methods.to_owned(),
        reach: if proof.must_enrol { "enrol" } else { "full" }.to_owned(),
        client_sealed: Some(seal_client(app, &secret, client).await?),
        created_at: now,
        last_used_at: now,
        expires_at: now + app.identity.rules.life(proof.kind, role),
        revoked_at: None,
    };
    let pen = Pen::of(app, user.tenant).await?.acting_as(Actor::User(user.tenant, user.id)).await?;
    let postman = postman(app, user.tenant, user.id).await?.ok_or(Error::Unauthorized)?;
    db::write!(app.db, "log_in", Scope::Tenant(user.tenant.0), |tx| -> Result<()> {
        people::insert_session(tx, &row).await?;
        people::note_login(tx, user.tenant, user.id, now).await?;
        if proof.methods != "password" {
            let entry = Entry::of(EventType::MfaChallengePassed, "code_accepted").on("user", user.id);
            pen.write(tx, entry.with("methods", proof.methods)).await?;
        }
        if store::see_device(tx, user.tenant, user.id, &device_digest, now).await? == Seen::New {
            postman.post(tx, &Message::NewDevice { program: client.program.clone() }).await?;
            pen.write(tx, Entry::of(EventType::LoginSuspicious, "new_device").on("user", user.id)).await?;
        }
        let failures = store::find_failures(tx, proof.email_digest).await?;
        if failures.passwords >= SUSPICIOUS {
            postman.post(tx, &Message::SuccessAfterFailures).await?;
            let entry = Entry::of(EventType::LoginSuspicious, "success_after_failures").on("user", user.id);
            pen.write(tx, entry.with("failures", failures.passwords)).await?;
        }
        store::clear_failures(tx, proof.email_digest).await?;
        let entry = Entry::of(EventType::LoginSuccess, "logged_in").on("session", row.id);
        pen.write(tx, entry.with("methods", proof.methods)).await
    })?;
    Ok(Entered { secret, user: user.id, must_enrol: proof.must_enrol, known_browser: browser.set_cookie })
}

/// What a known log-in is told from a new one by: a browser has a name of its own, a program is what it calls itself.
fn device_digest(kind: Kind, client: &Client, browser: &KnownBrowser) -> [u8; 32] {
    match kind {
        Kind::Token => digest(format!("program {}", client.program).as_bytes()),
        Kind::Cookie => digest(browser.device.as_bytes()),
    }
}

async fn seal_client(app: &App, secret: &SessionSecret, client: &Client) -> Result<Vec<u8>> {
    let keys = app.keyring.tenant(secret.tenant.0).await?;
    let plain = serde_json::to_vec(&client.remembered()).map_err(Error::internal)?;
    Ok(keys.data.seal(client_place(secret.tenant, secret.session), &plain)?)
}

/// Where the program and address of a session are kept.
pub(in crate::identity) fn client_place(tenant: crate::ids::TenantId, session: SessionId) -> Place<'static> {
    Place { tenant: tenant.0, table: "sessions", column: "client", row: session.0 }
}
