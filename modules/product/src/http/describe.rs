//! What the routes check and their types do not say, for the API description.

use contract::schema::{NegativeQuantity, PositiveQuantity, null, require, split, words};
use utoipa::{
    PartialSchema,
    openapi::{
        OpenApi, RefOr, Schema,
        path::{Operation, Parameter},
        schema::{Object, OneOfBuilder},
    },
};

use crate::model::TEXT_PATTERN;

const BODIES: [&str; 3] = ["NewProductBody", "ProductBody", "AdjustmentBody"];

/// A letter or digit of any script, and nothing that texts may not have.
const SEARCH: &str = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*[\p{L}\p{N}][^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$";

/// Narrows the module's part of the document to what is taken.
pub fn describe(document: &mut OpenApi) {
    if let Some(components) = &mut document.components {
        let bodies = BODIES.iter().filter_map(|body| match components.schemas.remove(*body) {
            Some(RefOr::T(Schema::Object(object))) => Some((*body, object)),
            _ => None,
        });
        let bodies: Vec<(&str, Object)> = bodies.collect();
        for (name, mut body) in bodies {
            body.properties.values_mut().for_each(|field| narrow_text(field, TEXT_PATTERN));
            components.schemas.insert(name.to_owned(), body.into());
        }
    }
    if let Some(list) = document.paths.paths.get_mut("/products").and_then(|path| path.get.as_mut()) {
        narrow_filters(list);
    }
    split(document, "NewProductBody", &[is_tracked, is_untracked]);
    split(document, "AdjustmentBody", &[receives, wastes, corrects]);
}

/// Whatever has a longest length is a text that people type.
fn narrow_text(field: &mut RefOr<Schema>, pattern: &str) {
    if let RefOr::T(Schema::Object(text)) = field
        && text.max_length.is_some()
    {
        text.min_length = Some(1);
        text.pattern = Some(pattern.to_owned());
    }
}

fn narrow_filters(list: &mut Operation) {
    for parameter in list.parameters.iter_mut().flatten() {
        let RefOr::T(Parameter { name, schema, .. }) = parameter else {
            continue;
        };
        let pattern = if name == "search" { SEARCH } else { TEXT_PATTERN };
        schema.iter_mut().for_each(|schema| narrow_text(schema, pattern));
    }
}

fn set(body: &mut Object, field: &str, schema: RefOr<Schema>) {
    body.properties.insert(field.to_owned(), schema);
}

fn is_tracked(body: &mut Object) {
    let policy = OneOfBuilder::new().item(words(["deny", "allow", "flag"])).item(null());
    set(body, "stockPolicy", policy.description(Some("`deny` when left out.")).into());
}

/// No stock is kept of it.
fn is_untracked(body: &mut Object) {
    set(body, "stockPolicy", words(["untracked"]));
    set(body, "stock", null());
    require(body, "stockPolicy");
}

fn receives(body: &mut Object) {
    set(body, "reason", words(["receive"]));
    set(body, "quantity", PositiveQuantity::schema());
}

fn wastes(body: &mut Object) {
    set(body, "reason", words(["waste"]));
    set(body, "quantity", NegativeQuantity::schema());
}

fn corrects(body: &mut Object) {
    set(body, "reason", words(["correct"]));
}
