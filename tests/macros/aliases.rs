//! The compiler decides the meaning of a return type, whatever its name.

use std::io;
use std::sync::Arc;

use cachekit::cached;

use crate::{Log, fresh};

#[derive(Debug, Clone, Copy, PartialEq)]
struct Refused;

type Fallible<T> = Result<T, Refused>;
type Found<T> = Fallible<Option<T>>;
type Name = Found<Arc<str>>;
type Maybe<T> = Option<T>;
type Perhaps = Maybe<u64>;

mod inside {
    pub(super) type Result = core::result::Result<super::Maybe<u64>, String>;
    pub(super) type Option = super::Perhaps;
}

/// Each computes twice where nothing may be kept, else once.
macro_rules! runs {
    ($log:ident, $call:expr) => {{
        let first = $call.await;
        let second = $call.await;
        (first, second, $log.take().len())
    }};
}

#[cached(key = "fallible:{id}", skip(log))]
async fn fallible(log: &Log, id: u64) -> Fallible<u64> {
    log.add("run");
    if id == 0 { Err(Refused) } else { Ok(id) }
}

#[cached(key = "name:{id}", skip(log))]
async fn name(log: &Log, id: u64) -> Name {
    log.add("run");
    match id {
        0 => Err(Refused),
        1 => Ok(None),
        id => Ok(Some(id.to_string().into())),
    }
}

#[cached(key = "perhaps:{id}", skip(log), none_ttl = 30, tags = ["perhaps:{ret}"])]
async fn perhaps(log: &Log, id: u64) -> Perhaps {
    log.add("run");
    (id > 0).then_some(id)
}

#[cached(key = "other-result:{id}", skip(log), tags = ["number:{ret}"])]
async fn other_result(log: &Log, id: u64) -> inside::Result {
    log.add("run");
    match id {
        0 => Err("refused".to_owned()),
        1 => Ok(None),
        id => Ok(Some(id)),
    }
}

#[cached(key = "other-option:{id}", skip(log))]
async fn other_option(log: &Log, id: u64) -> inside::Option {
    log.add("run");
    (id > 0).then_some(id)
}

#[cached(key = "io:{id}", skip(log))]
async fn read(log: &Log, id: u64) -> io::Result<Vec<u8>> {
    log.add("run");
    if id == 0 {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(vec![1, 2])
}

#[tokio::test]
async fn aliases_of_results() {
    fresh(async {
        let log = Log::default();
        assert_eq!(runs!(log, fallible(&log, 1)), (Ok(1), Ok(1), 1));
        assert_eq!(
            runs!(log, fallible(&log, 0)),
            (Err(Refused), Err(Refused), 2)
        );
        assert_eq!(fallible::entry(1).get().await, Some(1));
        let (first, second, runs) = runs!(log, read(&log, 1));
        assert_eq!((first.expect("read"), runs), (vec![1, 2], 1));
        assert_eq!(second.expect("read"), [1, 2]);
        assert_eq!(runs!(log, read(&log, 0)).2, 2);
    })
    .await;
}

#[tokio::test]
async fn aliases_of_results_of_options() {
    fresh(async {
        let log = Log::default();
        assert_eq!(runs!(log, name(&log, 0)).2, 2, "an error");
        assert_eq!(runs!(log, name(&log, 1)), (Ok(None), Ok(None), 2));
        let seven: Arc<str> = "7".into();
        let (first, second, runs) = runs!(log, name(&log, 7));
        assert_eq!((first, runs), (Ok(Some(seven.clone())), 1));
        assert!(Arc::ptr_eq(
            &second.expect("right").expect("there"),
            &name::entry(7).get().await.expect("there")
        ));
        name::entry(8).put(seven).await;
        assert_eq!(name(&log, 8).await.expect("right").as_deref(), Some("7"));

        assert_eq!(runs!(log, other_result(&log, 0)).2, 2);
        assert_eq!(runs!(log, other_result(&log, 1)).2, 2);
        assert_eq!(runs!(log, other_result(&log, 2)).2, 1);
        cachekit::global().invalidate_tags(["number:2"]).await;
        assert_eq!(other_result::entry(2).get().await, None);
    })
    .await;
}

#[tokio::test]
async fn aliases_of_options() {
    fresh(async {
        let log = Log::default();
        assert_eq!(runs!(log, perhaps(&log, 0)), (None, None, 1), "none_ttl");
        assert_eq!(runs!(log, perhaps(&log, 1)), (Some(1), Some(1), 1));
        assert_eq!(runs!(log, other_option(&log, 0)).2, 2);
        assert_eq!(runs!(log, other_option(&log, 1)).2, 1);
    })
    .await;
}

/// An error without `Clone`, a value without `Debug`, one that is `Result` in name only.
#[tokio::test]
async fn types_that_can_do_little() {
    struct Opaque;
    #[derive(Clone, serde::Serialize, serde::Deserialize)]
    struct Result<T>(T);

    #[cached(key = "opaque:{id}", tier = memory)]
    async fn opaque(id: u64) -> core::result::Result<Arc<Opaque>, Opaque> {
        if id == 0 {
            Err(Opaque)
        } else {
            Ok(Arc::new(Opaque))
        }
    }
    #[cached(key = "own:{id}", store_if = ret.0.is_ok())]
    async fn own(id: u64) -> Result<core::result::Result<u64, ()>> {
        Result(if id == 0 { Err(()) } else { Ok(id) })
    }
    fresh(async {
        assert!(opaque(0).await.is_err());
        let (first, second) = (opaque(1).await.ok(), opaque(1).await.ok());
        assert!(Arc::ptr_eq(&first.expect("right"), &second.expect("right")));
        for id in [0, 0, 1, 1] {
            assert_eq!(own(id).await.0.is_ok(), id == 1);
        }
        assert_eq!(own::stats().computations, 3);
    })
    .await;
}

/// Tuples, arrays, `'static` borrows and function pointers are values like any other.
#[tokio::test]
async fn other_values() {
    #[cached(key = "static:{id}", tier = memory)]
    async fn borrowed(id: u64) -> Option<&'static str> {
        ["zero", "one"].get(usize::try_from(id).ok()?).copied()
    }
    type Many = (Option<u64>, Result<u8, ()>, [Vec<u64>; 2], fn(u64) -> u64);
    #[cached(key = "many:{id}", tier = memory)]
    async fn many(id: u64) -> Many {
        (None, Err(()), [vec![id], vec![]], |id| id + 1)
    }
    fresh(async {
        assert_eq!(borrowed(1).await, Some("one"));
        assert_eq!(borrowed(2).await, None);
        drop(many(1).await);
        let (none, error, vectors, add) = many(1).await;
        assert_eq!((none, error, vectors), (None, Err(()), [vec![1], vec![]]));
        assert_eq!(add(1), 2);
        assert_eq!(many::stats().memory_hits, 1, "not peeled: a tuple");
    })
    .await;
}
