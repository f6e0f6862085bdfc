//! The Lua scripts of the cache, each of which Redis runs as one atomic step.

use redis::{Cmd, cmd};

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
            Some((_, digest)) => call.onto(cmd("EVALSHA"), digest.as_bytes()),
            None => self.by_text(script, call),
        }
    }

    /// Returns the Redis command that runs the Lua script `script` by its text, for a server that
    /// has lost the script. The command also makes the server keep the script again.
    pub(crate) fn by_text(&self, script: Script, call: &Call) -> Cmd {
        let text = self.texts.iter().find(|(known, _)| *known == script);
        // The text of a script of the other adapter was not edited by a test.
        let text = text.map_or_else(|| source(script).1, |(_, text)| text);
        call.onto(cmd("EVAL"), text.as_bytes())
    }
}

/// The keys (`KEYS`) and arguments (`ARGV`) of one run of a Lua script.
#[derive(Debug, Default)]
pub(crate) struct Call {
    pub(crate) keys: Vec<Vec<u8>>,
    pub(crate) args: Vec<Vec<u8>>,
}

impl Call {
    /// Returns the first argument of a call of a Lua script. In a script whose answer repeats a
    /// nonce, the first argument is the nonce.
    pub(crate) fn nonce(&self) -> &[u8] {
        self.args.first().map_or(&[], |nonce| &nonce[..])
    }

    fn onto(&self, mut command: Cmd, script: &[u8]) -> Cmd {
        command.arg(script).arg(self.keys.len());
        for word in self.keys.iter().chain(&self.args) {
            command.arg(&word[..]);
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
