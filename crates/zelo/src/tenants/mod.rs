//! Tenants: the organisations that work here, and the scope that all their rows are reached through.

mod deletion;
mod model;
mod scope;
mod service;
mod store;
mod tax_id;

pub use deletion::{ask_deletion, begin_deletion, call_off_deletion, finish_deletion};
pub use model::{
    NewTenant, Plan, Quotas, QuotasChange, Settings, SettingsChange, Tenant, TenantChange, TenantStatus,
};
pub use scope::TenantScope;
pub use service::{
    create_tenant, find_tenant, get_tenant, list_tenants, lock_settings, store_settings, tax_id_of,
    update_tenant,
};
pub use tax_id::{TaxId, TaxIdError};
