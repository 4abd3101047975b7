//! All rows of a tenant, and what they point to: looked at past every rule of the product.

use crate::stage::{Databases, TestApp};
use std::collections::{BTreeMap, BTreeSet};
use zelo::ids::TenantId;

/// What each column points to. A column that ends in `_id` and is not here fails the test.
const REFERENCES: &[(&str, &str)] = &[
    ("access_review_lines.review_id", "access_reviews"),
    ("account_links.user_id", "users"),
    ("api_key_routes.api_key_id", "api_keys"),
    ("api_keys.user_id", "users"),
    ("channel_notices.channel_id", "channels"),
    ("channel_routes.channel_id", "channels"),
    ("channel_states.channel_id", "channels"),
    ("channel_traffic.channel_id", "channels"),
    ("channel_watches.channel_id", "channels"),
    ("contact_identities.contact_id", "contacts"),
    ("contact_merges.kept_id", "contacts"),
    ("contact_merges.merged_id", "contacts"),
    ("contacts.merged_into_id", "contacts"),
    ("conversations.assignee_id", "users"),
    ("conversations.channel_id", "channels"),
    ("conversations.contact_id", "contacts"),
    ("conversations.team_id", "teams"),
    ("known_devices.user_id", "users"),
    ("logins.user_id", "users"),
    ("mails.user_id", "users"),
    ("media.conversation_id", "conversations"),
    ("media.file_id", "media"),
    ("media.message_id", "messages"),
    ("message_ids.conversation_id", "conversations"),
    ("message_marks.conversation_id", "conversations"),
    ("messages.author_id", "users"),
    ("messages.conversation_id", "conversations"),
    ("mfa_backup_codes.user_id", "users"),
    ("mfa_challenges.user_id", "users"),
    ("mfa_factors.user_id", "users"),
    ("number_paces.channel_id", "channels"),
    ("pair_paces.channel_id", "channels"),
    ("pair_paces.contact_id", "contacts"),
    ("password_history.user_id", "users"),
    ("sessions.user_id", "users"),
    ("team_members.team_id", "teams"),
    ("team_members.user_id", "users"),
];

/// Columns that end in `_id` and point to no row of a tenant.
const NO_REFERENCES: &[(&str, &str)] = &[
    ("access_review_lines.subject_id", "one of the staff, or an API key"),
    ("approvals.decider_id", "one of the staff, or of the platform's"),
    ("approvals.requester_id", "one of the staff, or of the platform's"),
    ("audit_entries.actor_id", "outlives the one who acted"),
    ("audit_entries.request_id", "of the request"),
    ("audit_entries.target_id", "outlives what it names"),
    ("audit_entries.trace_id", "of the request"),
    ("audit_pending.entry_id", "an audit entry"),
    ("audit_erasures.entry_id", "an audit entry"),
    ("audit_tree.entry_id", "an audit entry"),
    ("channel_routes.app_secret_id", "an app's secret, which the platform may own"),
    ("channel_routes.previous_app_secret_id", "the secret before it, which the platform may own"),
    ("channel_routes.phone_number_id", "Meta's id"),
    ("channel_routes.waba_id", "Meta's id"),
    ("channels.phone_number_id", "Meta's id"),
    ("channels.waba_id", "Meta's id"),
    ("contacts.key_id", "a key of the keystore, a database of its own"),
    ("idempotency_keys.caller_id", "who asked; the row is found by it, never joined"),
    ("support_accesses.session_id", "a log-in of the platform's"),
    ("support_accesses.supporter_id", "one of the platform's"),
    ("rotation_reminders.subject_id", "an API key, a number, or the tenant itself"),
    ("webhook_quarantine.app_secret_id", "as Meta's event had it, which nobody understood"),
    ("webhook_quarantine.channel_id", "as Meta's event had it, which nobody understood"),
];

/// Rows that change by being looked at, or by the passing of time.
const RESTLESS: &[&str] =
    &["sessions", "idempotency_keys", "audit_entries", "audit_pending", "audit_tree", "known_devices"];

/// Tables of tenants with their columns.
pub(crate) async fn tables(app: &TestApp) -> BTreeMap<String, BTreeSet<String>> {
    let sql = match app.databases() {
        Databases::Sqlite { .. } => {
            "select m.name, c.name from sqlite_master m join pragma_table_info(m.name) c
             where m.type = 'table' and m.name not like 'sqlite_%'"
        }
        Databases::Postgres { .. } => {
            "select table_name::text, column_name::text from information_schema.columns where table_schema = 'public'"
        }
    };
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (table, column) in pairs(app, sql).await {
        tables.entry(table).or_default().insert(column);
    }
    tables.retain(|_, columns| columns.contains("tenant_id"));
    tables
}

/// Two columns of text, as the one who sees everything.
pub(super) async fn pairs(app: &TestApp, sql: &str) -> Vec<(String, String)> {
    match app.databases().as_administrator().await {
        Some(client) => {
            let rows = client.query(sql, &[]).await.unwrap();
            rows.iter().map(|row| (row.get(0), row.get(1))).collect()
        }
        None => {
            let sql: &'static str = Box::leak(sql.to_owned().into_boxed_str());
            db::read!(app.app.db, "look_at_rows", db::Scope::Platform, |tx| -> db::Result<Vec<_>> {
                tx.query(sql, &[], |row| Ok((row.get(0)?, row.get(1)?))).await
            })
            .unwrap()
        }
    }
}

/// Every row of a tenant, table by table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint(BTreeMap<String, BTreeSet<String>>);

impl Fingerprint {
    pub(crate) async fn of(app: &TestApp, tenant: TenantId) -> Self {
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (table, columns) in tables(app).await {
            if RESTLESS.contains(&table.as_str()) || table == "outbox" || table == "jobs" {
                continue;
            }
            let sql = match app.databases() {
                Databases::Sqlite { .. } => {
                    let quoted: Vec<_> =
                        columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
                    let whole = quoted.join(" || '|' || ");
                    let id = tenant.0.simple();
                    format!("select '', {whole} from {table} where hex(tenant_id) = upper('{id}')")
                }
                Databases::Postgres { .. } => {
                    format!("select '', t::text from {table} t where tenant_id = '{tenant}'")
                }
            };
            let rows = pairs(app, &sql).await.into_iter().map(|(_, row)| row).collect();
            all.insert(table, rows);
        }
        assert!(!all["messages"].is_empty() && !all["users"].is_empty(), "the fingerprint is blind");
        Self(all)
    }
}

/// Columns with rows that point to nothing in their own tenant.
pub(crate) async fn strays(app: &TestApp) -> Vec<String> {
    let tables = tables(app).await;
    let mut strays = Vec::new();
    for (table, columns) in &tables {
        for column in columns.iter().filter(|column| column.ends_with("_id") && *column != "tenant_id") {
            let name = format!("{table}.{column}");
            let Some((_, target)) = REFERENCES.iter().find(|(from, _)| *from == name) else {
                let is_listed = NO_REFERENCES.iter().any(|(from, _)| *from == name);
                assert!(
                    is_listed || ["outbox", "jobs"].contains(&table.as_str()),
                    "say what {name} points to"
                );
                continue;
            };
            let sql = format!(
                "select '{name}', cast(count(*) as text) from {table} a where a.{column} is not null and not exists
                     (select 1 from {target} b where b.tenant_id = a.tenant_id and b.id = a.{column})"
            );
            strays.extend(
                pairs(app, &sql).await.into_iter().filter(|(_, count)| count != "0").map(|(name, _)| name),
            );
        }
    }
    strays
}
