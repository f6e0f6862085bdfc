//! The builder of a set of rules, which checks them together.

use std::sync::Arc;
use std::time::Duration;

use matchit::{InsertError, Router};

use crate::http::rules::check::{Report, check};
use crate::http::rules::check_rule::{SOFT_WITHOUT_WINDOW, compile};
use crate::http::rules::compiled_rule::{CompiledRule, Identity};
use crate::http::rules::error::{Problem, RuleError};
use crate::http::rules::options::{Mode, StatusHeader};
use crate::http::rules::rule::Rule;
use crate::http::rules::rule_set::RuleSet;
use crate::http::rules::settings::{Defaults, Lines, Settings};

/// Name of the rule for paths without a rule of their own, in the shared mode.
const DEFAULT_RULE: &str = "default";

/// A set of rules that is being made, with options for all responses.
///
/// Returned by [`RuleSet::owned`] and [`RuleSet::shared`].
#[derive(Debug, Clone)]
#[must_use = "the rules are checked by `build`"]
pub struct RuleSetBuilder {
    pub(crate) mode: Mode,
    pub(crate) status_header: StatusHeader,
    pub(crate) cache_name: String,
    pub(crate) heuristics: Option<bool>,
    pub(crate) stale_on_failure: Option<Duration>,
    pub(crate) keep: Option<Duration>,
    pub(crate) defaults: Settings,
    pub(crate) rules: Vec<Rule>,
    /// Lines of the keys of `[http]`.
    pub(crate) lines: Lines,
    /// Lines of the keys of `[http.defaults]`.
    pub(crate) default_lines: Lines,
    /// `true` if the file has a table of defaults that could not be found or read.
    pub(crate) defaults_are_unread: bool,
    /// Problems of the file that were found before the checks.
    pub(crate) problems: Vec<Problem>,
}

impl RuleSet {
    /// Creates a builder of rules by which the service decides: see [`Mode::Owned`].
    pub fn owned() -> RuleSetBuilder {
        RuleSetBuilder::new(Mode::Owned)
    }

    /// Creates a builder for a shared cache by RFC 9111, in which rules are optional: see
    /// [`Mode::Shared`].
    ///
    /// # Examples
    ///
    /// ```
    /// use cachekit::http::{Rule, RuleSet};
    ///
    /// let rules = RuleSet::shared()
    ///     .heuristics(true)
    ///     .rule(Rule::get("/products/{id}").tag("product:{id}"))
    ///     .build()?;
    /// # Ok::<(), cachekit::http::RuleError>(())
    /// ```
    pub fn shared() -> RuleSetBuilder {
        RuleSetBuilder::new(Mode::Shared)
    }
}

impl RuleSetBuilder {
    pub(crate) fn new(mode: Mode) -> Self {
        Self {
            mode,
            status_header: StatusHeader::default(),
            cache_name: "cachekit".to_owned(),
            heuristics: None,
            stale_on_failure: None,
            keep: None,
            defaults: Settings::default(),
            rules: Vec::new(),
            lines: Lines::default(),
            default_lines: Lines::default(),
            defaults_are_unread: false,
            problems: Vec::new(),
        }
    }

    /// Sets in which header fields a response says if it came from the cache. Default:
    /// [`StatusHeader::CacheStatus`].
    pub fn status_header(mut self, header: StatusHeader) -> Self {
        self.status_header = header;
        self
    }

    /// Sets the cache's name in `Cache-Status`. Default: `cachekit`.
    pub fn cache_name(mut self, name: impl Into<String>) -> Self {
        self.cache_name = name.into();
        self
    }

    /// Sets whether a response without a lifetime gets a lifetime of a tenth of the time since
    /// `Last-Modified` (RFC 9111, section 4.2.2). Only in [`Mode::Shared`]. Default: `false`.
    pub fn heuristics(mut self, heuristics: bool) -> Self {
        self.heuristics = Some(heuristics);
        self
    }

    /// Sets the time for which a stale response is served if the inner service returns an error,
    /// unless the response forbids it. Only in [`Mode::Shared`]; in [`Mode::Owned`], rules have
    /// [`sie`](Rule::sie). Default: zero.
    pub fn stale_on_failure(mut self, time: Duration) -> Self {
        self.stale_on_failure = Some(time);
        self
    }

    /// Sets the time for which a response is kept after it was fresh, to be revalidated. Only in
    /// [`Mode::Shared`]. Default: an hour.
    pub fn keep(mut self, time: Duration) -> Self {
        self.keep = Some(time);
        self
    }

    /// Sets options for the rules that do not set them. `set` gets a rule and sets options of it;
    /// its name, tags and events are not used.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use cachekit::http::{Rule, RuleSet};
    ///
    /// let rules = RuleSet::owned()
    ///     .defaults(|rule| rule.ttl(Duration::from_secs(60)).max_body(512 << 10))
    ///     .rule(Rule::get("/api/search").query_params(["q", "page"]))
    ///     .build()?;
    /// # Ok::<(), cachekit::http::RuleError>(())
    /// ```
    pub fn defaults(mut self, set: impl FnOnce(Rule) -> Rule) -> Self {
        let mut rule = Rule::get("/");
        rule.settings = self.defaults;
        self.defaults = set(rule).settings;
        self
    }

