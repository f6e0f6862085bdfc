//! The constant data of a cached function, which the attribute provides at compile time.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use crate::base::durations::cut;
use crate::encoding::codec::Codec;
use crate::key::buf::KeyBuf;
use crate::key::render::render;
use crate::key::template::Piece;
use crate::model::config::{SingleFlight, Tier};
use crate::model::entry_options::{ComputationLimit, Depends, EntryOptions};
use crate::model::owner::OwnerId;
use crate::model::owner_index::CachedOwnerIndex;

/// Constant data of a cached function: its name, options and key template. Each `#[cached]` expands
/// to one `static` of this type.
pub struct FnSpec {
    site: fn() -> &'static str,
    file: &'static str,
    line: u32,
    given_name: Option<&'static str>,
    name: OnceLock<String>,
    template: &'static [Piece],
    options: EntryOptions,
    events: &'static [&'static str],
    tags_hash: u64,
    /// Literal starts of the templates in `tags = [..]`.
    tag_families: &'static [&'static str],
    memory_choice: MemoryChoice,
    owner_index: CachedOwnerIndex,
}

/// Choice of the memory (L1) that holds a function's entries: the shared memory, the function's own
/// memory, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemoryChoice {
    /// The memory that all functions without a `capacity` share.
    Shared,
    /// A memory for this function alone. The number is the capacity of the memory in entries.
    Own(u64),
    /// No memory: the function's entries are only in Redis.
    None,
}

impl FnSpec {
    /// Creates the data of a function that is defined in `file` at `line`. `site` returns the path
    /// of a type inside the function, from which the function's name is derived.
    pub const fn new(site: fn() -> &'static str, file: &'static str, line: u32) -> Self {
        Self {
            site,
            file,
            line,
            given_name: None,
            name: OnceLock::new(),
            template: &[],
            options: EntryOptions::DEFAULT,
            events: &[],
            tags_hash: 0,
            tag_families: &[],
            memory_choice: MemoryChoice::Shared,
            owner_index: CachedOwnerIndex::new(),
        }
    }

    /// Sets the function's name: `name = ".."`.
    pub const fn named(mut self, name: &'static str) -> Self {
        self.given_name = Some(name);
        self
    }

    /// Sets the template of the function's keys: the parsed text of `key = ".."`.
    pub const fn template(mut self, pieces: &'static [Piece]) -> Self {
        self.template = pieces;
        self
    }

