//! Files that can be used.

use std::time::Duration;
use std::{env, fs, process};

use http::StatusCode;

use crate::http::rules::options::{
    Auth, Cookies, Downstream, Etag, Mode, Query, SetCookie, StatusHeader, UnlistedQuery,
};
use crate::http::rules::rule_set::RuleSet;
use crate::http::rules::tests::rules;

const EVERYTHING: &str = r#"
[cache]
default_ttl = 60

[http]
mode = "owned"
status_header = "both"
cache_name = "shop"

[http.defaults]
statuses = [200]
max_body = "2MiB"
set_cookie = "strip"
auth = "key"
cookies = { key = ["lang"] }
etag = "strong"
downstream = "max-age=30"
swr = "0s"
sie = 60
coalesce = { enabled = true, wait_timeout = "1s", hfm_ttl = "2s" }
ttl_jitter = 0.5

[[http.rule]]
name = "product"
path = "/api/products/{id}"
methods = ["GET"]
ttl = "5m"
swr = "1m"
query = []
headers = ["accept-language"]
tags = ["product:{id}", "products"]
invalidate_on = ["product.updated:{id}", "product.deleted"]

[[http.rule]]
name = "search"
path = "/api/search"
ttl = 30
query = ["q", "page", "sort"]
unlisted_query = "bypass"
statuses = [200, 404]
negative_ttl = "5s"
auth = "ignore"
cookies = "ignore"
set_cookie = "refuse"
etag = "off"
downstream = "off"
max_body = 1024
depends = false
honour_request = ["no-cache"]
soft = true
ttl_jitter = 0

[http.rule.coalesce]
enabled = false

[[http.rule]]
name = "stream"
path = "/api/events"
cache = false
"#;

#[test]
fn every_key_is_read() {
    let set = rules(EVERYTHING);
    assert_eq!(
        (set.mode, set.status_header),
        (Mode::Owned, StatusHeader::Both)
    );
    assert_eq!(set.cache_name, "shop");
    let [product, search, stream] = set.rules() else {
        panic!("three rules");
    };
    assert_eq!((product.index, search.index, stream.index), (0, 1, 2));
    assert_eq!(search.name, "search");
    assert_eq!(search.ttl, Some(Duration::from_secs(30)));
    assert_eq!(
        search.query,
        Query::Only(["q", "page", "sort"].map(str::to_owned).into())
    );
    assert_eq!(search.unlisted_query, UnlistedQuery::Bypass);
    assert_eq!(
        (search.auth, &search.cookies),
        (Auth::Ignore, &Cookies::Ignore)
    );
    assert_eq!(
        (search.set_cookie, search.etag),
        (SetCookie::Refuse, Etag::Off)
    );
    assert_eq!(
        (search.downstream, search.max_body),
        (Downstream::Off, 1_024)
    );
    assert!(!search.depends && !search.coalesce);
    assert!(search.honour_request_no_cache && search.soft);
    assert!(!stream.cache);
}

#[test]
fn defaults_are_for_rules_that_do_not_set_the_option() {
    let set = rules(EVERYTHING);
    let product = &set.rules()[0];
    assert_eq!(product.swr, Duration::from_secs(60));
    assert_eq!(product.sie, Duration::from_secs(60));
    assert_eq!(product.max_body, 2 << 20);
    assert_eq!(
        (product.set_cookie, product.etag),
        (SetCookie::Strip, Etag::Strong)
    );
    assert_eq!(product.cookies, Cookies::Key(vec!["lang".to_owned()]));
    assert_eq!(product.auth, Auth::Key);
    assert_eq!(
        product.downstream,
        Downstream::MaxAge(Duration::from_secs(30))
    );
    assert_eq!(product.query, Query::None);
    assert_eq!(product.wait_timeout, Duration::from_secs(1));
    assert_eq!(product.hit_for_miss, Duration::from_secs(2));
    assert!((product.ttl_jitter - 0.5).abs() < f32::EPSILON);
    let search = &set.rules()[1];
    assert_eq!(search.wait_timeout, Duration::from_secs(1));
}

#[test]
fn statuses_have_their_times() {
    let set = rules(EVERYTHING);
    let (product, search) = (&set.rules()[0], &set.rules()[1]);
    assert_eq!(
        product.ttl_of(StatusCode::OK),
        Some(Duration::from_secs(300))
    );
    assert_eq!(product.ttl_of(StatusCode::NOT_FOUND), None);
    assert_eq!(
        search.ttl_of(StatusCode::NOT_FOUND),
        Some(Duration::from_secs(5))
    );
    assert_eq!(
        search.ttl_of(StatusCode::MOVED_PERMANENTLY),
        Some(Duration::from_secs(5))
    );
    assert_eq!(search.ttl_of(StatusCode::CREATED), None);
}

#[test]
fn the_shared_mode_needs_no_rules() {
    let set = rules(
        "[http]\nmode = \"shared\"\nheuristics = true\nstale_on_failure = \"10s\"\nkeep = 5\n\
         [http.defaults]\nset_cookie = \"rfc\"\n",
    );
    assert_eq!(set.mode(), Mode::Shared);
    assert!(set.heuristics);
    assert_eq!(set.stale_on_failure, Duration::from_secs(10));
    assert_eq!(set.keep, Duration::from_secs(5));
    let [default] = set.rules() else {
        panic!("one rule");
    };
    assert_eq!(
        (default.name.as_str(), default.set_cookie),
        ("default", SetCookie::Rfc)
    );
    assert_eq!(
        (default.auth, &default.cookies),
        (Auth::Ignore, &Cookies::Ignore)
    );
    assert_eq!(
        (default.etag, default.downstream),
        (Etag::Off, Downstream::Off)
    );
    assert_eq!(rules("").rules().len(), 0);
}

#[test]
fn a_file_is_read() {
    let path = env::temp_dir().join(format!("cachekit-rules-{}.toml", process::id()));
    fs::write(&path, EVERYTHING).unwrap();
    let set = RuleSet::from_toml_path(&path);
    fs::remove_file(&path).unwrap();
    assert_eq!(set.unwrap().rules().len(), 3);
}

#[test]
fn one_file_serves_the_cache_and_its_functions_too() {
    let others = "[redis]\n[functions.\"shop::price\"]\nttl = 5\n";
    let text = format!("{EVERYTHING}\n{others}");
    assert_eq!(rules(&text).rules().len(), 3);
    let source = crate::api::settings::file::parse("cachekit.toml".to_owned(), text).unwrap();
    assert_eq!((source.settings.len(), source.functions.len()), (1, 1));
}
