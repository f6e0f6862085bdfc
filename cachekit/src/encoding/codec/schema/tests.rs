use core::net::{IpAddr, SocketAddr};
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use uuid::Uuid;

use super::*;

/// Returns the fingerprint of the type `T`, and asserts that the schema trace (a trial
/// deserialization) has seen all of `T`.
fn print<T: DeserializeOwned + 'static>() -> u64 {
    let schema = of::<T>(Codec::Bincode);
    assert!(schema.complete, "{}", schema.type_name);
    assert_eq!(Schema::trace::<T>(false).fingerprint, schema.fingerprint);
    schema.fingerprint(Codec::Bincode).unwrap()
}

/// Expands to an array with the fingerprints of several types of one name, each declared in a scope
/// of its own.
macro_rules! versions {
    ($name:ident: $($body:item)*) => {
        [$({
            #[derive(Deserialize)]
            $body
            print::<$name>()
        }),*]
    };
}

fn all_differ(prints: &[u64]) {
    let mut sorted = prints.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), prints.len(), "{prints:x?}");
}

#[test]
fn a_changed_struct_has_another_fingerprint() {
    all_differ(&versions! { User:
        struct User { name: String, email: String }
        struct User { email: String, name: String }
        struct User { name: String, mail: String }
        struct User { name: String }
        struct User { name: String, email: Vec<u8> }
        struct User { name: String, email: Option<String> }
        struct User { name: String, email: String, age: u8 }
        struct User { name: String, email: String, age: i8 }
        struct User { name: String, email: String, age: u16 }
        struct User { name: String, email: String, age: bool }
        struct User { name: String, email: String, age: [u8; 1] }
        struct User { name: String, email: String, age: [u8; 2] }
        struct User { name: String, email: String, age: (u8, u16) }
        struct User { name: String, email: String, age: () }
        struct User(String, String);
        struct User(String);
        struct User;
    });
}

#[test]
fn a_changed_enum_has_another_fingerprint() {
    all_differ(&versions! { Plan:
        enum Plan { Free, Pro }
        enum Plan { Free, Trial, Pro }
        enum Plan { Pro, Free }
        enum Plan { Free, Pro(u8) }
        enum Plan { Free, Pro(u16) }
        enum Plan { Free, Pro(u8, u8) }
        enum Plan { Free, Pro { seats: u8 } }
        enum Plan { Free, Pro { chairs: u8 } }
        enum Plan { Free(Option<u8>), Pro { seats: u8 } }
        enum Plan { Free(Option<u16>), Pro { seats: u8 } }
    });
}

#[test]
fn a_change_far_inside_is_seen() {
    type Far<K, T, E> = Vec<Option<BTreeMap<K, Result<T, E>>>>;
    all_differ(&versions! { Deep:
        struct Deep { a: Far<u8, u8, (u8, String)> }
        struct Deep { a: Far<u8, u8, (u8, u64)> }
        struct Deep { a: Far<u16, u8, (u8, String)> }
        struct Deep { a: Far<u8, u16, (u8, String)> }
        struct Deep { a: Far<u8, u8, (u8, [Option<i8>; 3])> }
    });
}

/// The content of a variant is an enum itself. The trial deserialization must return to the outer
/// enum until all variants of the inner enum were seen.
#[test]
fn enums_inside_enums_are_seen_to_the_end() {
    mod one {
        #[derive(serde::Deserialize)]
        pub(crate) enum Inner {
            A,
            B(u8),
        }
    }
    mod two {
        #[derive(serde::Deserialize)]
        pub(crate) enum Inner {
            A,
            B(u16),
        }
    }
    all_differ(&versions! { Outer:
        enum Outer { X, Y(one::Inner), Z(u8, one::Inner) }
        enum Outer { X, Y(two::Inner), Z(u8, one::Inner) }
        enum Outer { X, Y(one::Inner), Z(u8, two::Inner) }
    });
}

#[test]
fn generics_of_one_name_are_told_apart() {
    all_differ(&[
        print::<(Result<u8, u16>, Result<u32, u64>)>(),
        print::<(Result<u8, u16>, Result<u32, i64>)>(),
        print::<(Result<u8, u16>, Result<i32, u64>)>(),
        print::<(Result<u8, i16>, Result<u32, u64>)>(),
    ]);
}

#[derive(Deserialize)]
struct Node<T> {
    next: Option<Box<Node<T>>>,
    after: T,
}

#[derive(Deserialize)]
struct Comment {
    replies: Vec<Comment>,
    by: HashMap<String, Comment>,
    text: String,
}