    /// Adds a rule.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Checks the rules.
    ///
    /// # Errors
    ///
    /// Returns every option that cannot be used, and every pair of rules that conflict, each with
    /// its remedy.
    pub fn build(mut self) -> Result<RuleSet, RuleError> {
        let mut problems = std::mem::take(&mut self.problems);
        self.check_options(&mut problems);
        let defaults = Defaults {
            settings: &self.defaults,
            lines: &self.default_lines,
            are_unread: self.defaults_are_unread,
        };
        let compile = |rule: &Rule| compile(rule, self.mode, defaults, &mut problems);
        let mut compiled: Vec<CompiledRule> = self.rules.iter().map(compile).collect();
        self.check_names(&mut problems);
        let router = self.routed(&mut problems);
        self.check_soft(&compiled, &mut problems);
        if !problems.is_empty() {
            return Err(RuleError::new(problems));
        }
        if self.mode == Mode::Shared {
            compiled.push(default_rule(&self.defaults));
        }
        Ok(self.finished(compiled, router))
    }

    fn finished(self, mut rules: Vec<CompiledRule>, router: Router<usize>) -> RuleSet {
        for (index, rule) in rules.iter_mut().enumerate() {
            rule.index = index;
        }
        RuleSet {
            mode: self.mode,
            status_header: self.status_header,
            cache_name: self.cache_name,
            heuristics: self.heuristics.unwrap_or(false),
            stale_on_failure: self.stale_on_failure.unwrap_or_default(),
            keep: self.keep.unwrap_or(Duration::from_secs(3_600)),
            rules: rules.into_iter().map(Arc::new).collect(),
            router,
        }
    }

    fn check_options(&self, problems: &mut Vec<Problem>) {
        let mut report = Report {
            rule: None,
            lines: &self.default_lines,
            problems,
        };
        check(&self.defaults, self.mode, &mut report);
        report.lines = &self.lines;
        if !is_token(&self.cache_name) {
            report.add(
                "cache_name",
                format!(
                    "`cache_name = \"{}\"` cannot be in `Cache-Status`; write a letter, and then \
                     letters, digits, `-`, `_` and `.`",
                    self.cache_name
                ),
            );
        }
        if self.mode == Mode::Owned {
            self.check_owned(&mut report);
        }
    }

    fn check_owned(&self, report: &mut Report<'_>) {
        let of_shared = [
            ("heuristics", self.heuristics == Some(true)),
            ("stale_on_failure", self.stale_on_failure.is_some()),
            ("keep", self.keep.is_some()),
        ];
        for (key, _) in of_shared.iter().filter(|(_, is_set)| *is_set) {
            report.add(
                key,
                format!(
                    "`{key}` has no effect in the mode `owned`, where rules decide; remove it, or \
                     use the mode `shared`"
                ),
            );
        }
    }

    /// Reports `soft` in the defaults if no rule has a time for which a stale response is served. A
    /// rule that could not be read may have one.
    fn check_soft(&self, compiled: &[CompiledRule], problems: &mut Vec<Problem>) {
        let has_effect = |rule: &CompiledRule| rule.cache && rule.soft && rule.has_window();
        let is_default = self.mode == Mode::Owned && self.defaults.soft == Some(true);
        if is_default && problems.is_empty() && !compiled.iter().any(has_effect) {
            let mut report = Report {
                rule: None,
                lines: &self.default_lines,
                problems,
            };
            report.add("soft", SOFT_WITHOUT_WINDOW);
        }
    }

    fn check_names(&self, problems: &mut Vec<Problem>) {
        for (index, rule) in self.rules.iter().enumerate() {
            let label = rule.label();
            let earlier = self.rules[..index]
                .iter()
                .find(|other| other.label() == label);
            let mut report = report(rule, problems);
            if let Some(earlier) = earlier.filter(|other| named_apart(rule, other)) {
                let place = place(earlier);
                let text = format!(
                    "the name is also that of an earlier rule{place}; statistics are by name, so \
                     give each rule its own"
                );
                report.add("name", text);
            }
            if self.mode == Mode::Shared && label == DEFAULT_RULE {
                report.add(
                    "name",
                    "the name is that of responses without a rule; choose another one",
                );
            }
        }
    }

    /// Routes each path to the index of its rule.
    fn routed(&self, problems: &mut Vec<Problem>) -> Router<usize> {
        let mut router = Router::new();
        for (index, rule) in self.rules.iter().enumerate() {
            // The pattern was checked before. Only a conflict is left.
            if let Err(InsertError::Conflict { with }) = router.insert(&rule.path, index) {
                let other = self.rules[..index].iter().find(|other| other.path == with);
                let which = other.map_or(format!("that of the path `{with}`"), |other| {
                    format!("\"{}\"{}", other.label(), place(other))
                });
                report(rule, problems).add(
                    "path",
                    format!(
                        "`path = \"{}\"` matches the same requests as the rule {which}; remove or \
                         merge one of them",
                        rule.path
                    ),
                );
            }
        }
        router
    }
}

fn report<'a>(rule: &'a Rule, problems: &'a mut Vec<Problem>) -> Report<'a> {
    Report {
        rule: Some(rule.label()),
        lines: &rule.lines,
        problems,
    }
}

/// Returns `true` if one of the rules has a name. Two rules without names conflict by their paths.
fn named_apart(rule: &Rule, other: &Rule) -> bool {
    rule.name.is_some() || other.name.is_some()
}

fn place(rule: &Rule) -> String {
    let line = rule.lines.of("name");
    line.map_or(String::new(), |line| format!(" (line {line})"))
}

fn default_rule(defaults: &Settings) -> CompiledRule {
    let identity = Identity {
        name: DEFAULT_RULE.to_owned(),
        cache: true,
        ..Identity::default()
    };
    CompiledRule::new(identity, defaults.clone(), Mode::Shared)
}

/// Returns `true` for a token of structured fields (RFC 9651, section 3.3.4).
fn is_token(text: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:/".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '*') && text.chars().all(is_inner)
}
