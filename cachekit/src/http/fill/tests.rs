//! Bodies that arrive slowly.

use std::convert::Infallible;
use std::future::{Ready, poll_fn, ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use tokio::time::{Sleep, sleep};
use tower_layer::Layer;
use tower_service::Service;

use crate::core::state::Cache;
use crate::http::layer::{HttpCacheLayer, HttpCacheService};
use crate::http::rules::rule::Rule;
use crate::http::rules::rule_set::RuleSet;

/// A handler whose bodies have two frames with a pause between them.
#[derive(Clone)]
struct Slow(Duration);

struct SlowBody {
    frames: Vec<&'static str>,
    pause: Pin<Box<Sleep>>,
}

impl Service<Request<()>> for Slow {
    type Response = Response<SlowBody>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new(SlowBody {
            frames: vec!["end", "start, "],
            pause: Box::pin(sleep(self.0)),
        })))
    }
}

impl Body for SlowBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.frames.len() == 1 && self.pause.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        let frame = self.frames.pop().map(|text| Frame::data(text.into()));
        Poll::Ready(frame.map(Ok))
    }
}

/// Requests `/slow`, and returns the body and the cache's status.
async fn get(service: &mut HttpCacheService<Slow>) -> (String, String) {
    let mut request = Request::new(());
    *request.uri_mut() = "http://example.com/slow".parse().unwrap();
    let response = service.call(request).await.unwrap();
    let status = response.headers()["cache-status"]
        .to_str()
        .unwrap()
        .to_owned();
    let mut body = Box::pin(response.into_body());
    let mut text = String::new();
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        text.push_str(str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
    }
    (text, status)
}

/// Returns the cache's status of the second of two answers.
async fn second_status(pause: Duration) -> String {
    let rule = Rule::get("/slow").ttl(Duration::from_secs(3_600));
    let rules = RuleSet::owned().rule(rule).build().unwrap();
    let cache = Cache::builder().build().await.unwrap();
    let mut service = HttpCacheLayer::new(&cache, rules).layer(Slow(pause));
    let (first, _) = get(&mut service).await;
    // The response may be stored a moment after the client has its end.
    sleep(Duration::from_millis(1)).await;
    let (second, status) = get(&mut service).await;
    assert_eq!([first, second], ["start, end", "start, end"]);
    status
}

#[tokio::test(start_paused = true)]
async fn a_body_that_takes_longer_than_others_wait_for_it_is_stored() {
    let status = second_status(Duration::from_secs(20)).await;
    assert!(status.contains("; hit"), "{status}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_takes_for_ever_is_passed_on_and_not_stored() {
    let status = second_status(Duration::from_secs(40)).await;
    assert!(status.contains("fwd=uri-miss"), "{status}");
}
