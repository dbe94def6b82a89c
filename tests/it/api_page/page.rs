//! A page of requests and answers: what a reader sees is what is sent and compared.

use serde_json::Value;

const FENCE: &str = "```";
/// The answer's headers that the page shows.
const SHOWN: [&str; 6] =
    ["location", "etag", "idempotency-key", "idempotent-replayed", "retry-after", "allow"];
/// Characters of a line of JSON.
const WIDTH: usize = 120;

/// A request and its answer, as two blocks of the page.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The shop that is asked: what stands behind `http` in the first block's fence.
    pub shop: String,
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    pub answer: Answer,
    /// Lines of the page that the answer fills.
    lines: std::ops::Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    /// In small letters, sorted.
    pub headers: Vec<(String, String)>,
    pub body: Option<Value>,
}

/// The exchanges of a page, in its order.
pub fn read(page: &str) -> Vec<Exchange> {
    let mut blocks = blocks(page).into_iter();
    let mut exchanges = Vec::new();
    while let Some((shop, request, _)) = blocks.next() {
        let (_, answer, lines) = blocks.next().unwrap_or_else(|| panic!("no answer to {request:?}"));
        let (head, body) = head_and_body(&request);
        let (method, path) = head[0].split_once(' ').unwrap_or_else(|| panic!("no request: {request:?}"));
        let exchange = Exchange {
            shop,
            method: method.to_owned(),
            path: path.to_owned(),
            headers: headers(&head[1..]),
            body,
            answer: read_answer(&answer),
            lines,
        };
        exchanges.push(exchange);
    }
    exchanges
}

/// The page with these answers instead of those that it has.
pub fn write(page: &str, exchanges: &[Exchange], answers: &[Answer]) -> String {
    let mut lines: Vec<String> = page.lines().map(str::to_owned).collect();
    for (exchange, answer) in exchanges.iter().zip(answers).rev() {
        lines.splice(exchange.lines.clone(), print(answer));
    }
    lines.join("\n") + "\n"
}

impl Answer {
    /// What the page shows of an answer.
    pub fn of(reply: &crate::support::client::Reply) -> Self {
        let shown = |name: &&str| Some(((*name).to_owned(), reply.header(name)?.to_owned()));
        let mut headers: Vec<(String, String)> = SHOWN.iter().filter_map(shown).collect();
        headers.sort();
        let body = (!reply.text.is_empty()).then(|| reply.body.clone());
        Self { status: reply.status, headers, body }
    }
}

type Block = (String, Vec<String>, std::ops::Range<usize>);

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in page.lines().enumerate() {
        match &mut open {
            None => {
                if let Some(kind) = line.strip_prefix("```http") {
                    open = Some((kind.trim().to_owned(), Vec::new(), number + 1..number + 1));
                }
            }
            Some(_) if line == FENCE => {
                let (kind, lines, range) = open.take().unwrap();
                blocks.push((kind, lines, range.start..number));
            }
            Some((_, lines, _)) => lines.push(line.to_owned()),
        }
    }
    blocks
}

fn head_and_body(lines: &[String]) -> (Vec<String>, Option<String>) {
    match lines.iter().position(String::is_empty) {
        Some(end) => (lines[..end].to_vec(), Some(lines[end + 1..].join("\n"))),
        None => (lines.to_vec(), None),
    }
}

fn headers(lines: &[String]) -> Vec<(String, String)> {
    let header = |line: &String| {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("no header: {line}"));
        (name.to_lowercase(), value.to_owned())
    };
    let mut headers: Vec<_> = lines.iter().map(header).collect();
    headers.sort();
    headers
}

fn read_answer(lines: &[String]) -> Answer {
    let (head, body) = head_and_body(lines);
    let status = head[0].split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no status: {}", head[0]));
    let body = body.map(|body| {
        serde_json::from_str(&body)
            .unwrap_or_else(|error| panic!("an answer that is no JSON: {error}: {body}"))
    });
    Answer { status, headers: headers(&head[1..]), body }
}

fn print(answer: &Answer) -> Vec<String> {
    let reason = reqwest::StatusCode::from_u16(answer.status).unwrap().canonical_reason().unwrap_or_default();
    let mut lines = vec![format!("HTTP/1.1 {} {reason}", answer.status)];
    lines.extend(answer.headers.iter().map(|(name, value)| format!("{}: {value}", spelled(name))));
    if let Some(body) = &answer.body {
        lines.push(String::new());
        lines.extend(json(body, 0).lines().map(str::to_owned));
    }
    lines
}

/// `idempotent-replayed` as `Idempotent-Replayed`; `etag` as `ETag`.
fn spelled(name: &str) -> String {
    if name == "etag" {
        return "ETag".to_owned();
    }
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}

/// On one line where it fits, else a line for each member.
fn json(value: &Value, indent: usize) -> String {
    let flat = value.to_string();
    let members: Vec<String> = match value {
        _ if flat.len() + indent <= WIDTH => return flat,
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), json(value, indent + 1)))
            .collect(),
        Value::Array(items) => items.iter().map(|item| json(item, indent + 1)).collect(),
        _ => return flat,
    };
    let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
    let pad = " ".repeat(indent + 1);
    format!("{open}{}{close}", packed(members).join(&format!(",\n{pad}")))
}

/// Short members share a line.
fn packed(members: Vec<String>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for member in members {
        match lines.last_mut() {
            Some(line)
                if !member.contains('\n')
                    && !line.contains('\n')
                    && line.len() + member.len() < WIDTH - 8 =>
            {
                line.push(',');
                line.push_str(&member);
            }
            _ => lines.push(member),
        }
    }
    lines
}
