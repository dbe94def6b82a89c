//! What every route has in common: `HEAD` where there is `GET`, and no parameter that it does not read.

use actix_web::{
    Error,
    body::{EitherBody, MessageBody},
    dev::{ResourceDef, ServiceRequest, ServiceResponse},
    http::Method,
    middleware::Next,
    web::Data,
};

use super::shorten::shortened;
use crate::problem::{ErrorKind, Place, Problem};

/// A route of the API document.
pub struct OwnRoute {
    /// In upper case.
    pub method: String,
    /// A template, such as `/products/{id}`.
    pub path: String,
    /// Routes that do name by themselves those that they do not know.
    pub takes_parameters: bool,
}

/// The routes that this process serves itself; what it forwards is for others to judge.
pub struct OwnRoutes(Vec<(ResourceDef, OwnRoute)>);

impl OwnRoutes {
    pub fn new(routes: impl IntoIterator<Item = OwnRoute>) -> Self {
        Self(routes.into_iter().map(|route| (ResourceDef::new(route.path.as_str()), route)).collect())
    }

    fn find(&self, method: &Method, path: &str) -> Option<&OwnRoute> {
        let mut routes = self.0.iter();
        let found =
            routes.find(|(resource, route)| route.method == method.as_str() && resource.is_match(path));
        found.map(|(_, route)| route)
    }

    fn stray_parameter(&self, request: &ServiceRequest) -> Option<Problem> {
        let query = Some(request.query_string()).filter(|query| !query.is_empty())?;
        self.find(request.method(), request.path()).filter(|route| !route.takes_parameters)?;
        let (name, _) = form_urlencoded::parse(query.as_bytes()).next()?;
        let place = Place::Query(shortened(&name));
        Some(Problem::fault(ErrorKind::Malformed, place, "is unknown; this route takes no parameters"))
    }
}

/// Middleware: a `HEAD` is served as the `GET` that it asks about, whose body actix then leaves out; a parameter of a
/// route that takes none is refused by its name.
///
/// # Errors
/// When what it is around fails.
pub async fn meet_route(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    if let Some(routes) = request.app_data::<Data<OwnRoutes>>().cloned() {
        if request.method() == Method::HEAD && routes.find(&Method::GET, request.path()).is_some() {
            request.head_mut().method = Method::GET;
        }
        if let Some(problem) = routes.stray_parameter(&request) {
            return Ok(request.error_response(problem).map_into_right_body());
        }
    }
    Ok(next.call(request).await?.map_into_left_body())
}
