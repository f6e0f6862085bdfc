use proptest::prelude::*;

use super::*;

const NAME: HeaderName = HeaderName::from_static("x");

fn field(lines: &[&[u8]]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        if let Ok(value) = http::HeaderValue::from_bytes(line) {
            headers.append(NAME, value);
        }
    }
    headers
}

fn read(text: &str) -> Option<Vec<(String, Value)>> {
    dictionary(&field(&[text.as_bytes()]), &NAME)
}

fn only(text: &str) -> Option<Value> {
    read(text)?.pop().map(|(_, value)| value)
}

#[test]
fn types_of_values() {
    assert_eq!(only("a=1"), Some(Value::Integer(1)));
    assert_eq!(only("a=-15"), Some(Value::Integer(-15)));
    assert_eq!(only("a"), Some(Value::Boolean(true)));
    assert_eq!(only("a=?0"), Some(Value::Boolean(false)));
    assert_eq!(
        only(r#"a="x\"\\""#),
        Some(Value::String(r#"x"\"#.to_owned()))
    );
    for other in ["1.5", "tok/en:x", ":aGk=:", "()", "(1 \"x\" y;p=1)"] {
        assert_eq!(only(&format!("a={other}")), Some(Value::Other), "{other}");
    }
}

#[test]
fn parameters_are_read_and_dropped() {
    assert_eq!(only("a=1;b;c=2; d=\"x\""), Some(Value::Integer(1)));
    assert_eq!(only("a;b=?1"), Some(Value::Boolean(true)));
    assert_eq!(only("a;B"), None);
}

#[test]
fn wrong_syntax_is_none() {
    for text in [
        "a=10000, &&&&&",
        "A=1",
        "a =1",
        "a= 1",
        "a=1,",
        ",a",
        "a=",
        "a=1 b",
        "a=\"x",
        "a=\"\\x\"",
        "a=?2",
        "a=1.",
        "a=1.2345",
        "a=-",
        "a=1234567890123456",
        "a=(1",
        "a=(1,2)",
        "a=:x",
        "a=&",
        "a=@1",
        "a=%\"x\"",
        "\ta",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
    assert_eq!(dictionary(&field(&[b"a=\"\xe9\""]), &NAME), None);
}

#[test]
fn lines_are_joined_and_the_last_of_equal_keys_stays() {
    let members = dictionary(&field(&[b"a=1, b", b"a=2"]), &NAME).unwrap();
    assert_eq!(members.len(), 2);
    assert_eq!(members[1], ("a".to_owned(), Value::Integer(2)));
    assert_eq!(dictionary(&HeaderMap::new(), &NAME), None);
    assert_eq!(read(""), Some(vec![]));
}

#[test]
fn lists_of_strings() {
    let list = |text: &str| strings(&field(&[text.as_bytes()]), &NAME);
    assert_eq!(
        list(r#""a", "b";p=1"#),
        Some(vec!["a".to_owned(), "b".to_owned()])
    );
    assert_eq!(list(r#""a", b"#), None);
    assert_eq!(list(r#""a" "b""#), None);
    assert_eq!(list(r#"("a")"#), None);
}

proptest! {
    #[test]
    fn no_text_panics(text: Vec<u8>, likely in "[-ab=;,()\"\\\\:?0-9. ]{0,40}") {
        for text in [&text[..], likely.as_bytes()] {
            let headers = field(&[text, text]);
            let _ = (dictionary(&headers, &NAME), strings(&headers, &NAME));
        }
    }
}
