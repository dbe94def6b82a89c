//! The API description of a role, generated from the routes themselves.

use actix_web::App;
use contract::{
    Code, Currency, InputFaultDocument, ProblemDocument,
    schema::{Price, never_null},
};
use platform::{
    http::{IfMatch, OwnRoute, OwnRoutes, PROBLEM_JSON, RouteTable},
    idempotency::IdempotencyKey,
};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, OpenApi as Document, Ref, RefOr, Response, Schema,
        path::{Operation, Parameter, ParameterIn, PathItem},
        tag::TagBuilder,
    },
};
use utoipa_actix_web::{AppExt, service_config::ServiceConfig};

use crate::{probes, role::Role};

/// What stands at the top of the document, and what no route refers to.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "pos",
        description = "Point of sale: catalogue, stock and orders of a shop.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(ProblemDocument, InputFaultDocument, Code)),
    modifiers(&Codes)
)]
struct Head;

/// Registers what a role serves itself, in public.
pub fn mount(role: Role, config: &mut ServiceConfig) {
    if role.has_product() {
        product::http::configure(config);
    }
    if role.has_order() {
        order::http::configure(config);
    }
    probes::configure(config);
}

/// The same with what it forwards: one document for the whole shop.
fn describe(role: Role, config: &mut ServiceConfig) {
    match role {
        Role::Gateway => mount(Role::All, config),
        Role::All | Role::Product | Role::Order => mount(role, config),
    }
}

/// The document of a role.
pub fn document(role: Role) -> Document {
    let app = App::new().into_utoipa_app().openapi(Head::openapi());
    let (_, mut document) = app.configure(|config| describe(role, config)).split_for_parts();
    product::http::describe(&mut document);
    order::http::describe(&mut document);
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            add_default_answer(operation);
            operation.parameters.iter_mut().flatten().for_each(narrow_parameter);
        }
    }
    document.tags = Some(tags(role));
    document
}

/// Every route of the document with its methods.
pub fn route_table(document: &mut Document) -> RouteTable {
    let routes = document.paths.paths.iter_mut().map(|(path, item)| {
        let methods = operations(item).map(|(method, _)| method);
        (path.clone(), methods.flat_map(with_head).map(str::to_owned).collect())
    });
    RouteTable::new(routes.collect::<Vec<_>>())
}

/// Whatever can be read can be asked about.
fn with_head(method: &'static str) -> Vec<&'static str> {
    match method {
        "GET" => vec!["GET", "HEAD"],
        other => vec![other],
    }
}

/// The routes that a role serves itself.
pub fn own_routes(role: Role) -> OwnRoutes {
    let (_, document) =
        App::new().into_utoipa_app().configure(|config| mount(role, config)).split_for_parts();
    let of_path = |(path, mut item): (String, PathItem)| {
        let routes = operations(&mut item).map(|(method, operation)| OwnRoute {
            method: method.to_owned(),
            path: path.clone(),
            takes_parameters: takes_parameters(operation),
        });
        routes.collect::<Vec<_>>()
    };
    OwnRoutes::new(document.paths.paths.into_iter().flat_map(of_path))
}

fn takes_parameters(operation: &Operation) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Query,
        RefOr::Ref(_) => true,
    })
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("GET", &mut item.get),
        ("PUT", &mut item.put),
        ("POST", &mut item.post),
        ("DELETE", &mut item.delete),
        ("PATCH", &mut item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}

/// Says of a shop's prices what its currency makes of them.
pub fn tell_currency(document: &mut Document, currency: Currency) {
    let price = document.components.iter_mut().filter_map(|components| components.schemas.get_mut("Price"));
    price.for_each(|price| *price = Price::with_places(currency.places()).into());
}

/// A parameter is a text: it may be left out, and is never null. Two headers are read alike everywhere.
fn narrow_parameter(parameter: &mut RefOr<Parameter>) {
    let RefOr::T(parameter) = parameter else {
        return;
    };
    let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema else {
        return;
    };
    never_null(schema);
    match parameter.name.as_str() {
        "Idempotency-Key" => {
            let (least, most) = IdempotencyKey::LENGTH.into_inner();
            schema.min_length = Some(least);
            schema.max_length = Some(most);
            schema.pattern = Some(IdempotencyKey::PATTERN.to_owned());
        }
        "If-Match" => schema.pattern = Some(IfMatch::PATTERN.to_owned()),
        _ => {}
    }
}

/// Whatever else is wrong is told as a problem document, too.
fn add_default_answer(operation: &mut Operation) {
    let mut problem = Response::new("Any other failure");
    let schema = Ref::from_schema_name("ProblemDocument");
    problem.content.insert(PROBLEM_JSON.to_owned(), RefOr::T(Content::new(Some(schema))));
    operation.responses.responses.entry("default".to_owned()).or_insert(RefOr::T(problem));
}

fn tags(role: Role) -> Vec<utoipa::openapi::Tag> {
    [
        ("products", "The catalogue", role.shows_products()),
        ("stock", "Stock on hand, counts, adjustments and the ledger", role.shows_products()),
        ("orders", "Placing, reading and giving up orders", role.shows_orders()),
        ("operations", "Health and figures of the process", true),
    ]
    .into_iter()
    .filter(|(_, _, served)| *served)
    .map(|(name, about, _)| TagBuilder::new().name(name).description(Some(about)).build())
    .collect()
}

/// Says what every code goes with: the schema of an enumeration cannot.
struct Codes;

impl Modify for Codes {
    fn modify(&self, document: &mut Document) {
        let codes: String = Code::ALL
            .iter()
            .map(|code| format!("\n- `{}`: {}", code.as_str(), code.kind().status()))
            .collect();
        let about = document.info.description.get_or_insert_default();
        about.push_str(
            "\n\nWhat changes something takes an `Idempotency-Key`: repeat with the same key after silence or a 5xx, and \
             nothing is done twice; use a new key after a 409. \
             Whatever goes wrong is told as `application/problem+json` (RFC 9457); its `code` is one of this closed list, \
             each with its status:",
        );
        about.push_str(&codes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(role: Role) -> Vec<String> {
        document(role).paths.paths.into_keys().collect()
    }

    #[test]
    fn each_role_shows_its_own_routes_and_none_that_is_internal() {
        assert!(paths(Role::All).iter().any(|path| path == "/orders"));
        assert!(paths(Role::Product).iter().all(|path| !path.starts_with("/orders")));
        assert!(paths(Role::Order).iter().all(|path| !path.starts_with("/products")));
        for role in Role::EVERY {
            assert!(paths(role).iter().all(|path| !path.starts_with("/internal")), "{role}");
            assert!(paths(role).contains(&"/readyz".to_owned()), "{role}");
        }
    }

    #[test]
    fn the_document_is_whole() {
        let text = document(Role::All).to_json().unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(json["openapi"].as_str().unwrap().starts_with("3.1"));
        assert_eq!(json["info"]["version"], env!("CARGO_PKG_VERSION"));
        let about = json["info"]["description"].as_str().unwrap();
        for code in Code::ALL {
            assert!(about.contains(&format!("`{}`", code.as_str())), "{code:?}");
        }
        let schemas = json["components"]["schemas"].as_object().unwrap();
        assert!(schemas.contains_key("ProblemDocument"));
        for name in text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(schemas.contains_key(name), "{name} is referred to and not described");
        }
    }
}