    /// Sets the time to live of values, if `ttl = ..` is a constant.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.options.ttl = Some(cut(ttl));
        self
    }

    /// Sets the time to live of a remembered absence: `none_ttl = ..`.
    pub const fn none_ttl(mut self, ttl: Duration) -> Self {
        self.options.none_ttl = Some(cut(ttl));
        self
    }

    /// Sets the time to live of a remembered error: `err_ttl = ..`.
    pub const fn err_ttl(mut self, ttl: Duration) -> Self {
        self.options.err_ttl = Some(cut(ttl));
        self
    }

    /// Sets the time without a use after which an entry in memory expires: `idle = ..`.
    pub const fn idle(mut self, length: Duration) -> Self {
        self.options.idle = Some(cut(length));
        self
    }

    /// Gives the function a memory of its own for `entries` entries, at least 1: the option
    /// `capacity = ..`.
    pub const fn capacity(mut self, entries: u64) -> Self {
        self.memory_choice = MemoryChoice::Own(entries);
        self
    }

    /// Sets the largest share by which a time to live is shortened at random: `jitter = ..`.
    pub const fn jitter(mut self, share: f32) -> Self {
        self.options.jitter = share;
        self
    }

    /// Sets the tiers that keep the entries: `tier = ..`.
    pub const fn tier(mut self, tier: Tier) -> Self {
        self.options.tier = tier;
        if matches!(tier, Tier::Redis) {
            self.memory_choice = MemoryChoice::None;
        }
        self
    }

    /// Sets the longest time for which memory keeps an entry: `memory_ttl = ..`.
    pub const fn memory_ttl(mut self, ttl: Duration) -> Self {
        self.options.memory_ttl = Some(cut(ttl));
        self
    }

    /// Sets the longest time for which Redis keeps an entry: `redis_ttl = ..`.
    pub const fn redis_ttl(mut self, ttl: Duration) -> Self {
        self.options.redis_ttl = Some(cut(ttl));
        self
    }

    /// Sets the callers that share one computation: `single_flight = ..`.
    pub const fn single_flight(mut self, single_flight: SingleFlight) -> Self {
        self.options.single_flight = Some(single_flight);
        self
    }

    /// Sets the longest time for which a call waits for another call's computation: `lock_timeout =
    /// ..`.
    pub const fn lock_timeout(mut self, lock_timeout: Duration) -> Self {
        self.options.lock_timeout = Some(cut(lock_timeout));
        self
    }

    /// Sets the longest time for which a computation may run: `timeout = ..`.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(cut(timeout));
        self
    }

    /// Sets the number of computations that may run at once, at least 1: `max_computations = ..`.
    pub const fn max_computations(mut self, max: u32) -> Self {
        self.options.bound = Some(ComputationLimit { group: None, max });
        self
    }

    /// Sets the encoding of values in Redis: `codec = ..`.
    pub const fn codec(mut self, codec: Codec) -> Self {
        self.options.codec = Some(codec);
        self
    }

    /// Turns compression of values for Redis on or off: the option `compress`.
    pub const fn compress(mut self, compress: bool) -> Self {
        self.options.compress = Some(compress);
        self
    }

    /// Turns encryption of values in Redis on or off: the option `encrypt`.
    pub const fn encrypt(mut self, encrypt: bool) -> Self {
        self.options.encrypt = Some(encrypt);
        self
    }

    /// Sets the time for which a stale value is served while its key is recomputed: `stale = ..`.
    pub const fn stale(mut self, window: Duration) -> Self {
        self.options.stale = Some(cut(window));
        self
    }

    /// Sets the time for which a stale value is served if its recomputation failed: `stale_if_error
    /// = ..`.
    pub const fn stale_if_error(mut self, window: Duration) -> Self {
        self.options.stale_if_error = Some(cut(window));
        self
    }

    /// Sets the time after which a waiting caller is served a stale value: `soft_timeout = ..`.
    pub const fn soft_timeout(mut self, timeout: Duration) -> Self {
        self.options.soft_timeout = Some(cut(timeout));
        self
    }

    /// Lets a computation continue after its caller was dropped: the option `detach`.
    pub const fn detach(mut self) -> Self {
        self.options.detach = true;
        self
    }

    /// Sets the beta of early expiration: `early = ..`. Zero, for `early = false`, turns early
    /// expiration off.
    pub const fn early(mut self, beta: f32) -> Self {
        self.options.early = beta;
        self
    }

    /// Sets the number of replicas of an entry in Redis, from 2 to 16: `replicas = ..`. The
    /// attribute requires `tier = redis` with this option.
    pub const fn replicas(mut self, replicas: u8) -> Self {
        self.options.replicas = replicas;
        self
    }

    /// Sets the dependencies that an entry takes over from the values that its computation took:
    /// `depends = ..`.
    pub const fn depends(mut self, depends: Depends) -> Self {
        self.options.depends = depends;
        self
    }

    /// Sets the templates of the events that invalidate the entries, as written in `events = [..]`.
    pub const fn events(mut self, events: &'static [&'static str]) -> Self {
        self.events = events;
        self
    }

    /// Sets the literal starts of the templates in `tags = [..]`, by which statistics count misses.
    pub const fn tag_families(mut self, families: &'static [&'static str]) -> Self {
        self.tag_families = families;
        self
    }

    /// Sets the hash of the templates and expressions that make tags and events. An entry in Redis
    /// with another hash is not used, because it may lack a tag by which it must be invalidated.
    pub const fn tags_hash(mut self, tags_hash: u64) -> Self {
        self.tags_hash = tags_hash;
        self
    }

    #[inline]
    pub(crate) fn memory_choice(&self) -> MemoryChoice {
        self.memory_choice
    }

    pub(crate) fn hash_of_tags(&self) -> u64 {
        self.tags_hash
    }

    pub(crate) fn families_of_tags(&self) -> &'static [&'static str] {
        self.tag_families
    }

    pub(crate) fn event_templates(&self) -> &'static [&'static str] {
        self.events
    }

    /// Returns the function's name: the one set with `name = ".."`, otherwise the function's full
    /// path.
    pub fn name(&self) -> &str {
        match self.given_name {
            Some(name) => name,
            None => self.name.get_or_init(|| tidy((self.site)())),
        }
    }

    pub(crate) fn id(&'static self) -> OwnerId {
        // The address of a static is unique as long as the process runs.
        OwnerId(std::ptr::from_ref(self).addr())
    }

    pub(crate) fn owner_index(&self) -> &CachedOwnerIndex {
        &self.owner_index
    }

    /// Returns the text of the key for a call whose arguments are `arg_words`.
    pub(crate) fn key(&self, arg_words: &KeyBuf) -> KeyBuf {
        render(arg_words.words(), self.template, self.name())
    }

    pub(crate) fn pieces(&self) -> &'static [Piece] {
        self.template
    }

    pub(crate) fn location(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    pub(crate) fn options(&self) -> EntryOptions {
        self.options
    }
}

