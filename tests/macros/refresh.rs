//! `refresh` recomputes the given call and no other.

use cachekit::cached;

use crate::{Log, fresh};

#[cached(key = "refreshed:{id}", when = id > 0, skip(log))]
async fn annotated(log: &Log, id: u64) -> u64 {
    log.add(id.to_string());
    if id.is_multiple_of(10) {
        return Box::pin(annotated(log, id + 1)).await;
    }
    id
}

#[cached(key = "refreshed:sync:{id}", when = id > 0, skip(log), tier = memory)]
fn at_once(log: &Log, id: u64) -> u64 {
    log.add(id.to_string());
    if id.is_multiple_of(10) {
        return at_once(log, id + 1);
    }
    id
}

#[tokio::test]
async fn calls_in_the_body_are_not_refreshed() {
    fresh(async {
        let log = Log::default();
        for id in [0, 10] {
            annotated(&log, id + 1).await;
            log.take();
            annotated::refresh(&log, id).await;
            assert_eq!(log.take(), [id.to_string()], "from memory inside");
            at_once(&log, id + 1);
            log.take();
            at_once::refresh(&log, id);
            assert_eq!(log.take(), [id.to_string()], "from memory inside");
        }
        annotated(&log, 10).await;
        assert!(log.take().is_empty(), "and kept");
    })
    .await;
}
