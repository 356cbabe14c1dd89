use crate::abi::{MAX_HEADERS, MAX_HEADER_BYTES, MAX_STATUS};
use crate::{wire, Code};

/// What `start_response` was given.
#[derive(Default)]
pub(super) struct Head {
    pub(super) status: String,
    pub(super) code: u16,
    pub(super) headers: Vec<(String, String)>,
    /// The declared `Content-Length`.
    pub(super) length: Option<u64>,
}

impl Head {
    /// Whether a response of that status has a body.
    pub(super) fn allows_body(&self) -> bool {
        self.code != 204 && self.code != 304
    }
}

/// Checks a status and an encoded list of headers in the host's order.
pub(super) fn head(status: &[u8], list: &[u8]) -> Result<Head, Code> {
    if status.len() > MAX_STATUS || list.len() > MAX_HEADER_BYTES {
        return Err(Code::TooLarge);
    }
    let pairs = wire::pairs(list).ok_or(Code::Invalid)?;
    let mut head = Head { code: status_code(status)?, status: lossy(status), ..Head::default() };
    if pairs.clone().count() > MAX_HEADERS {
        return Err(Code::TooLarge);
    }
    for (name, value) in pairs {
        let name = token(name)?;
        if has_control(value) || value.starts_with(b" ") || value.ends_with(b" ") {
            return Err(Code::Invalid);
        }
        if is_hop_by_hop(&name) {
            return Err(Code::Forbidden);
        }
        if name.eq_ignore_ascii_case("Content-Length") && head.length.replace(decimal(value)?).is_some() {
            return Err(Code::Invalid);
        }
        head.headers.push((name, lossy(value)));
    }
    Ok(head)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Three digits from 200, since an interim response is none, a space, and a reason without control characters.
fn status_code(status: &[u8]) -> Result<u16, Code> {
    let valid = status.len() >= 4 && status[3] == b' ' && !has_control(status);
    match decimal(status.get(..3).unwrap_or_default()) {
        Ok(code @ 200..=999) if valid => Ok(code as u16),
        _ => Err(Code::Invalid),
    }
}

fn decimal(digits: &[u8]) -> Result<u64, Code> {
    let text = std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit));
    text.and_then(|text| text.parse().ok()).ok_or(Code::Invalid)
}

/// RFC 9110, section 5.6.2.
fn token(name: &[u8]) -> Result<String, Code> {
    let valid = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    if name.is_empty() || !name.iter().all(valid) {
        return Err(Code::Invalid);
    }
    Ok(lossy(name))
}

fn has_control(bytes: &[u8]) -> bool {
    bytes.iter().any(u8::is_ascii_control)
}

/// These belong to the connection, which is the host's.
fn is_hop_by_hop(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let names = ["connection", "keep-alive", "te", "trailer", "trailers", "transfer-encoding", "upgrade"];
    names.contains(&name.as_str()) || name.starts_with("proxy-")
}
