//! Nested functions: each is a function of its own, whatever its name.

use cachekit::{cached, invalidates};

use crate::{Log, fresh};

async fn one(log: &Log, id: u64) -> String {
    #[cached(skip(log))]
    async fn inner(log: &Log, id: u64) -> String {
        log.add("one");
        format!("one {id}")
    }
    inner(log, id).await
}

async fn two(log: &Log, id: u64) -> String {
    #[cached(skip(log))]
    async fn inner(log: &Log, id: u64) -> String {
        log.add("two");
        format!("two {id}")
    }
    #[invalidates(inner(_, id))]
    async fn write(id: u64) {
        let _ = id;
    }
    if id == 9 {
        write(1).await;
    }
    inner(log, id).await
}

async fn blocks(log: &Log) -> (u64, u64) {
    let first = {
        #[cached(skip(log), name = "nested::first block")]
        async fn inner(log: &Log) -> u64 {
            log.add("first block");
            1
        }
        inner(log).await
    };
    let second = {
        #[cached(skip(log), name = "nested::second block")]
        async fn inner(log: &Log) -> u64 {
            log.add("second block");
            2
        }
        inner(log).await
    };
    (first, second)
}

#[tokio::test]
async fn functions_of_one_name_in_two_functions() {
    fresh(async {
        let log = Log::default();
        for _ in 0..2 {
            assert_eq!(one(&log, 1).await, "one 1");
            assert_eq!(two(&log, 1).await, "two 1");
        }
        assert_eq!(log.take(), ["one", "two"]);
        two(&log, 9).await;
        assert_eq!(log.take(), ["two"]);
        one(&log, 1).await;
        two(&log, 1).await;
        assert_eq!(log.take(), ["two"], "only that one was invalidated");
    })
    .await;
}

#[tokio::test]
async fn functions_of_one_name_in_two_blocks() {
    fresh(async {
        let log = Log::default();
        assert_eq!(blocks(&log).await, (1, 2));
        assert_eq!(blocks(&log).await, (1, 2));
        assert_eq!(log.take(), ["first block", "second block"]);
    })
    .await;
}

/// A cached function that has a cached function in its body, and calls it.
#[cached(key = "outer:{id}", skip(log))]
async fn outer(log: &Log, id: u64) -> u64 {
    #[cached(key = "inner:{id}", skip(log))]
    async fn helper(log: &Log, id: u64) -> u64 {
        log.add(format!("helper {id}"));
        id * 10
    }
    log.add(format!("outer {id}"));
    helper(log, id / 2).await + helper(log, id / 2).await
}

#[tokio::test]
async fn a_cached_function_in_a_cached_function() {
    fresh(async {
        let log = Log::default();
        assert_eq!(outer(&log, 2).await, 20);
        assert_eq!(outer(&log, 3).await, 20);
        assert_eq!(outer(&log, 3).await, 20);
        assert_eq!(log.take(), ["outer 2", "helper 1", "outer 3"]);
        assert_eq!(outer::stats().computations, 2);
    })
    .await;
}

/// Closures and `async` blocks of the body are left alone.
#[tokio::test]
async fn closures_in_the_body() {
    #[cached(key = "closures:{text}")]
    async fn closures(text: String) -> Result<usize, std::num::ParseIntError> {
        let parse = |part: &str| -> Result<usize, std::num::ParseIntError> {
            if part.is_empty() {
                return Ok(0);
            }
            Ok(part.parse::<usize>()? + text.len())
        };
        let later = async { Ok::<_, std::num::ParseIntError>(parse("1")? + parse("")?) };
        let sum = later.await?;
        text.split(',')
            .try_fold(sum, |sum, part| Ok(sum + parse(part)?))
    }
    fresh(async {
        assert_eq!(closures("1,2".to_owned()).await, Ok(13));
        closures("x".to_owned()).await.expect_err("no number");
    })
    .await;
}

/// A function that calls itself, with another key and with the same one.
#[tokio::test]
async fn recursion() {
    #[cached(key = "fib:{n}", skip(log))]
    async fn fib(log: &Log, n: u64) -> u64 {
        log.add(n.to_string());
        if n < 2 {
            return n;
        }
        Box::pin(fib(log, n - 1)).await + Box::pin(fib(log, n - 2)).await
    }
    fresh(async {
        let log = Log::default();
        assert_eq!(fib(&log, 30).await, 832_040);
        assert_eq!(log.take().len(), 31);
    })
    .await;
}
