//! What is limited, and how far.

use crate::{
    clock::{DAY, MINUTE, Millis},
    config::Config,
};

/// At most `quota` accepted in any `window`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Its name in answers and metrics.
    pub name: &'static str,
    /// How many.
    pub quota: u32,
    /// In which time.
    pub window: Millis,
}

/// All policies, with the numbers of the settings.
#[derive(Debug, Clone, Copy)]
pub struct Policies {
    /// Callers without credentials, by network or by a device that is known.
    pub anonymous: Policy,
    /// Programs with an API key, each key.
    pub api_key: Policy,
    /// Programs with an access token, each user.
    pub user: Policy,
    /// Browsers with a session, each user.
    pub session: Policy,
    /// Everybody of a tenant together.
    pub tenant: Policy,
    /// `POST /whatsapp/send`, each caller.
    pub send: Policy,
    /// New access tokens, by network: the caller is known only from the body.
    pub refresh: Policy,
    /// Sockets, by network: the caller is known only from the first frame.
    pub socket: Policy,
    /// Health and metrics, by network.
    pub probe: Policy,
    /// Failed log-ins of one account from one client.
    pub login: Policy,
    /// Failed second factors of one account from one client.
    pub second_factor: Policy,
    /// Requests to reset a password, for one account from one client.
    pub password_reset: Policy,
    /// Wrong passwords of somebody who is signed in and proves again who they are.
    pub reauthentication: Policy,
    /// Failed log-ins from one network, whatever the account.
    pub login_network: Policy,
    /// Failed log-ins of one account in a row, from clients that are not known.
    pub account: Policy,
}

impl Policies {
    /// As the settings say.
    pub fn of(config: &Config) -> Self {
        let limits = &config.limits;
        let in_a_minute = |name, quota| Policy { name, quota, window: MINUTE };
        let window = Millis::from(config.auth.login_window_minutes) * MINUTE;
        let of_log_in = |name, quota| Policy { name, quota, window };
        Self {
            anonymous: in_a_minute("anonymous", limits.anonymous_per_minute),
            api_key: in_a_minute("api_key", limits.api_key_per_minute),
            user: in_a_minute("user", limits.user_per_minute),
            session: in_a_minute("session", limits.session_per_minute),
            tenant: in_a_minute("tenant", limits.tenant_per_minute),
            send: in_a_minute("send", limits.send_per_minute),
            refresh: in_a_minute("refresh", limits.refresh_per_minute),
            socket: in_a_minute("socket", limits.socket_per_minute),
            probe: in_a_minute("probe", limits.probe_per_minute),
            login: of_log_in("login", config.auth.login_attempts),
            second_factor: of_log_in("second_factor", config.auth.login_attempts),
            password_reset: of_log_in("password_reset", config.auth.login_attempts),
            reauthentication: of_log_in("reauthentication", config.auth.login_attempts),
            login_network: of_log_in("login_network", limits.login_network_failures),
            account: Policy { name: "account", quota: limits.account_failures, window: DAY },
        }
    }
}
