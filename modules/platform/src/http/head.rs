//! How long the head of a request may be.

use actix_web::{dev::RequestHead, http::header::HeaderName};

use super::{IncomingBounds, shorten::shortened};
use crate::problem::{ErrorKind, Place, Problem};

/// What stands around a name and a value: a colon, a space, and the end of the line.
const AROUND: usize = 4;

/// Why the head is not taken; names its longest part. What is far longer never comes here: the parser refuses it.
pub(super) fn head_problem(head: &RequestHead, bounds: &IncomingBounds) -> Option<Problem> {
    let target = head.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let (mut bytes, mut count) = (target, 0);
    let mut longest: Option<(usize, &HeaderName)> = None;
    for (name, value) in head.headers.iter() {
        let length = name.as_str().len() + value.len() + AROUND;
        bytes += length;
        count += 1;
        if longest.is_none_or(|(most, _)| length > most) {
            longest = Some((length, name));
        }
    }
    if count > bounds.max_headers {
        let detail = format!("A request may have at most {} headers.", bounds.max_headers);
        return Some(Problem::new(ErrorKind::HeadTooLarge, detail));
    }
    if bytes <= bounds.head_limit_bytes {
        return None;
    }
    let detail = format!("path, parameters and headers may have at most {} bytes", bounds.head_limit_bytes);
    let header = longest.filter(|(length, _)| *length > target).map(|(_, name)| name.to_string());
    let place = header.map(Place::Header).or_else(|| longest_parameter(head.uri.query()?).map(Place::Query));
    Some(match place {
        Some(place) => Problem::fault(ErrorKind::HeadTooLarge, place, detail),
        None => Problem::new(ErrorKind::HeadTooLarge, format!("Its {detail}.")),
    })
}

fn longest_parameter(query: &str) -> Option<String> {
    let longest = query.split('&').max_by_key(|pair| pair.len())?;
    Some(shortened(longest.split('=').next()?))
}
