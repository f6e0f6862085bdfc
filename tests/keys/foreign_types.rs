//! Arguments of other crates' types, alone and inside containers.

#![expect(
    clippy::option_option,
    clippy::ref_option_ref,
    clippy::type_complexity,
    reason = "whatever a type is made of, it is written"
)]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cachekit::{CacheKey, cached};
use proptest::prelude::*;

/// A type of another crate, with `Display` alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Day(u32);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "day {}", self.0)
    }
}

/// The same text by `CacheKey`.
#[derive(Debug, Clone, CacheKey)]
struct Known(String);

impl Known {
    fn of(day: Day) -> Self {
        Self(day.to_string())
    }
}

/// `Display` and `CacheKey`, which differ.
#[derive(Debug, Clone, Copy, CacheKey)]
enum Sort {
    Newest,
    Price(bool),
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sorted")
    }
}

/// The key of a function of one argument.
macro_rules! key_of {
    ($ty:ty, $value:expr) => {{
        #[cached(tier = memory, name = "f")]
        async fn keyed(value: $ty) -> u8 {
            let _ = value;
            0
        }
        keyed::entry($value).key().to_owned()
    }};
}

type When = Option<Day>;

#[derive(Debug, Clone, CacheKey)]
struct Filter<'a> {
    since: Option<Day>,
    days: &'a [Day],
    by: (Day, u64),
    sort: Sort,
}

#[derive(Debug, Clone, CacheKey)]
enum Range {
    All,
    Since(Option<Day>),
    Between { days: Vec<(Day, Day)>, exact: bool },
}

