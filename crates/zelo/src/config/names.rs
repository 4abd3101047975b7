//! Names by which settings are known outside of the configuration file.

/// The settings that are never shown. Each environment name of theirs also works with `_FILE` behind it.
pub(super) const SECRETS: &[&str] = &[
    "audit.seal_webhook",
    "auth.jwt_other_secret",
    "auth.jwt_secret",
    "database.admin_url",
    "database.keys_url",
    "database.url",
    "first_admin.password",
    "keys.encryption_key",
    "mail.smtp_url",
    "metrics.token",
    "redis.url",
    "s3.secret_access_key",
    "whatsapp.webhook_verify_token",
];

/// Environment names that are customary for services of this kind, and the settings they give.
/// Of two names for one setting the later one wins.
pub(super) const CUSTOMARY: &[(&str, &str)] = &[
    ("NODE_ENV", "environment"),
    ("ZELO_ENV", "environment"),
    ("PORT", "server.port"),
    ("FRONTEND_URL", "server.cors_origins"),
    ("DATABASE_URL", "database.url"),
    ("DATABASE_ADMIN_URL", "database.admin_url"),
    ("KEYS_DATABASE_URL", "database.keys_url"),
    ("REDIS_URL", "redis.url"),
    ("MASTER_ENCRYPTION_KEY", "keys.encryption_key"),
    ("ENCRYPTION_KEY", "keys.encryption_key"),
    ("SECRET_KEY", "auth.jwt_secret"),
    ("JWT_SECRET", "auth.jwt_secret"),
    ("WHATSAPP_API_VERSION", "whatsapp.api_version"),
    ("WHATSAPP_WEBHOOK_VERIFY_TOKEN", "whatsapp.webhook_verify_token"),
    ("MFA_ENABLED", "mfa.required"),
    ("MFA_REQUIRED_FOR_ADMIN", "mfa.required_for_admin"),
    ("MFA_ISSUER_NAME", "mfa.issuer"),
    ("SUPER_ADMIN_EMAIL", "first_admin.email"),
    ("SUPER_ADMIN_PASSWORD", "first_admin.password"),
];

/// Names that older systems of this kind read and Zelo has no use for, with what it does instead.
pub(super) const UNUSED: &[(&str, &str)] = &[
    ("JWT_REFRESH_SECRET", "refresh tokens are random and kept as hashes, so they need no secret"),
    ("JWT_ALGORITHM", "the algorithm is fixed"),
    ("SESSION_SECRET", "sessions are random values kept as hashes"),
    ("CELERY_BROKER_URL", "jobs lie in the database"),
    ("CELERY_RESULT_BACKEND", "jobs lie in the database"),
    ("RABBITMQ_URL", "jobs lie in the database"),
    (
        "WHATSAPP_ACCESS_TOKEN",
        "an access token belongs to a channel: zelo channel create --access-token-stdin",
    ),
    ("WHATSAPP_APP_SECRET", "an app's secret belongs to a channel: zelo channel create --app-secret-file"),
    (
        "WHATSAPP_PHONE_NUMBER_ID",
        "a phone number belongs to a channel: zelo channel create --phone-number-id",
    ),
    ("WHATSAPP_BUSINESS_ACCOUNT_ID", "an account belongs to a channel: zelo channel create --waba-id"),
    ("DEBUG", "write log.level = \"debug\" instead"),
    ("LOG_LEVEL", "write log.level (ZELO__LOG__LEVEL) instead"),
];

/// Names whose part of the product this version does not have yet.
pub(super) const LATER: &[&str] = &[
    "BASE_DOMAIN",
    "DATABASE_REPLICA_URL",
    "SENTRY_DSN",
    "SLACK_WEBHOOK_URL",
    "SLACK_CHANNEL",
    "N8N_API_KEY",
    "GEMINI_API_KEY",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "AWS_REGION",
    "AWS_BACKUP_BUCKET",
];

/// How the setting `section.key` is named in the environment.
pub(super) fn environment_name(setting: &str) -> String {
    format!("ZELO__{}", setting.replace('.', "__").to_uppercase())
}

/// The known setting that looks most like a wrong one: by its whole name, or by the last part alone where the
/// section was forgotten or mistaken.
pub(super) fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> &'a str {
    let key = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    known
        .min_by_key(|name| {
            let whole = distance(wrong, name);
            // Losing the section counts as one more mistake, so that the right section wins among equal keys.
            whole.min(distance(&key(wrong), &key(name)) + 1)
        })
        .unwrap_or_default()
}

/// How many letters must be added, removed or changed to turn one text into the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&to) {
            let change = diagonal + usize::from(letter != *other);
            diagonal = *cell;
            left = change.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_of_two_words_counts_their_differences() {
        for (from, to, steps) in
            [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("port", "port", 0)]
        {
            assert_eq!(distance(from, to), steps, "{from} {to}");
        }
    }

    #[test]
    fn a_mistyped_setting_finds_the_one_that_was_meant() {
        let known = ["server.port", "server.bind", "log.level", "database.url", "redis.url"];
        for (wrong, meant) in [
            ("server.prot", "server.port"),
            ("port", "server.port"),
            ("logs.level", "log.level"),
            ("databse.url", "database.url"),
        ] {
            assert_eq!(nearest(wrong, known.into_iter()), meant);
        }
    }
}
