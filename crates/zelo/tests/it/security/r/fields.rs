//! What a body may set, and what an answer may show (row R07): the description says it, and nothing else goes.

use super::{
    asks::{Ask, Body, ask, ends_sessions},
    caller::{Scene, Visitor},
    rows::{Fingerprint, tables},
    table::{Demand, Part, Route, routes_of},
};
use crate::stage::TestApp;
use serde_json::Value;
use std::collections::BTreeSet;

/// The description of the API, as it is checked in.
struct Described(Value);

impl Described {
    fn read() -> Self {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi.json");
        Self(serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap())
    }

    fn operation(&self, route: &Route) -> &Value {
        &self.0["paths"][&route.path][route.method.to_lowercase()]
    }

    fn resolved<'d>(&'d self, schema: &'d Value) -> &'d Value {
        match schema["$ref"].as_str() {
            Some(name) => self.resolved(self.0.pointer(name.trim_start_matches('#')).expect(name)),
            None => schema,
        }
    }

    /// The fields that a body of this shape may have, at its top.
    fn fields(&self, schema: &Value) -> BTreeSet<String> {
        let schema = self.resolved(schema);
        let own = schema["properties"].as_object().into_iter().flat_map(|it| it.keys().cloned());
        let parts = ["allOf", "oneOf", "anyOf"].iter().filter_map(|word| schema[word].as_array()).flatten();
        own.chain(parts.flat_map(|part| self.fields(part))).collect()
    }

    /// Whether a shape says nothing of its fields, or lets them be anything.
    fn is_free(&self, schema: &Value) -> bool {
        schema.get("additionalProperties").is_some_and(|more| *more != Value::Bool(false))
            || self.fields(schema).is_empty()
    }

    /// The places in a value that its shape does not describe.
    fn undescribed(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let schema = self.resolved(schema);
        for word in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[word].as_array() {
                let each = choices.iter().map(|choice| self.undescribed(choice, value, at));
                return each.min_by_key(Vec::len).unwrap_or_default();
            }
        }
        match value {
            Value::Array(items) => {
                let each = items.iter().enumerate();
                each.flat_map(|(n, item)| self.undescribed(&schema["items"], item, &format!("{at}[{n}]")))
                    .collect()
            }
            Value::Object(_) if self.is_free(schema) => Vec::new(),
            Value::Object(fields) => {
                let known = self.fields(schema);
                let inner = fields.iter().flat_map(|(name, value)| {
                    let at = format!("{at}.{name}");
                    if !known.contains(name) {
                        return vec![at];
                    }
                    let parts = schema["allOf"].as_array().into_iter().flatten().map(|it| self.resolved(it));
                    let shape =
                        std::iter::once(schema).chain(parts).find_map(|it| it["properties"].get(name));
                    shape.map(|shape| self.undescribed(shape, value, &at)).unwrap_or_default()
                });
                inner.collect()
            }
            _ => Vec::new(),
        }
    }
}

fn visitor<'s>(route: &Route, scene: &'s Scene, platform: &'s Visitor) -> &'s Visitor {
    match route.demand {
        Demand::Open => scene.nobody(),
        Demand::Platform => platform,
        Demand::Oneself | Demand::May(_) => scene.owner(),
    }
}

#[tokio::test]
async fn r07_no_body_sets_a_column_that_is_not_offered() {
    let app = TestApp::new().await;
    app.may_leave_work();
    let scene = Scene::set(&app, "hotel").await;
    let platform = Visitor::platform(&app).await;
    let described = Described::read();
    let columns: BTreeSet<String> = tables(&app).await.into_values().flatten().collect();
    assert!(columns.len() > 100, "only {} columns", columns.len());
    let before = Fingerprint::of(&app, scene.tenant.id).await;
    let (mut routes, mut tried) = (0, 0);
    for route in routes_of(Part::Api).into_iter().filter(|route| !ends_sessions(route)) {
        let Ask { path, body: Body::Json(Value::Object(body)) } = ask(&route, &scene.things, &scene.things)
        else {
            continue;
        };
        let offered = described
            .fields(&described.operation(&route)["requestBody"]["content"]["application/json"]["schema"]);
        if offered.is_empty() {
            continue;
        }
        routes += 1;
        let strange: Vec<_> = columns.iter().filter(|column| !offered.contains(*column)).collect();
        // One by one where something exists already that a column could be set of; together elsewhere.
        let at_once = if route.method == "POST" { strange.len() } else { 1 };
        for some in strange.chunks(at_once) {
            let mut body = body.clone();
            body.extend(some.iter().map(|column| ((*column).clone(), Value::from("1"))));
            let ask = Ask { path: path.clone(), body: Body::Json(Value::Object(body)) };
            let said = visitor(&route, &scene, &platform).knocks(&route, &ask, &[]).await;
            assert!((400..500).contains(&said.status), "{} takes {some:?}: {}", route.name(), said.text);
            let named = some.iter().filter(|column| said.text.contains(column.as_str())).count();
            assert!(named > 0, "{} does not say what is wrong: {}", route.name(), said.text);
            tried += some.len();
        }
    }
    println!("r07: {tried} fields over {routes} bodies, none taken");
    assert!(routes > 20, "only {routes} bodies");
    assert_eq!(Fingerprint::of(&app, scene.tenant.id).await, before);
}

#[tokio::test]
async fn r07_no_answer_shows_a_field_that_is_not_described() {
    let app = TestApp::new().await;
    app.may_leave_work();
    let scene = Scene::set(&app, "hotel").await;
    let platform = Visitor::platform(&app).await;
    let described = Described::read();
    let mut seen = 0;
    for route in routes_of(Part::Api).into_iter().filter(|route| !ends_sessions(route)) {
        let said = visitor(&route, &scene, &platform)
            .knocks(&route, &ask(&route, &scene.things, &scene.things), &[])
            .await;
        if !said.kind.contains("json") {
            continue;
        }
        let answers = &described.operation(&route)["responses"];
        let answer = answers.get(said.status.to_string()).unwrap_or(&answers["default"]);
        let answer = described.resolved(answer);
        let kind = said.kind.split(';').next().unwrap();
        let schema = &answer["content"][kind]["schema"];
        assert!(!schema.is_null(), "{} answers {} {kind}, which is not described", route.name(), said.status);
        let strange = described.undescribed(schema, &said.json(), "");
        assert_eq!(strange, Vec::<String>::new(), "{} shows what is not described", route.name());
        seen += 1;
    }
    println!("r07: {seen} answers hold what is described and nothing else");
    assert!(seen > 50, "only {seen} answers");
}
