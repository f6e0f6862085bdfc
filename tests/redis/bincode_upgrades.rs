//! A program is upgraded, and reads entries of its older version. bincode's bytes contain no names,
//! so a type of another shape finds nothing: a miss, never another value.

use crate::world::{misses, upgrade};

/// The version before of a program, and the version after: the same names and keys, another type.
macro_rules! versions {
    ($case:ident, $name:literal: {$($before:item)*} => {$($after:item)*} $old:expr => $new:expr) => {
        mod $case {
            mod before {
                use serde::{Deserialize, Serialize};

                $(#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
                $before)*

                #[cachekit::cached(key = "shape:{id}", name = $name)]
                pub(super) async fn get(id: u64) -> Value {
                    let _ = id;
                    $old
                }
            }

            mod after {
                use serde::{Deserialize, Serialize};

                $(#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
                $after)*

                #[cachekit::cached(key = "shape:{id}", name = $name)]
                pub(super) async fn get(id: u64) -> Value {
                    let _ = id;
                    expected()
                }

                pub(super) fn expected() -> Value {
                    $new
                }
            }

            #[tokio::test]
            async fn is_one_miss() {
                let upgrade = super::upgrade(async || before::get(1).await, async || after::get(1).await).await;
                assert_eq!(upgrade.value, after::expected());
                assert!(upgrade.ran);
                assert_eq!(upgrade.misses, super::misses(|it| it.schema = 1));
            }
        }
    };
}

// As bincode alone reads it, it is "Lee", "Ann".
versions! { swapped_fields, "shape.swapped":
    {
    pub(super) struct Value { first: String, last: String }
    } => {
    pub(super) struct Value { last: String, first: String }
    }
    Value { first: "Ann".into(), last: "Lee".into() } =>
    Value { first: "Ann".into(), last: "Lee".into() }
}

// Read by its number, `Paid` is `Packed`.
versions! { inserted_variant, "shape.variant":
    {
    pub(super) enum Value { Open, Paid }
    } => {
    pub(super) enum Value { Open, Packed, Paid }
    }
    { let _ = Value::Open; Value::Paid } =>
    { let _ = (Value::Open, Value::Packed); Value::Paid }
}

versions! { renamed_field, "shape.renamed":
    {
    pub(super) struct Value { price: u64 }
    } => {
    pub(super) struct Value { price_in_cents: u64 }
    }
    Value { price: 3 } => Value { price_in_cents: 300 }
}

versions! { removed_field, "shape.removed":
    {
    pub(super) struct Value { id: u64, name: String }
    } => {
    pub(super) struct Value { id: u64 }
    }
    Value { id: 1, name: String::new() } => Value { id: 1 }
}

versions! { added_field, "shape.added":
    {
    pub(super) struct Value { id: u64 }
    } => {
    pub(super) struct Value { id: u64, #[serde(default)] rank: Option<u64> }
    }
    Value { id: 1 } => Value { id: 1, rank: Some(2) }
}

// Small numbers are the same byte in both.
versions! { wider_number, "shape.number":
    {
    pub(super) struct Value { count: u32 }
    } => {
    pub(super) struct Value { count: u64 }
    }
    Value { count: 7 } => Value { count: 7 }
}

versions! { signed_number, "shape.sign":
    {
    pub(super) struct Value { count: u32 }
    } => {
    pub(super) struct Value { count: i32 }
    }
    Value { count: 7 } => Value { count: -4 }
}

// The change is in a type that the value's type only mentions.
versions! { changed_inside, "shape.inside":
    {
    pub(super) struct Value { lines: Vec<Option<Line>> }
    pub(super) struct Line { price: u64, count: u64 }
    } => {
    pub(super) struct Value { lines: Vec<Option<Line>> }
    pub(super) struct Line { count: u64, price: u64 }
    }
    Value { lines: vec![Some(Line { price: 5, count: 1 })] } =>
    Value { lines: vec![Some(Line { price: 5, count: 1 })] }
}

mod unchanged {
    #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
    pub(super) struct Value {
        id: u64,
    }

    #[cachekit::cached(key = "shape:{id}", name = "shape.same")]
    pub(super) async fn before(id: u64) -> Value {
        Value { id }
    }

    #[cachekit::cached(key = "shape:{id}", name = "shape.same")]
    pub(super) async fn after(id: u64) -> Value {
        Value { id: id + 1 }
    }
}

#[tokio::test]
async fn a_type_that_did_not_change_is_a_hit() {
    let before = async || unchanged::before(1).await;
    let upgrade = upgrade(before, async || unchanged::after(1).await).await;
    assert!(!upgrade.ran);
    assert_eq!(upgrade.misses, misses(|_| {}));
    assert_eq!(upgrade.value, unchanged::before(1).await);
}

mod other_codec {
    #[cachekit::cached(key = "codec:{id}", name = "shape.codec")]
    pub(super) async fn before(id: u64) -> u64 {
        id
    }

    #[cachekit::cached(key = "codec:{id}", name = "shape.codec", codec = msgpack)]
    pub(super) async fn after(id: u64) -> u64 {
        id
    }

    #[cachekit::cached(key = "codec:{id}", name = "shape.another")]
    pub(super) async fn another(id: u64) -> u64 {
        id * 2
    }
}

#[tokio::test]
async fn another_codec_is_one_miss() {
    let before = async || other_codec::before(1).await;
    let upgrade = upgrade(before, async || other_codec::after(1).await).await;
    assert_eq!((upgrade.value, upgrade.ran), (1, true));
    assert_eq!(upgrade.misses, misses(|it| it.codec = 1));
}

#[tokio::test]
async fn another_function_under_the_same_key_is_one_miss() {
    let before = async || other_codec::before(1).await;
    let upgrade = upgrade(before, async || other_codec::another(1).await).await;
    assert_eq!((upgrade.value, upgrade.ran), (2, true));
    assert_eq!(upgrade.misses, misses(|it| it.function = 1));
}
