//! Rules from a file do what the same rules from code do.

use cachekit::http::{HttpCacheLayer, RuleSet};
use cachekit::testing::ManualClock;
use tower::{Layer as _, ServiceExt as _};

use crate::world::{Got, Handler, SECOND, cache_on, versions};

const FILE: &str = r#"
[http]
status_header = "both"

[http.defaults]
ttl_jitter = 0.0
swr = "10s"

[[http.rule]]
name = "product"
path = "/api/products/{id}"
ttl = "5m"
query = ["lang"]
tags = ["product:{id}"]
invalidate_on = ["product.updated:{id}"]

[[http.rule]]
name = "events"
path = "/api/events"
cache = false
"#;

#[tokio::test]
async fn the_options_of_a_file_have_their_effects() {
    let clock = ManualClock::new();
    let cache = cache_on(&clock).await;
    let rules = RuleSet::from_toml_str(FILE).expect("valid rules");
    let handler = Handler::new(versions());
    let service = HttpCacheLayer::new(&cache, rules).layer(handler.clone());
    let ask = async |path: &str| {
        let asked = http::Request::get(path).body(()).expect("a request");
        let response = service.clone().oneshot(asked).await;
        Got::of(response.expect("an answer")).await.word()
    };
    let product = "/api/products/7?lang=de";
    assert_eq!(ask("/api/products/7?lang=de&utm=1").await, "MISS");
    assert_eq!(handler.seen()[0].uri(), product);
    assert_eq!(ask(product).await, "HIT");
    assert_eq!(ask("/api/products/7?lang=en").await, "MISS");
    cache.invalidate_tags(["product:7"]).await;
    assert_eq!(ask(product).await, "MISS");
    cache.emit_about("product.updated", [("id", 7)]).await;
    assert_eq!(ask(product).await, "MISS");
    clock.advance(299 * SECOND);
    assert_eq!(ask(product).await, "HIT");
    clock.advance(2 * SECOND);
    assert_eq!(ask(product).await, "STALE");
    for path in ["/api/events", "/api/events", "/other"] {
        assert_eq!(ask(path).await, "BYPASS");
    }
}
