//! The answer to a path or method that no route serves.

use actix_web::{HttpRequest, HttpResponse, dev::ResourceDef, web::Data};

use super::shorten::shortened;
use crate::problem::{ErrorKind, Problem};

/// Every route of the process, taken from its OpenAPI document.
pub struct RouteTable(Vec<(ResourceDef, Vec<String>)>);

impl RouteTable {
    /// `routes` are path templates with their methods in upper case.
    pub fn new(routes: impl IntoIterator<Item = (String, Vec<String>)>) -> Self {
        Self(routes.into_iter().map(|(path, methods)| (ResourceDef::new(path), methods)).collect())
    }

    /// Those of the path itself, else those of a template that it fits.
    fn methods(&self, path: &str) -> Option<String> {
        let is_itself = |resource: &ResourceDef| resource.pattern() == Some(path);
        let mut fitting: Vec<_> = self.0.iter().filter(|(resource, _)| resource.is_match(path)).collect();
        fitting.sort_by_key(|(resource, _)| !is_itself(resource));
        fitting.first().map(|(_, methods)| methods.join(", "))
    }
}

/// 405 with `Allow` where the path is served with other methods, else 404.
///
/// # Errors
/// Always.
pub async fn no_such_route(request: HttpRequest, table: Data<RouteTable>) -> Result<HttpResponse, Problem> {
    let Some(allow) = table.methods(request.path()) else {
        let detail = "There is nothing at this path; /docs lists what there is.";
        return Err(Problem::new(ErrorKind::NotFound, detail));
    };
    let detail = format!("{} is not served here; use {allow}.", shortened(request.method().as_str()));
    let mut problem = Problem::new(ErrorKind::MethodNotAllowed, detail);
    problem.allow = Some(allow);
    Err(problem)
}
