//! A program is upgraded, and its values are in `MessagePack`, which names fields and variants.
//! Values that can be read are read; all others are misses, never another value.

use cachekit::cached;
use serde::{Deserialize, Serialize};

use crate::world::{misses, upgrade};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Status {
    Open,
    Paid,
}

/// What the version before stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Order {
    first: String,
    last: String,
    count: u64,
    status: Status,
}

#[cached(key = "order:{id}", name = "named.order", codec = msgpack)]
async fn before(id: u64) -> Order {
    Order {
        first: "Ann".to_owned(),
        last: "Lee".to_owned(),
        count: id,
        status: if id == 0 { Status::Open } else { Status::Paid },
    }
}

/// Versions after. One that tolerates the older value gets it; one that does not gets what its
/// own function gives, which is told from the older by its count.
macro_rules! after {
    ($($case:ident: $value:item $count:literal tolerated: $older:expr;)*) => {$(
        mod $case {
            use serde::{Deserialize, Serialize};

            #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
            $value

            #[cachekit::cached(key = "order:{id}", name = "named.order", codec = msgpack)]
            async fn get(id: u64) -> Value {
                let _ = id;
                computed()
            }

            fn computed() -> Value {
                counted(Value::default())
            }

            fn counted(mut value: Value) -> Value {
                value.count = $count;
                value
            }

            #[tokio::test]
            async fn is_no_other_value() {
                let older: Option<Value> = $older;
                let upgrade = super::upgrade(async || super::before(7).await, async || get(7).await).await;
                let misses = super::misses(|it| it.undecodable = u64::from(older.is_none()));
                assert_eq!((upgrade.ran, upgrade.misses), (older.is_none(), misses));
                assert_eq!(upgrade.value, older.unwrap_or_else(computed));
            }
        }
    )*};
}

after! {
    reordered_fields:
        pub(super) struct Value { count: u64, last: String, first: String } 1
        tolerated: Some(Value { first: "Ann".into(), last: "Lee".into(), count: 7 });
    removed_fields:
        pub(super) struct Value { count: u64 } 1
        tolerated: Some(Value { count: 7 });
    added_with_default:
        pub(super) struct Value { count: u64, #[serde(default)] rank: u8 } 1
        tolerated: Some(Value { count: 7, rank: 0 });
    added_option:
        pub(super) struct Value { count: u64, rank: Option<u8> } 1
        tolerated: Some(Value { count: 7, rank: None });
    added_without_default:
        pub(super) struct Value { count: u64, rank: u8 } 1
        tolerated: None;
    renamed_field:
        pub(super) struct Value { count: u64, given_name: String } 1
        tolerated: None;
    renamed_with_alias:
        pub(super) struct Value { count: u64, #[serde(alias = "first")] given_name: String } 1
        tolerated: Some(Value { count: 7, given_name: "Ann".into() });
    wider_number:
        pub(super) struct Value { count: i128 } 1
        tolerated: Some(Value { count: 7 });
    narrower_number_that_fits:
        pub(super) struct Value { count: u8 } 1
        tolerated: Some(Value { count: 7 });
    another_type:
        pub(super) struct Value { count: u64, first: Vec<u64> } 1
        tolerated: None;
}

mod inserted_variant {
    use cachekit::cached;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub(super) enum Status {
        Open,
        Packed,
        Paid,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub(super) struct Order {
        pub(super) status: Status,
    }

    #[cached(key = "order:{id}", name = "named.order", codec = msgpack)]
    pub(super) async fn get(id: u64) -> Order {
        let status = [Status::Open, Status::Packed][usize::from(id == 7)].clone();
        Order { status }
    }
}

#[tokio::test]
async fn a_variant_is_known_by_its_name() {
    let after = async || inserted_variant::get(7).await;
    let upgrade = upgrade(async || before(7).await, after).await;
    assert!(!upgrade.ran);
    assert_eq!(upgrade.value.status, inserted_variant::Status::Paid);
}

mod removed_variant {
    use cachekit::cached;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub(super) enum Status {
        Open,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub(super) struct Order {
        pub(super) status: Status,
    }

    #[cached(key = "order:{id}", name = "named.order", codec = msgpack)]
    pub(super) async fn get(id: u64) -> Order {
        let _ = id;
        Order {
            status: Status::Open,
        }
    }
}

#[tokio::test]
async fn a_variant_that_is_gone_is_one_miss() {
    let after = async || removed_variant::get(7).await;
    let upgrade = upgrade(async || before(7).await, after).await;
    assert!(upgrade.ran);
    assert_eq!(upgrade.misses, misses(|it| it.undecodable = 1));
    assert_eq!(upgrade.value.status, removed_variant::Status::Open);
}

mod too_narrow {
    #[cachekit::cached(key = "wide:{id}", name = "named.number", codec = msgpack)]
    pub(super) async fn before(id: u64) -> u64 {
        id + 256
    }

    #[cachekit::cached(key = "wide:{id}", name = "named.number", codec = msgpack)]
    pub(super) async fn after(id: u64) -> u8 {
        u8::from(id == 7)
    }
}

#[tokio::test]
async fn a_number_that_does_not_fit_is_not_cut() {
    let before = async || too_narrow::before(7).await;
    let upgrade = upgrade(before, async || too_narrow::after(7).await).await;
    assert_eq!((upgrade.value, upgrade.ran), (1, true));
    assert_eq!(upgrade.misses, misses(|it| it.undecodable = 1));
}
