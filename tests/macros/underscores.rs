//! Arguments that begin with an underscore, in functions that a macro generates.

use cachekit::{cached, invalidates};

use crate::{fresh, twins};

struct Pool;

twins! {
    #[cached(key = "underscores:{id}", skip(_more, _less))]
    fn annotated and plain(_pool: &Pool, id: u64, _more: u64, _less: u64) -> u64 {
        id
    }
}

macro_rules! whole {
    ($name:ident) => {
        #[cached(key = "underscores:whole:{id}")]
        async fn $name(_pool: &Pool, id: u64) -> u64 {
            id
        }

        #[invalidates($name(_, 1), $name(_, 2))]
        async fn write(_pool: &Pool) {}
    };
}

whole!(whole);

#[tokio::test]
async fn arguments_that_nobody_uses() {
    fresh(async {
        assert_eq!(annotated(&Pool, 1, 2, 3).await, 1);
        assert_eq!(plain(&Pool, 1, 2, 3).await, 1);
        assert_eq!(whole(&Pool, 1).await, 1);
        write(&Pool).await;
        assert_eq!(whole::entry(1).get().await, None);
    })
    .await;
}
