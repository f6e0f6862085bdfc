//! The Lua scripts of the cache, each of which Redis runs as one atomic step.

use std::io::Write as _;

use redis::{Cmd, RedisWrite as _, cmd};

use crate::base::fault::Faults;
use crate::store::redis::settings::RedisSettings;

/// The name of a Lua script that the cache runs in Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    Acquire,
    Fill,
    Renew,
    Release,
    Remove,
    Soften,
    Late,
    Beat,
    Versions,
    Mark,
    Sweep,
    Enqueue,
    WriteQueue,
    LateInCluster,
    TellCluster,
}

impl Script {
    /// Returns the Lua script whose digest on a Redis server is `digest`. Returns `None` if no
    /// script has that digest.
    pub(crate) fn named(digests: &Digests, digest: &str) -> Option<Self> {
        let mut known = digests.iter();
        known.find_map(|(script, known)| (**known == *digest).then_some(*script))
    }
}

/// The scripts that the cache runs on one server.
pub(crate) const OF_SERVER: [Script; 13] = [
    Script::Acquire,
    Script::Fill,
    Script::Renew,
    Script::Release,
    Script::Remove,
    Script::Soften,
    Script::Late,
    Script::Beat,
    Script::Versions,
    Script::Mark,
    Script::Sweep,
    Script::Enqueue,
    Script::WriteQueue,
];

/// The scripts that the cache runs on the masters of a cluster.
pub(crate) const OF_CLUSTER: [Script; 13] = [
    Script::Acquire,
    Script::Fill,
    Script::Renew,
    Script::Release,
    Script::Soften,
    Script::Beat,
    Script::Versions,
    Script::Mark,
    Script::Sweep,
    Script::Enqueue,
    Script::WriteQueue,
    Script::LateInCluster,
    Script::TellCluster,
];

/// The texts of the Lua scripts that one adapter uses.
#[derive(Debug)]
pub(crate) struct Scripts {
    texts: Vec<(Script, String)>,
    pub(crate) faults: Faults,
}

/// The digests by which a Redis server knows the Lua scripts. Empty if the scripts could not be
/// loaded.
pub(crate) type Digests = Vec<(Script, Box<str>)>;

impl Scripts {
    /// Returns the texts of `scripts`, which are all that the adapter uses.
    pub(crate) fn new(settings: &RedisSettings<'_>, scripts: &[Script]) -> Self {
        let faults = settings.faults;
        let text = |script: &Script| {
            let (name, text) = source(*script);
            (*script, faults.edit(name, text))
        };
        Self {
            texts: scripts.iter().map(text).collect(),
            faults,
        }
    }

    /// Returns the scripts in the order in which [`load`](Self::load) loads them.
    pub(crate) fn all(&self) -> impl Iterator<Item = Script> {
        self.texts.iter().map(|(script, _)| *script)
    }

    /// Returns one command for each of the adapter's Lua scripts, which loads the script into Redis.
    pub(crate) fn load(&self) -> impl Iterator<Item = Cmd> {
        self.texts.iter().map(|(_, text)| {
            let mut load = cmd("SCRIPT");
            load.arg("LOAD").arg(text);
            load
        })
    }

    /// Returns the Redis command that runs the Lua script `script` by its digest, with the keys and
    /// arguments of `call`. The command has the script's text instead if `digests` is empty.
    pub(crate) fn by_digest(&self, script: Script, digests: &Digests, call: &Call) -> Cmd {
        let digest = digests.iter().find(|(known, _)| *known == script);
        match digest {
            Some((_, digest)) => call.command("EVALSHA", digest.as_bytes()),
            None => self.by_text(script, call),
        }
    }

    /// Returns the Redis command that runs the Lua script `script` by its text, for a server that
    /// has lost the script. The command also makes the server keep the script again.
    pub(crate) fn by_text(&self, script: Script, call: &Call) -> Cmd {
        let text = self.texts.iter().find(|(known, _)| *known == script);
        // The text of a script of the other adapter was not edited by a test.
        let text = text.map_or_else(|| source(script).1, |(_, text)| text);
        call.command("EVAL", text.as_bytes())
    }
}

/// The keys (`KEYS`) and arguments (`ARGV`) of one run of a Lua script.
///
/// All words are in one buffer, because a script of a miss has more than a dozen of them.
#[derive(Debug, Default)]
pub(crate) struct Call {
    bytes: Vec<u8>,
    /// The end of each word in `bytes`.
    ends: Vec<usize>,
    keys: usize,
}

