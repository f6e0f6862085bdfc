//! `order_by` on every form of function, over everything in scope.

use async_trait::async_trait;
use cachekit::{cached, write_through};

use crate::fresh;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Doc {
    text: String,
    version: i64,
}

fn doc(text: &str, version: i64) -> Doc {
    let text = text.to_owned();
    Doc { text, version }
}

#[cached(key = "doc:{id}")]
async fn get_doc(id: u64) -> Option<Doc> {
    (id > 1_000).then(|| doc("computed", 0))
}

async fn there() -> Option<Doc> {
    get_doc::entry(1).get().await
}

/// By the value returned, out of a `Result`.
#[write_through(get_doc(id), order_by = ret.version)]
async fn by_result(id: u64, text: &str, version: i64) -> Result<Doc, String> {
    let _ = id;
    Ok(doc(text, version))
}

/// By an argument alone, which the body takes.
#[write_through(get_doc(1), order_by = new.version)]
async fn by_argument(new: Doc) -> Doc {
    new
}

/// By what a pattern binds.
#[write_through(get_doc(*id), order_by = version)]
async fn by_pattern((id, version): (u64, i64), text: String) -> Doc {
    let _ = id;
    doc(&text, version)
}

/// The value is made of the result, and so is the order.
#[write_through(get_doc(1), value = Doc { version: *ret, ..new }, order_by = ret)]
async fn by_returned(new: Doc) -> Result<i64, String> {
    Ok(new.version)
}

/// The order stands first, and is made of what the value takes.
#[write_through(get_doc(1), order_by = u32::try_from(new.version).unwrap_or(0), value = new)]
async fn before_the_value(new: Doc) -> Result<(), String> {
    let _ = new.version;
    Ok(())
}

#[write_through(get_doc(1), order_by = ret.version)]
fn by_future(new: Doc) -> impl Future<Output = Option<Doc>> + Send {
    async move { Some(new) }
}

#[write_through(get_doc(1), order_by = ret.version)]
fn at_once(new: Doc) -> Result<Doc, String> {
    Ok(new)
}

#[write_through(get_doc(1), order_by = text.len())]
async fn generic<T: AsRef<str> + Into<String> + Clone>(text: String, other: T) -> Doc {
    doc(&text, i64::try_from(other.as_ref().len()).unwrap_or(0))
}

struct Docs {
    bias: i64,
}

impl Docs {
    #[write_through(get_doc(1), order_by = ret.version + self.bias)]
    async fn of_self(&self, new: Doc) -> Doc {
        new
    }
}

#[async_trait]
trait Writer {
    async fn boxed(&self, new: Doc) -> Result<Doc, String>;
}

#[async_trait]
impl Writer for Docs {
    #[write_through(get_doc(1), order_by = ret.version)]
    async fn boxed(&self, new: Doc) -> Result<Doc, String> {
        Ok(new)
    }
}

/// Writes version 6 first, and then by `$write` of `Doc` 5, which changes nothing, and of 7.
macro_rules! compares {
    ($($name:ident: $write:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            fresh(async {
                by_result(1, "six", 6).await.expect("written");
                let write = $write;
                write(doc("five!", 5)).await;
                assert_eq!(there().await, Some(doc("six", 6)));
                write(doc("seven!!", 7)).await;
                assert_eq!(there().await, Some(doc("seven!!", 7)));
            })
            .await;
        }
    )*};
}

compares! {
    a_result: async |new: Doc| { by_result(1, &new.text, new.version).await.expect("written"); };
    an_argument: async |new: Doc| { by_argument(new).await; };
    a_shared_self: async |new: Doc| { Docs { bias: 0 }.of_self(new).await; };
    a_pattern: async |new: Doc| { by_pattern((1, new.version), new.text).await; };
    a_returned_number: async |new: Doc| { by_returned(new).await.expect("written"); };
    an_order_before_the_value: async |new: Doc| { before_the_value(new).await.expect("written"); };
    a_future: async |new: Doc| { by_future(new).await; };
    a_function_that_is_not_async: async |new: Doc| { at_once(new).expect("written"); };
    a_generic_function: async |new: Doc| { generic(new.text.clone(), new.text).await; };
    a_trait: async |new: Doc| { Docs { bias: 0 }.boxed(new).await.expect("written"); };
}

#[tokio::test]
async fn what_self_adds_counts() {
    fresh(async {
        by_result(1, "six", 6).await.expect("written");
        Docs { bias: 2 }.of_self(doc("five", 5)).await;
        assert_eq!(there().await, Some(doc("five", 5)), "it counts as 7");
    })
    .await;
}