#[derive(Deserialize)]
enum Expr<T> {
    Add(Box<Expr<T>>, Box<Expr<T>>),
    If {
        test: Box<Stmt<T>>,
        then: Vec<Stmt<T>>,
    },
    Lit(T),
}

#[derive(Deserialize)]
enum Stmt<T> {
    Do(Expr<T>),
    While(Expr<T>, Box<Stmt<T>>),
}

#[test]
fn recursive_types_are_complete() {
    print::<Comment>();
    all_differ(&[print::<Node<u8>>(), print::<Node<u16>>()]);
    all_differ(&[
        print::<Expr<u8>>(),
        print::<Expr<u16>>(),
        print::<Stmt<u8>>(),
        print::<Stmt<u16>>(),
        print::<Vec<Stmt<u16>>>(),
    ]);
}

#[test]
fn foreign_types_are_complete() {
    all_differ(&[
        print::<Uuid>(),
        print::<IpAddr>(),
        print::<SocketAddr>(),
        print::<Duration>(),
        print::<SystemTime>(),
        print::<NonZeroU32>(),
        print::<HashMap<String, Vec<u8>>>(),
        print::<[u8; 4]>(),
        print::<Result<Uuid, String>>(),
        print::<Option<Vec<Uuid>>>(),
        print::<(f32, f64, char, i128, u128, bool)>(),
        print::<std::path::PathBuf>(),
        print::<std::ops::Range<u8>>(),
    ]);
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Date;

impl TryFrom<String> for Date {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let parts: Vec<_> = text.split('-').collect();
        match parts[..] {
            [year, "01", "01"] if year.len() == 4 => Ok(Self),
            _ => Err("not a date"),
        }
    }
}

#[test]
fn types_that_validate_get_another_sample() {
    all_differ(&versions! { Event:
        struct Event { at: Date, until: Date, seats: u8 }
        struct Event { at: Date, until: Date, seats: u16 }
    });
}

#[derive(Deserialize)]
#[serde(try_from = "u8")]
struct Impossible;

impl TryFrom<u8> for Impossible {
    type Error = &'static str;

    fn try_from(_: u8) -> Result<Self, &'static str> {
        panic!("in TryFrom, on purpose");
    }
}

/// A part of a type that accepts no sample value must not hide the parts after it. The trial
/// deserialization gives `None`, no element or another variant in place of such a part.
#[test]
fn what_refuses_everything_hides_nothing_else() {
    let incomplete = of::<(u8, Impossible, u16)>(Codec::Bincode);
    assert!(!incomplete.complete);
    incomplete.fingerprint(Codec::Bincode).unwrap();

    all_differ(&versions! { Around:
        struct Around { a: Option<Impossible>, b: Vec<Impossible>, after: u8 }
        struct Around { a: Option<Impossible>, b: Vec<Impossible>, after: u16 }
    });
    all_differ(&versions! { Way:
        enum Way { Closed(Impossible), Open(u8) }
        enum Way { Closed(Impossible), Open(u16) }
    });
}

#[derive(Deserialize)]
struct Endless(Box<Endless>);

#[test]
fn a_type_without_values_ends() {
    assert!(!of::<Endless>(Codec::Bincode).complete);
}

#[derive(Deserialize)]
struct Flat {
    a: u8,
    #[serde(flatten)]
    rest: Node<u8>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Untagged {
    A(u8),
    B(String),
}

#[derive(Deserialize)]
#[serde(tag = "t")]
enum Tagged {
    A { a: u8 },
    B,
}

#[derive(Deserialize)]
enum Hidden {
    Plain,
    Not(Option<Vec<Untagged>>),
}

#[test]
fn what_needs_names_in_the_bytes_is_told() {
    fn refused<T: DeserializeOwned + 'static>() {
        let why = of::<T>(Codec::Bincode)
            .fingerprint(Codec::Bincode)
            .unwrap_err();
        assert!(why.contains(type_name::<T>()), "{why}");
        assert!(why.contains("codec = msgpack"), "{why}");
    }
    refused::<Flat>();
    refused::<Untagged>();
    refused::<Tagged>();
    refused::<Hidden>();
    refused::<serde_json::Value>();
    refused::<HashMap<String, serde_json::Value>>();
}

/// Values in Redis outlive the program that stored them, so a fingerprint may change only on
/// purpose.
#[test]
fn the_fingerprint_is_the_same_in_every_build() {
    assert_eq!(print::<Comment>(), 0x051e_1c26_3f19_f373);
}
