//! What a type's serialised form looks like, found by letting it deserialize samples.
//!
//! bincode writes values and nothing about them: bytes of an older `User` whose two strings
//! stood the other way round decode without an error. So the shape goes into the header of
//! what is stored, as a hash of everything that `T::deserialize` asks for: names, fields,
//! variants and kinds of numbers. It needs no derive, and sees foreign types.
//!
//! With every codec, the names that a value is written with are compared with those that its
//! type asks for: what is not written, or not read, would come back as a default.

pub(crate) mod access;
pub(crate) mod choices;
pub(crate) mod deserializer;
pub(crate) mod passes;
pub(crate) mod recorder;
pub(crate) mod refused;
pub(crate) mod samples;
pub(crate) mod shapes;
pub(crate) mod trace;
pub(crate) mod variants;

use std::any::{TypeId, type_name};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::de::DeserializeOwned;

use crate::base::sync::RwLock;
use crate::encoding::codec::Codec;
use crate::encoding::codec::checked::found::{Found, NAMES};
use crate::encoding::codec::schema::shapes::Sealed as Shapes;
use crate::encoding::codec::schema::trace::Trace;

/// How many values of each type are compared with its shape when they are written, and read
/// back. In debug builds all are.
const LOOKS: u32 = 16;

/// What is known about one type.
pub(crate) struct Schema {
    type_name: &'static str,
    fingerprint: u64,
    self_describing: bool,
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests ask"))]
    complete: bool,
    shapes: Shapes,
    looks: AtomicU32,
    /// Of those that left a field out.
    sparse_looks: AtomicU32,
    refused: OnceLock<String>,
}

impl Schema {
    fn trace<T: DeserializeOwned>(has_names: bool) -> Self {
        let trace = Trace::new(has_names);
        let complete = trace.run::<T>();
        Self {
            type_name: type_name::<T>(),
            fingerprint: trace.fingerprint(),
            self_describing: trace.is_self_describing(),
            complete,
            shapes: trace.into_shapes(),
            looks: AtomicU32::new(0),
            sparse_looks: AtomicU32::new(0),
            refused: OnceLock::new(),
        }
    }

    /// The hash, or why `codec` cannot carry the type. There is none where the bytes say what they
    /// are: then a changed type is read as far as it goes, and an added field is no reason for a
    /// cold cache.
    pub(crate) fn fingerprint(&self, codec: Codec) -> Result<u64, String> {
        if self.self_describing {
            return Err(format!(
                "`{}` uses `#[serde(flatten)]`, `untagged`, `tag` or a `Value`, which bincode \
                 cannot encode; {NAMES}",
                self.type_name
            ));
        }
        match self.refused.get() {
            Some(why) => Err(why.clone()),
            None if codec == Codec::Bincode => Ok(self.fingerprint),
            None => Ok(0),
        }
    }

    /// Why `codec` cannot carry what was found, in words. If it is so with every value of the type,
    /// that is remembered.
    pub(crate) fn refuse(&self, codec: Codec, found: &Found) -> String {
        let why = || {
            let Found { what, remedy, .. } = found;
            format!(
                "{codec} cannot encode `{}`: {what}; {remedy}",
                self.type_name
            )
        };
        if found.is_of_the_type {
            self.refused.get_or_init(why).clone()
        } else {
            why()
        }
    }

    /// The shapes, if the next value is one of those to compare with them.
    pub(crate) fn look(&self) -> Option<&Shapes> {
        is_among_the_first(&self.looks).then_some(&self.shapes)
    }

    /// Whether the next value that left a field out is one of those to look at.
    pub(crate) fn looks_at_sparse(&self) -> bool {
        is_among_the_first(&self.sparse_looks)
    }
}

fn is_among_the_first(looks: &AtomicU32) -> bool {
    let is_first = cfg!(debug_assertions) || looks.load(Ordering::Relaxed) < LOOKS;
    if is_first {
        looks.fetch_add(1, Ordering::Relaxed);
    }
    is_first
}

/// What is known about `T` under `codec`; found out once for those with names, and once for the
/// one without.
pub(crate) fn of<T: DeserializeOwned + 'static>(codec: Codec) -> &'static Schema {
    static KNOWN: RwLock<BTreeMap<(TypeId, u8), &'static Schema>> = RwLock::new(BTreeMap::new());
    let id = (TypeId::of::<T>(), codec.id());
    let known = KNOWN.read();
    if let Some(schema) = known.get(&id) {
        return schema;
    }
    drop(known);
    // Without the lock: a type's own code runs here, and may use a cache itself.
    let traced = Schema::trace::<T>(codec != Codec::Bincode);
    let mut known = KNOWN.write();
    // Leaked, once for each type of the program.
    known
        .entry(id)
        .or_insert_with(|| Box::leak(Box::new(traced)))
}

#[cfg(test)]
#[expect(dead_code, reason = "of most types here only the shape matters")]
mod tests {
    use std::collections::{BTreeMap, HashMap};
    use std::net::{IpAddr, SocketAddr};
    use std::num::NonZeroU32;
    use std::time::{Duration, SystemTime};

    use serde::Deserialize;
    use uuid::Uuid;

    use super::*;

    /// The fingerprint of a type that is seen completely.
    fn print<T: DeserializeOwned + 'static>() -> u64 {
        let schema = of::<T>(Codec::Bincode);
        assert!(schema.complete, "{}", schema.type_name);
        assert_eq!(Schema::trace::<T>(false).fingerprint, schema.fingerprint);
        schema.fingerprint(Codec::Bincode).unwrap()
    }

    /// Types of one name, each in its own scope, and their fingerprints.
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

    /// An enum in a variant of an enum: the outer one has to come back for its variants.
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

    /// What accepts no sample is gone round where there is a choice.
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

    /// Every name and field of it is in the hash, and the time is bounded.
    #[test]
    fn a_huge_type_is_given_up() {
        type Ten<T> = Box<(T, T, T, T, T, T, T, T, T, T)>;
        let started = std::time::Instant::now();
        let schema = of::<Ten<Ten<Ten<Ten<Ten<Ten<u8>>>>>>>(Codec::Bincode);
        assert!(!schema.complete);
        schema.fingerprint(Codec::Bincode).unwrap();
        assert!(started.elapsed() < Duration::from_secs(5));
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

    /// Stored bytes outlive the program: this may change only on purpose.
    #[test]
    fn the_fingerprint_is_the_same_in_every_build() {
        assert_eq!(print::<Comment>(), 0x051e_1c26_3f19_f373);
    }
}
