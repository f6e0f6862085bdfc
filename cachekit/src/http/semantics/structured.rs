//! Structured fields: dictionaries, and lists of strings, strictly parsed (RFC 8941, section 4.2).

use http::{HeaderMap, HeaderName};

use super::lists::is_token_byte;

/// A value of a dictionary or list, without its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Integer(i64),
    Boolean(bool),
    String(String),
    /// A decimal, token, byte sequence or inner list, none of which a field here has.
    Other,
}

/// Returns the members of a dictionary in all lines of the field `name`, or `None` if the field is
/// absent or not a dictionary. Of members with the same key, the last is returned.
pub(crate) fn dictionary(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<(String, Value)>> {
    let text = combined(headers, name)?;
    let mut parser = Parser { rest: &text };
    let mut members: Vec<(String, Value)> = Vec::new();
    parser.list(|parser| {
        let key = parser.key()?;
        let value = if parser.take(b'=') {
            parser.item_or_inner_list()?
        } else {
            Value::Boolean(true)
        };
        parser.parameters()?;
        members.retain(|(known, _)| *known != key);
        members.push((key, value));
        Some(())
    })?;
    Some(members)
}

/// Returns the strings in all lines of the field `name`, or `None` if the field is absent, is not
/// a list or has other members.
pub(crate) fn strings(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<String>> {
    let text = combined(headers, name)?;
    let mut parser = Parser { rest: &text };
    let mut members = Vec::new();
    parser.list(|parser| {
        let Value::String(text) = parser.item_or_inner_list()? else {
            return None;
        };
        members.push(text);
        parser.parameters()
    })?;
    Some(members)
}

/// Returns the lines of a field, joined by commas.
fn combined(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<u8>> {
    headers.contains_key(name).then_some(())?;
    let lines: Vec<&[u8]> = headers
        .get_all(name)
        .iter()
        .map(http::HeaderValue::as_bytes)
        .collect();
    Some(lines.join(&b","[..]))
}

/// Parser of the rest of a text.
struct Parser<'a> {
    rest: &'a [u8],
}

impl Parser<'_> {
    /// Reads members separated by commas, until the end of the text.
    fn list(&mut self, mut member: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.skip(b" ");
        while !self.rest.is_empty() {
            member(self)?;
            self.skip(b" \t");
            if self.rest.is_empty() {
                return Some(());
            }
            self.expect(b',')?;
            self.skip(b" \t");
            // A comma at the end is an error.
            self.peek()?;
        }
        Some(())
    }

    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, wanted: u8) -> Option<()> {
        self.take(wanted).then_some(())
    }

    fn skip(&mut self, bytes: &[u8]) {
        self.take_while(|byte| bytes.contains(&byte));
    }

    fn take_while(&mut self, is_wanted: impl Fn(u8) -> bool) -> &[u8] {
        let end = self.rest.iter().position(|byte| !is_wanted(*byte));
        let (taken, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// Reads a key (section 4.2.3.3).
    fn key(&mut self) -> Option<String> {
        let is_first = |byte: u8| byte.is_ascii_lowercase() || byte == b'*';
        self.peek().filter(|byte| is_first(*byte))?;
        let name = self.take_while(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.*".contains(&byte)
        });
        String::from_utf8(name.to_vec()).ok()
    }

    /// Reads parameters, and drops them (section 4.2.3.2).
    fn parameters(&mut self) -> Option<()> {
        while self.take(b';') {
            self.skip(b" ");
            self.key()?;
            if self.take(b'=') {
                self.bare_item()?;
            }
        }
        Some(())
    }

    fn item_or_inner_list(&mut self) -> Option<Value> {
        if self.take(b'(') {
            self.inner_list()
        } else {
            self.bare_item()
        }
    }

    /// Reads the rest of an inner list (section 4.2.1.2).
    fn inner_list(&mut self) -> Option<Value> {
        loop {
            self.skip(b" ");
            if self.take(b')') {
                return Some(Value::Other);
            }
            self.bare_item()?;
            self.parameters()?;
            matches!(self.peek()?, b' ' | b')').then_some(())?;
        }
    }

    /// Reads a bare item (section 4.2.3.1).
    fn bare_item(&mut self) -> Option<Value> {
        match self.peek()? {
            b'-' | b'0'..=b'9' => self.number(),
            b'"' => self.string(),
            b'?' => self.boolean(),
            b':' => self.byte_sequence(),
            b'*' | b'a'..=b'z' | b'A'..=b'Z' => {
                self.take_while(|byte| is_token_byte(byte) || b":/".contains(&byte));
                Some(Value::Other)
            }
            _ => None,
        }
    }

    /// Reads a number (section 4.2.4).
    fn number(&mut self) -> Option<Value> {
        let sign = if self.take(b'-') { -1 } else { 1 };
        let whole = self.take_while(|byte| byte.is_ascii_digit());
        let length = whole.len();
        let number: i64 = str::from_utf8(whole).ok()?.parse().ok()?;
        if self.take(b'.') {
            let fraction = self.take_while(|byte| byte.is_ascii_digit()).len();
            let is_decimal = length <= 12 && (1..=3).contains(&fraction);
            return is_decimal.then_some(Value::Other);
        }
        (length <= 15).then_some(Value::Integer(sign * number))
    }

    /// Reads a string (section 4.2.5).
    fn string(&mut self) -> Option<Value> {
        self.expect(b'"')?;
        let mut text = String::new();
        loop {
            match self.next()? {
                b'"' => return Some(Value::String(text)),
                b'\\' => {
                    let escaped = self.next()?;
                    matches!(escaped, b'"' | b'\\').then_some(())?;
                    text.push(char::from(escaped));
                }
                byte @ 0x20..=0x7e => text.push(char::from(byte)),
                _ => return None,
            }
        }
    }

    /// Reads a boolean (section 4.2.8).
    fn boolean(&mut self) -> Option<Value> {
        self.expect(b'?')?;
        match self.next()? {
            b'1' => Some(Value::Boolean(true)),
            b'0' => Some(Value::Boolean(false)),
            _ => None,
        }
    }

    /// Reads a byte sequence (section 4.2.7).
    fn byte_sequence(&mut self) -> Option<Value> {
        self.expect(b':')?;
        self.take_while(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
        self.expect(b':')?;
        Some(Value::Other)
    }
}

#[cfg(test)]
mod tests;