#[test]
fn display_is_enough_inside_of_containers() {
    let day = Day(7);
    assert_eq!(key_of!(Day, day), "f:day%207");
    assert_eq!(key_of!(Option<Day>, Some(day)), "f:day%207");
    assert_eq!(key_of!(Option<Day>, None), "f:%-");
    assert_eq!(key_of!(When, Some(day)), "f:day%207");
    assert_eq!(key_of!(Option<Option<Day>>, Some(None)), "f:%+%-");
    assert_eq!(key_of!(&[Day], &[day, Day(8)]), "f:(day%207,day%208)");
    assert_eq!(key_of!([Day; 2], [day, Day(8)]), "f:(day%207,day%208)");
    assert_eq!(
        key_of!(Vec<Option<Day>>, vec![None, Some(day)]),
        "f:(%-,day%207)"
    );
    assert_eq!(key_of!((Day, u64), (day, 1)), "f:(day%207,1)");
    assert_eq!(
        key_of!((Day, Sort, bool), (day, Sort::Price(true), true)),
        "f:(day%207,Price(true),true)"
    );
    assert_eq!(key_of!(&Option<&Day>, &Some(&day)), "f:day%207");
    assert_eq!(key_of!(Arc<Vec<Day>>, Arc::new(vec![day])), "f:(day%207)");
    assert_eq!(key_of!(Box<[Day]>, Box::from([day])), "f:(day%207)");
    assert_eq!(
        key_of!(Cow<'static, [Day]>, Cow::Owned(vec![day])),
        "f:(day%207)"
    );
    assert_eq!(key_of!(VecDeque<Day>, VecDeque::from([day])), "f:(day%207)");
    assert_eq!(
        key_of!(
            Vec<(Option<Day>, [(Day, &str); 1])>,
            vec![(None, [(day, "a")])]
        ),
        "f:((%-,((day%207,a))))"
    );
}

#[test]
fn fields_are_written_as_arguments_are() {
    let day = Day(7);
    let filter = Filter {
        since: None,
        days: &[Day(7)],
        by: (day, 1),
        sort: Sort::Newest,
    };
    assert_eq!(
        key_of!(Filter<'static>, filter),
        "f:(%-,(day%207),(day%207,1),Newest)"
    );
    assert_eq!(key_of!(Range, Range::All), "f:All");
    assert_eq!(key_of!(Range, Range::Since(Some(day))), "f:Since(day%207)");
    let between = Range::Between {
        days: vec![(day, day)],
        exact: true,
    };
    assert_eq!(
        key_of!(Range, between),
        "f:Between(((day%207,day%207)),true)"
    );
}

#[cached(key = "sum:{range.since}:{range.days}", tags = ["since:{range.since}"])]
async fn by_fields(range: Filter<'_>) -> u8 {
    let _ = range;
    0
}

#[test]
fn so_are_the_fields_that_a_template_names() {
    let filter = Filter {
        since: Some(Day(1)),
        days: &[],
        by: (Day(7), 1),
        sort: Sort::Newest,
    };
    assert_eq!(by_fields::entry(filter).key(), "sum:day%201:()");
}

#[test]
fn what_is_display_is_written_as_if_it_had_cache_part() {
    let day = Day(7);
    let known = || Known::of(day);
    let pairs = [
        (
            key_of!(Option<Option<Day>>, Some(None)),
            key_of!(Option<Option<Known>>, Some(None)),
        ),
        (
            key_of!(Vec<Day>, vec![day; 3]),
            key_of!(Vec<Known>, vec![known(), known(), known()]),
        ),
        (
            key_of!((Day, (), [Option<Day>; 1]), (day, (), [Some(day)])),
            key_of!(
                (Known, (), [Option<Known>; 1]),
                (known(), (), [Some(known())])
            ),
        ),
        (
            key_of!(HashMap<Day, Day>, HashMap::from([(day, day)])),
            key_of!(BTreeMap<String, Known>, BTreeMap::from([(day.to_string(), known())])),
        ),
        (
            key_of!(BTreeSet<Day>, BTreeSet::from([day])),
            key_of!(HashSet<String>, HashSet::from([day.to_string()])),
        ),
    ];
    for (shown, written) in pairs {
        assert_eq!(shown, written);
    }
}

#[test]
fn maps_and_sets_have_one_order() {
    let forth: HashMap<u32, &str> = (0..50).map(|n| (n, "a")).collect();
    let back: HashMap<u32, &str> = (0..50).rev().map(|n| (n, "a")).collect();
    let tree: BTreeMap<u32, &str> = (0..50).map(|n| (n, "a")).collect();
    let key = key_of!(HashMap<u32, &str>, forth);
    assert_eq!(key, key_of!(HashMap<u32, &str>, back));
    assert_eq!(key, key_of!(BTreeMap<u32, &str>, tree));
    assert!(key.starts_with("f:((0,a),(1,a),(10,a),"), "{key}");
    let days = |order: [u32; 3]| order.map(|n| (Day(n), Some(Day(n)))).into_iter().collect();
    let key = key_of!(HashMap<Day, Option<Day>>, days([1, 3, 2]));
    assert_eq!(key, key_of!(HashMap<Day, Option<Day>>, days([3, 2, 1])));
    assert_eq!(
        key,
        "f:((day%201,day%201),(day%202,day%202),(day%203,day%203))"
    );
    assert_eq!(
        key_of!(HashSet<&str>, HashSet::from(["b", "a,", ""])),
        "f:(,a%2C,b)"
    );
    assert_eq!(key_of!(HashSet<&str>, HashSet::new()), "f:()");
    assert_eq!(key_of!(HashSet<&str>, HashSet::from([""])), "f:(,)");
}

#[test]
fn floats_are_written_by_their_bits() {
    let texts = [
        0.0,
        -0.0,
        1.5,
        0.1 + 0.2,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1e300,
        -1e-300,
        1e16,
    ]
    .map(|number| key_of!(f64, number));
    assert_eq!(
        texts,
        [
            "f:0",
            "f:-0",
            "f:1.5",
            "f:0.30000000000000004",
            "f:inf",
            "f:-inf",
            "f:1e300",
            "f:-1e-300",
            "f:1e16",
        ]
    );
    assert_eq!(key_of!(f32, 0.1), "f:0.1");
    assert_eq!(key_of!(f64, f64::NAN), "f:NaN7ff8000000000000");
    assert_ne!(key_of!(f64, -f64::NAN), key_of!(f64, f64::NAN));
}

#[test]
fn lengths_and_moments_are_seconds() {
    let lengths = [(0, 0), (90, 0), (0, 250_000_000), (1, 1)]
        .map(|(seconds, nanos)| key_of!(Duration, Duration::new(seconds, nanos)));
    assert_eq!(lengths, ["f:0s", "f:90s", "f:0.25s", "f:1.000000001s"]);
    let epoch = SystemTime::UNIX_EPOCH;
    assert_eq!(
        key_of!(SystemTime, epoch + Duration::from_millis(1500)),
        "f:1.5s"
    );
    assert_eq!(
        key_of!(SystemTime, epoch - Duration::from_millis(1500)),
        "f:-1.5s"
    );
}

#[test]
fn addresses_and_paths_are_text() {
    let address: IpAddr = "10.0.0.1".parse().unwrap();
    assert_eq!(key_of!(IpAddr, address), "f:10.0.0.1");
    assert_eq!(key_of!(Option<IpAddr>, None), "f:%-");
    assert_eq!(key_of!(Ipv6Addr, "::1".parse().unwrap()), "f:%3A%3A1");
    assert_eq!(
        key_of!(SocketAddr, "10.0.0.1:80".parse().unwrap()),
        "f:10.0.0.1%3A80"
    );
    let flows = [0, 1].map(|flow| {
        key_of!(
            SocketAddr,
            SocketAddrV6::new(Ipv6Addr::LOCALHOST, 80, flow, 0).into()
        )
    });
    assert_ne!(flows[0], flows[1]);
    assert_eq!(key_of!(&Path, Path::new("/var/log")), "f:/var/log");
    assert_eq!(key_of!(PathBuf, PathBuf::from("a b")), "f:a%20b");
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        let odd = [&b"\xff"[..], "\u{fffd}".as_bytes(), b"(255)"];
        let keys = odd.map(|bytes| key_of!(&Path, Path::new(std::ffi::OsStr::from_bytes(bytes))));
        assert_eq!(keys, ["f:(255)", "f:\u{fffd}", "f:%28255%29"]);
    }
}

#[test]
fn types_of_other_crates_are_written_as_their_values() {
    use bytes::Bytes;
    use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
    use rust_decimal::Decimal;

    let decimal = |text: &str| -> Decimal { text.parse().unwrap() };
    assert_eq!(
        key_of!(Decimal, decimal("1.10")),
        key_of!(Decimal, decimal("1.1"))
    );
    assert_eq!(key_of!(Option<Decimal>, Some(decimal("-0.0"))), "f:0");
    let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap();
    let paris = key_of!(DateTime<FixedOffset>, at("2026-11-28T12:00:00.5+01:00"));
    assert_eq!(
        paris,
        key_of!(DateTime<Utc>, at("2026-11-28T11:00:00.5Z").to_utc())
    );
    assert_eq!(paris, "f:2026-11-28T11%3A00%3A00.500Z");
    assert_eq!(
        key_of!((NaiveDate, u8), (NaiveDate::MIN, 1)),
        "f:(-262143-01-01,1)"
    );
    assert_eq!(key_of!(Bytes, Bytes::from_static(b"ab")), "f:(97,98)");
    assert_eq!(
        key_of!(Bytes, Bytes::from_static(b"ab")),
        key_of!(&[u8], b"ab")
    );
}

/// As the tests of arguments: different values, different keys.
fn value() -> impl Strategy<Value = (Option<Vec<Option<Day>>>, HashMap<String, (f64, Duration)>)> {
    let days = prop::option::of(prop::collection::vec(
        prop::option::of((0..3u32).prop_map(Day)),
        0..3,
    ));
    let text = "[a(),%-]{0,2}";
    let number = prop_oneof![Just(0.0), Just(-0.0), Just(1e300), any::<f64>()];
    let length = (0..2u64, 0..2u32).prop_map(|(seconds, nanos)| Duration::new(seconds, nanos));
    (
        days,
        prop::collection::hash_map(text, (number, length), 0..3),
    )
}

#[cached(tier = memory, name = "foreign")]
async fn whole(days: Option<Vec<Option<Day>>>, map: &HashMap<String, (f64, Duration)>) -> u8 {
    let _ = (days, map);
    0
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn different_values_have_different_keys(one in value(), other in value()) {
        let bits = |map: &HashMap<String, (f64, Duration)>| -> BTreeMap<String, (u64, Duration)> {
            map.iter().map(|(key, (number, length))| (key.clone(), (number.to_bits(), *length))).collect()
        };
        let same = one.0 == other.0 && bits(&one.1) == bits(&other.1);
        let keys = [&one, &other].map(|(days, map)| whole::entry(days.clone(), map).key().to_owned());
        prop_assert_eq!(same, keys[0] == keys[1], "{:?}", keys);
    }
}
