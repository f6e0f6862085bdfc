//! For one template, different arguments give different keys.

use cachekit::{CacheKey, cached};
use proptest::prelude::*;

/// What users send: separators, escapes, composites, emptiness, other scripts.
fn hostile() -> impl Strategy<Value = String> {
    let marks = "[:%{}*<>(),;|+~A3\\-\u{e9}\u{4e16} a]{0,6}";
    prop_oneof![
        4 => marks,
        1 => Just(String::new()),
        1 => Just("%-".to_owned()),
        1 => Just("%+%-".to_owned()),
        1 => Just("%3A".to_owned()),
        1 => Just("a:b".to_owned()),
        1 => any::<String>(),
    ]
}

#[derive(Debug, Clone, PartialEq, CacheKey)]
enum Shape {
    Dot,
    Line(u8),
    Text { left: String, right: String },
    Nested(Box<Shape>),
}

#[derive(Debug, Clone, PartialEq, CacheKey)]
struct Wrapper(String);

#[derive(Debug, Clone, PartialEq, CacheKey)]
struct Pair {
    left: Option<String>,
    right: Vec<String>,
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Dot),
        any::<u8>().prop_map(Shape::Line),
        (hostile(), hostile()).prop_map(|(left, right)| Shape::Text { left, right }),
    ];
    leaf.prop_recursive(3, 8, 1, |inner| {
        inner.prop_map(|shape| Shape::Nested(Box::new(shape)))
    })
}

#[cached(key = "pair:{a}:{b}")]
async fn colon(a: &str, b: &str) -> u8 {
    0
}
#[cached(key = "dash:{a}-{b}")]
async fn dash(a: &str, b: &str) -> u8 {
    0
}
#[cached(key = "letter:{a}A{b}3{c}")]
async fn letter(a: &str, b: &str, c: &str) -> u8 {
    0
}
#[cached(key = "signs:{a}-{b}0{c}")]
async fn numbers(a: i64, b: i64, c: u64) -> u8 {
    0
}
#[cached(key = "unicode:{a}\u{e9}{b}")]
async fn accent(a: &str, b: &str) -> u8 {
    0
}
#[expect(clippy::option_option, reason = "options in options must differ too")]
#[cached(key = "options:{a}-{b}")]
async fn options(a: Option<Option<String>>, b: Option<Option<Option<u8>>>) -> u8 {
    0
}
#[cached(key = "lists:{a},{b}")]
async fn lists(a: Vec<String>, b: &[Vec<String>]) -> u8 {
    0
}
#[cached(key = "tuples:{a}){b}")]
async fn tuples(a: (String, Option<String>), b: ((String, String), [String; 2])) -> u8 {
    0
}
#[cached(key = "shapes:{a}:{b}")]
async fn shapes(a: Shape, b: Option<Shape>) -> u8 {
    0
}
#[cached(key = "structs:{a}:{b}")]
async fn structs(a: Wrapper, b: Pair) -> u8 {
    0
}
#[cached]
async fn default_key(a: &str, b: Option<String>, c: char, d: bool) -> u8 {
    0
}

/// Asserts that two calls share a key only if they are the same call.
macro_rules! injective {
    ($($name:ident($($arg:ident: $strategy:expr),+) as $call:expr;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]
            $(
                #[test]
                fn $name(one in ($($strategy,)+), other in ($($strategy,)+)) {
                    let ($($arg,)+) = one.clone();
                    let left = $call.key().to_owned();
                    let ($($arg,)+) = other.clone();
                    let right = $call.key().to_owned();
                    prop_assert_eq!(left == right, one == other);
                }
            )*
        }
    };
}

injective! {
    colons(a: hostile(), b: hostile()) as colon::entry(&a, &b);
    dashes(a: hostile(), b: hostile()) as dash::entry(&a, &b);
    letters(a: hostile(), b: hostile(), c: hostile()) as letter::entry(&a, &b, &c);
    signs(a: -20..20_i64, b: -20..20_i64, c: 0..30_u64) as numbers::entry(a, b, c);
    accents(a: hostile(), b: hostile()) as accent::entry(&a, &b);
    nested_options(
        a: proptest::option::of(proptest::option::of(hostile())),
        b: proptest::option::of(proptest::option::of(proptest::option::of(0..2_u8)))
    ) as options::entry(a, b);
    sequences(
        a: proptest::collection::vec(hostile(), 0..3),
        b: proptest::collection::vec(proptest::collection::vec(hostile(), 0..2), 0..3)
    ) as lists::entry(a, &b);
    tuple_arguments(
        a: (hostile(), proptest::option::of(hostile())),
        b: ((hostile(), hostile()), [hostile(), hostile()])
    ) as tuples::entry(a, b);
    derived_enums(a: shape(), b: proptest::option::of(shape())) as shapes::entry(a, b);
    derived_structs(
        a: hostile().prop_map(Wrapper),
        b: (proptest::option::of(hostile()), proptest::collection::vec(hostile(), 0..3))
            .prop_map(|(left, right)| Pair { left, right })
    ) as structs::entry(a, b);
    default_keys(
        a: hostile(), b: proptest::option::of(hostile()), c: any::<char>(), d: any::<bool>()
    ) as default_key::entry(&a, b, c, d);
}

/// The keys that people read and type.
#[test]
fn simple_keys_look_as_they_are_written() {
    assert_eq!(
        colon::entry("ann@example.com", "42").key(),
        "pair:ann@example.com:42"
    );
    assert_eq!(colon::entry("1:2", "{x}*").key(), "pair:1%3A2:%7Bx%7D%2A");
    assert_eq!(dash::entry("a-b", "c-d").key(), "dash:a%2Db-c-d");
    assert_eq!(options::entry(None, Some(None)).key(), "options:%--%+%-");
    assert_eq!(
        lists::entry(vec!["a".into(), String::new()], &[]).key(),
        "lists:(a,,),()"
    );
    let text = Shape::Text {
        left: "l".into(),
        right: "r".into(),
    };
    assert_eq!(
        shapes::entry(Shape::Line(3), Some(text)).key(),
        "shapes:Line(3):Text(l,r)"
    );
    assert_eq!(
        default_key::entry("x", None, 'y', true).key(),
        "keys::arguments::default_key:x:%-:y:true"
    );
}
