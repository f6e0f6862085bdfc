//! Rules from code.

use std::time::Duration;

use crate::http::rules::options::{Cookies, Mode, Query, StatusHeader};
use crate::http::rules::rule::Rule;
use crate::http::rules::rule_set::RuleSet;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn messages_have_no_line() {
    let error = RuleSet::owned()
        .rule(Rule::get("/a").ttl(MINUTE).statuses([500]))
        .rule(Rule::get("/b").name("b"))
        .build()
        .unwrap_err();
    let said = error.to_string();
    assert!(
        said.starts_with("rule \"/a\": `statuses`: 500 is never"),
        "{said}"
    );
    assert!(said.contains("\nrule \"b\": `ttl` is missing;"), "{said}");
    assert_eq!((error.line(), error.rule()), (None, Some("/a")));
}

#[test]
fn answers_to_one_request_s_conditions_are_no_statuses_to_store() {
    let rule = Rule::get("/a").ttl(MINUTE).statuses([200, 412, 416]);
    let error = RuleSet::owned().rule(rule).build().unwrap_err();
    let line = |status| {
        format!(
            "rule \"/a\": `statuses`: {status} is never stored, because it answers the condition \
             or the range of one request; remove it from the list"
        )
    };
    assert_eq!(error.to_string(), format!("{}\n{}", line(412), line(416)));
}

#[test]
fn a_shared_cache_honours_the_directives_of_all_requests() {
    for honour in [false, true] {
        let rule = Rule::get("/a").honour_request_no_cache(honour);
        let error = RuleSet::shared().rule(rule).build().unwrap_err();
        let said = error.to_string();
        assert!(
            said.contains("`honour_request` has no effect in the mode `shared`"),
            "{said}"
        );
    }
}

#[test]
fn two_rules_for_one_path_are_one_problem() {
    let rule = || Rule::get("/a/{id}").ttl(MINUTE);
    let said = RuleSet::owned()
        .rule(rule())
        .rule(rule())
        .build()
        .unwrap_err()
        .to_string();
    assert_eq!(
        said,
        "rule \"/a/{id}\": `path = \"/a/{id}\"` matches the same requests as the rule \
         \"/a/{id}\"; remove or merge one of them"
    );
}

#[test]
fn the_name_of_the_default_rule_is_taken() {
    let error = RuleSet::shared()
        .rule(Rule::get("/a").name("default"))
        .build()
        .unwrap_err();
    assert!(
        error.to_string().contains("responses without a rule"),
        "{error}"
    );
    RuleSet::owned()
        .rule(Rule::get("/a").name("default").ttl(MINUTE))
        .build()
        .unwrap();
}

#[test]
fn a_fraction_of_a_second_is_no_max_age() {
    use crate::http::rules::options::Downstream;
    let downstream = Downstream::MaxAge(Duration::from_millis(500));
    let rule = Rule::get("/a").ttl(MINUTE).downstream(downstream);
    let error = RuleSet::owned().rule(rule).build().unwrap_err();
    assert!(error.to_string().contains("whole seconds"), "{error}");
}

#[test]
fn not_a_number_is_no_share() {
    let rule = Rule::get("/a").ttl(MINUTE).ttl_jitter(f32::NAN);
    let error = RuleSet::owned().rule(rule).build().unwrap_err();
    assert!(error.to_string().contains("`ttl_jitter` is NaN"), "{error}");
}

#[test]
fn a_rule_from_code_is_that_of_a_file() {
    let code = RuleSet::owned()
        .status_header(StatusHeader::XCache)
        .defaults(|rule| rule.swr(MINUTE))
        .rule(
            Rule::get("/a/{id}")
                .name("a")
                .ttl(MINUTE)
                .query_params(["q"])
                .cookies(Cookies::Key(vec!["lang".to_owned()]))
                .tag("a:{id}")
                .invalidate_on("a.changed"),
        )
        .rule(Rule::get("/b").name("b").ttl(MINUTE).query(Query::None))
        .build()
        .unwrap();
    let file = RuleSet::from_toml_str(
        r#"
        http.status_header = "x-cache"
        http.defaults.swr = "1m"
        [[http.rule]]
        name = "a"
        path = "/a/{id}"
        ttl = 60
        query = ["q"]
        cookies = { key = ["lang"] }
        tags = ["a:{id}"]
        invalidate_on = ["a.changed"]
        [[http.rule]]
        name = "b"
        path = "/b"
        ttl = "60s"
        query = []
        "#,
    )
    .unwrap();
    let prints =
        |set: &RuleSet| -> Vec<u64> { set.rules().iter().map(|rule| rule.fingerprint).collect() };
    assert_eq!(prints(&code), prints(&file));
    assert_eq!(
        (code.status_header, code.mode()),
        (file.status_header, Mode::Owned)
    );
}