impl fmt::Debug for FnSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FnSpec")
            .field("name", &self.name())
            .field("place", &self.location())
            .finish_non_exhaustive()
    }
}

/// Prefixes and suffixes around a cached function's name in the name of the hidden function that
/// the attribute generates. The first pair is for a method, the second for a free function with a
/// visibility such as `pub`, and the third for a free function without a visibility.
const HIDDEN: [(&str, &str); 3] = [
    ("__all_of_", "__needs_companion_Self"),
    ("__", "_is_in_an_impl__write_companion_Self"),
    ("__", "_is_in_an_impl__write_companion_false"),
];

/// Turns the path of a marker type, which generated code declares inside a cached function, into
/// the path of the function: `a::outer::{{closure}}::get::__spec::{{closure}}::__CachekitHere`
/// becomes `a::outer::get`. For a function with a companion, the marker type is in a hidden
/// function next to the cached function, whose name contains the name of the cached function.
fn tidy(marker: &str) -> String {
    let end = marker.rfind("::__CachekitHere").unwrap_or(marker.len());
    let path = marker[..end].replace("::{{closure}}", "");
    let path = path.strip_suffix("::__CACHEKIT_QUEUE").unwrap_or(&path);
    let path = path.strip_suffix("::__SPEC").unwrap_or(path);
    let path = path.strip_suffix("::__spec").unwrap_or(path);
    match path.rsplit_once("::") {
        Some((parent, last)) => {
            let own = HIDDEN
                .iter()
                .find_map(|(before, behind)| last.strip_prefix(before)?.strip_suffix(behind));
            format!("{parent}::{}", own.unwrap_or(last))
        }
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::model::function_spec::{HIDDEN, tidy};

    #[test]
    fn names_of_functions_and_methods() {
        let beside = |path: &str, [before, behind]: [&str; 2]| {
            format!("{path}{before}get_user{behind}::__SPEC::__CachekitHere")
        };
        for (before, behind) in HIDDEN {
            let free = beside("shop::users::", [before, behind]);
            assert_eq!(tidy(&free), "shop::users::get_user");
            let method = beside("shop::Repo::", [before, behind]);
            assert_eq!(tidy(&method), "shop::Repo::get_user");
            let nested = beside("shop::outer::{{closure}}::", [before, behind]);
            assert_eq!(tidy(&nested), "shop::outer::get_user");
        }
        let inline = "<shop::Pg as shop::Repo>::get::{{closure}}::__spec::__SPEC::__CachekitHere";
        assert_eq!(tidy(inline), "<shop::Pg as shop::Repo>::get");
    }
}
