//! What a tenant may have, and what of it is used.

use crate::{
    app::App,
    error::Result,
    identity::May,
    quotas::{self, Usage},
    rights::to,
    tenants::{self, QuotasChange},
};
use axum::extract::State;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{fmt, marker::PhantomData};
use utoipa::ToSchema;

/// How much a tenant may have; what is not said stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QuotasPatch {
    /// Bytes of files; 0 is no limit, null leaves it to the settings (`quota.media_bytes`).
    #[serde(default, deserialize_with = "super::time::said")]
    #[schema(value_type = Option<u64>, maximum = 9_007_199_254_740_991_u64)]
    media_bytes: Option<Option<u64>>,
    /// Messages sent in a calendar month, by UTC; 0 is no limit, null leaves it to the settings (`quota.messages_per_month`).
    #[serde(default, deserialize_with = "super::time::said")]
    #[schema(value_type = Option<u64>, maximum = 9_007_199_254_740_991_u64)]
    messages_per_month: Option<Option<u64>>,
}

/// Reads an object or null. A struct could be read from a list too, by position; no client should come to rely on that.
pub(super) fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    struct Object<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = Option<T>;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("an object")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
            T::deserialize(MapAccessDeserializer::new(fields)).map(Some)
        }
    }

    deserializer.deserialize_any(Object(PhantomData))
}

impl From<QuotasPatch> for QuotasChange {
    fn from(QuotasPatch { media_bytes, messages_per_month }: QuotasPatch) -> Self {
        Self { media_bytes, messages_per_month }
    }
}

/// What the tenant uses of its quotas.
#[utoipa::path(get, path = "/usage", tag = "people",
    responses((status = 200, body = Usage), (status = 401), (status = 403)), security(("bearer" = ["settings:read"])))]
pub(super) async fn get_usage(
    State(app): State<App>,
    scope: May<to::ReadSettings>,
) -> Result<axum::Json<Usage>> {
    let tenant = tenants::get_tenant(&app, scope.tenant.tenant()).await?;
    Ok(axum::Json(quotas::usage(&app, &tenant).await?))
}