impl Call {
    pub(crate) fn new<K: AsRef<[u8]>, A: AsRef<[u8]>>(
        keys: impl IntoIterator<Item = K>,
        args: impl IntoIterator<Item = A>,
    ) -> Self {
        let mut call = Self::default();
        for key in keys {
            call.add_key(&[], key.as_ref());
        }
        for arg in args {
            call.add(arg.as_ref());
        }
        call
    }

    /// Makes a call without words that has room for `words` of `bytes` in all.
    pub(crate) fn with_room(words: usize, bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            ends: Vec::with_capacity(words),
            keys: 0,
        }
    }

    /// Adds the key that begins with `prefix` and ends with `rest`. The keys come before the
    /// arguments.
    pub(crate) fn add_key(&mut self, prefix: &[u8], rest: &[u8]) {
        debug_assert_eq!(self.keys, self.ends.len(), "a key after an argument");
        self.keys += 1;
        self.bytes.extend_from_slice(prefix);
        self.add(rest);
    }

    /// Adds an argument.
    pub(crate) fn add(&mut self, arg: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(arg);
        self.ends.push(self.bytes.len());
        self
    }

    /// Adds an argument that consists of several parts.
    pub(crate) fn add_parts<P: AsRef<[u8]>>(
        &mut self,
        parts: impl IntoIterator<Item = P>,
    ) -> &mut Self {
        for part in parts {
            self.bytes.extend_from_slice(part.as_ref());
        }
        self.add(&[])
    }

    /// Adds an argument that is a number, in decimal digits.
    pub(crate) fn add_number(&mut self, number: u64) -> &mut Self {
        // Writing to a `Vec` does not fail.
        let _ = write!(self.bytes, "{number}");
        self.add(&[])
    }

    /// Returns the first argument of a call of a Lua script. In a script whose answer repeats a
    /// nonce, the first argument is the nonce.
    pub(crate) fn nonce(&self) -> &[u8] {
        self.words().nth(self.keys).unwrap_or_default()
    }

    /// Replaces the argument at the position `at` with `bytes`, which must have its length.
    pub(crate) fn replace(&mut self, at: usize, bytes: &[u8]) {
        let at = self.keys + at;
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        let word = self.ends.get(at).map(|end| &mut self.bytes[begin..*end]);
        let word = word.filter(|word| word.len() == bytes.len());
        debug_assert!(word.is_some(), "no argument of this length at {at}");
        if let Some(word) = word {
            word.copy_from_slice(bytes);
        }
    }

    fn words(&self) -> impl Iterator<Item = &[u8]> {
        let mut begin = 0;
        self.ends.iter().map(move |end| {
            let word = &self.bytes[begin..*end];
            begin = *end;
            word
        })
    }

    fn command(&self, name: &str, script: &[u8]) -> Cmd {
        let (words, bytes) = (3 + self.ends.len(), self.bytes.len());
        let mut command = Cmd::with_capacity(words, name.len() + script.len() + 4 + bytes);
        command.arg(name).arg(script).arg(self.keys);
        for word in self.words() {
            command.write_arg(word);
        }
        command
    }
}

/// Returns the name and the text of `script`. A test can change the text by that name.
fn source(script: Script) -> (&'static str, &'static str) {
    match script {
        Script::Acquire => ("acquire", include_str!("acquire.lua")),
        Script::Fill => ("fill", include_str!("fill.lua")),
        Script::Renew => ("renew", include_str!("renew.lua")),
        Script::Release => ("release", include_str!("release.lua")),
        Script::Remove => ("remove", include_str!("remove.lua")),
        Script::Soften => ("soften", include_str!("soften.lua")),
        Script::Late => ("value_tags", include_str!("value_tags.lua")),
        Script::Beat => ("heartbeat", include_str!("heartbeat.lua")),
        Script::Versions => ("versions", include_str!("versions.lua")),
        Script::Mark => ("mark", include_str!("mark.lua")),
        Script::Sweep => ("sweep", include_str!("sweep.lua")),
        Script::Enqueue => ("enqueue", include_str!("enqueue.lua")),
        Script::WriteQueue => ("write_queue", include_str!("write_queue.lua")),
        Script::LateInCluster => ("cluster_late", include_str!("cluster/late.lua")),
        Script::TellCluster => ("cluster_tell", include_str!("cluster/tell.lua")),
    }
}
