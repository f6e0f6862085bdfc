//! Rules of `#[cached]`: checks of its options against each other and against the function.

use std::time::Duration;

use proc_macro2::Ident;
use syn::Expr;

use crate::attr::arg::Arg;
use crate::attr::cached::CachedArgs;
use crate::attr::duration::DurationValue;
use crate::attr::template::{Piece, Template};
use crate::attr::value::{Item, Items};
use crate::check::companion;
use crate::check::freshness::freshness;
use crate::check::function::FnInfo;
use crate::check::ident_usage;
use crate::check::key::key;
use crate::check::limits::limits;
use crate::check::scope::RetRule;
use crate::check::steps::Steps;
use crate::check::tags_hash;
use crate::check::tiers::tiers;
use crate::diag::Errors;
use crate::item::LooseFn;
use crate::model::{CachedFn, Choice, Labels, Policy, StepArg};

/// Returns the templates in `events = [..]` that have placeholders for arguments, as the user wrote
/// them, such as `"user.updated {id}"`. The text of such an event depends on the arguments of a
/// call.
fn event_templates(items: &Arg<Items>) -> Vec<String> {
    let written = items.value.0.iter().filter_map(|item| match item {
        Item::Template(template) => Some(template),
        Item::Splice(_) | Item::Expr(_) => None,
    });
    let holds_arguments = |template: &&Template| {
        let mut pieces = template.pieces.iter();
        pieces.any(|piece| matches!(piece, Piece::Placeholder { .. }))
    };
    written
        .filter(holds_arguments)
        .map(|template| template.literal.value())
        .collect()
}

/// Returns the literal starts of the templates in `tags = [..]`, by which statistics count misses.
/// A start that ends with its first colon is left out, because statistics find it in the tag.
fn tag_families(items: &Arg<Items>) -> Vec<String> {
    let starts = items.value.0.iter().filter_map(|item| match item {
        Item::Template(template) => match template.pieces.first() {
            Some(Piece::Literal(start)) => Some(start),
            _ => None,
        },
        Item::Splice(_) | Item::Expr(_) => None,
    });
    let is_untold = |start: &&String| start.find(':').is_none_or(|colon| colon + 1 < start.len());
    let mut families: Vec<String> = starts.filter(is_untold).cloned().collect();
    families.sort_unstable();
    families.dedup();
    families
}

/// Returns the facts about `tags = [..]` and `events = [..]` that belong to the constant data of
/// the function.
fn labels(tags: Option<&Arg<Items>>, events: Option<&Arg<Items>>) -> Labels {
    Labels {
        events: events.map_or_else(Vec::new, event_templates),
        tag_families: tags.map_or_else(Vec::new, tag_families),
        tags_hash: tags_hash::hash([tags, events]),
    }
}

/// Returns the model of a function with `#[cached]`. Returns `None` only if a mistake was added to
/// `errors`.
pub(crate) fn cached(args: CachedArgs, item: &LooseFn, errors: &mut Errors) -> Option<CachedFn> {
    let info = fn_info(item, errors);
    let (written, skip) = (args.key.as_ref(), args.skip.as_ref());
    let inside = companion::may_be_inside(args.companion.as_ref(), item, &info);
    let key = key(&info, inside, written, skip, args.version.as_ref(), errors);
    let mut steps = Steps::new(&info, RetRule::Allowed, false);
    let labels = labels(args.tags.as_ref(), args.events.as_ref());
    steps.items("tag", Some("tags"), args.tags, errors);
    steps.items("event", None, args.events, errors);
    let ttl = args
        .ttl
        .and_then(|ttl| constant_ttl(ttl, &mut steps, errors));
    let store_if = args.store_if.into_iter();
    store_if.for_each(|it| steps.expr("store_if", it.value, StepArg::Value, errors));
    check_before(&info, [&args.when, &args.cache], errors);
    let lives = (ttl, [args.none_ttl, args.err_ttl]);
    let tiers = tiers(&info, item, args.tiers, lives, errors);
    let fresh = freshness(&info, item, args.freshness, &tiers.choices, errors);
    let policy = Policy {
        depends: fresh.depends,
        early: fresh.early,
        stale_if_error_at: fresh.stale_if_error_at,
        none_ttl_at: tiers.none_ttl_at,
        err_ttl_at: tiers.err_ttl_at,
        capacity: tiers.capacity,
        name: args.name.and_then(|name| checked_name(&name.value, errors)),
        ttl,
        in_memory: in_memory(&tiers.choices),
        lengths: tiers.lengths.into_iter().chain(fresh.lengths).collect(),
        choices: tiers.choices,
        compress: tiers.compress,
        encrypt: tiers.encrypt,
        replicas: tiers.replicas,
        labels,
        jitter: args.jitter.map(|jitter| jitter.value.0),
        limits: limits(&info, args.limits, errors),
    };
    let uses = companion::Uses {
        key: &key,
        named: &steps.named,
        in_expr: &steps.in_expr,
        params: &steps.params,
        cache: args.cache.as_ref().map(|cache| &cache.value),
    };
    let companion = companion::companion(args.companion, item, &info, &uses);
    let (before, after) = steps.finish();
    errors.is_empty().then(|| CachedFn {
        function: info.into_function(args.krate, args.cache),
        key: key.text,
        type_params: key.type_params,
        uncovered: key.uncovered,
        owned_body: fresh.owned_body,
        shared_self: key.shared_self,
        policy,
        when: args.when.map(|when| when.value),
        before,
        after,
        companion,
    })
}

/// Reports `ret` in the expressions of `when` and `cache`, which run before the body returns a
/// value.
fn check_before(info: &FnInfo, [when, cache]: [&Option<Arg<Expr>>; 2], errors: &mut Errors) {
    let why = "`when` is asked before the call gives a value; write `store_if`";
    forbid_ret(info, when.as_ref(), why, errors);
    let why = "the cache is needed before the call gives a value";
    forbid_ret(info, cache.as_ref(), why, errors);
}

/// Returns `true` if the function has `tier = memory`, so that its values never leave the process.
fn in_memory(choices: &[Choice]) -> bool {
    choices.iter().any(|choice| choice.variant == "Memory")
}

/// Collects the facts about the function. Reports a second `#[cached]` on it, which would define
/// the companion twice.
fn fn_info(item: &LooseFn, errors: &mut Errors) -> FnInfo {
    let is_cached = |attr: &&syn::Attribute| {
        let last = attr.path().segments.last();
        last.is_some_and(|last| last.ident == "cached")
    };
    if let Some(second) = item.attrs.iter().find(is_cached) {
        errors.on(
            second.path(),
            "`#[cached]` stands here twice; take one away",
        );
    }
    FnInfo::new("cached", item, errors)
}

/// Returns the `ttl` if it is a constant. If `ttl` is an expression, adds a step that sets the time
/// to live, and returns `None`.
fn constant_ttl(
    ttl: Arg<DurationValue>,
    steps: &mut Steps<'_>,
    errors: &mut Errors,
) -> Option<Duration> {
    match ttl.value {
        DurationValue::Constant(value, span) => {
            if value.is_zero() {
                errors.at(
                    span,
                    "a `ttl` of 0 stores nothing; leave it out for the cache's default",
                );
            }
            Some(value)
        }
        DurationValue::Expr(expr) => {
            steps.expr("ttl", expr, StepArg::Value, errors);
            None
        }
    }
}

/// Reports `ret` in an expression that runs before the body. Also reports `self` in the expression
/// if the function has no `self`.
pub(crate) fn forbid_ret(
    info: &FnInfo,
    arg: Option<&Arg<Expr>>,
    reason: &str,
    errors: &mut Errors,
) {
    let Some(arg) = arg else { return };
    info.check_self(&arg.value, errors);
    if let Some(ret) = ident_usage::find(&arg.value, &Ident::new("ret", arg.key.span())) {
        errors.at(ret.span(), format_args!("`ret`: {reason}"));
    }
}

/// Returns the text of the option `name`. If the text is empty, reports it and returns `None`.
pub(crate) fn checked_name(name: &syn::LitStr, errors: &mut Errors) -> Option<String> {
    let text = name.value();
    if text.is_empty() {
        errors.at(
            name.span(),
            "a name needs at least one letter; leave it out for the full path",
        );
        return None;
    }
    Some(text)
}
