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
    Soften,
    Late,
    Beat,
    Versions,
    Mark,
    Sweep,
    Enqueue,
    WriteQueue,
}

impl Script {
    /// Returns the Lua script whose digest on a Redis server is `digest`. Returns `None` if no
    /// script has that digest.
    pub(crate) fn named(digests: &Digests, digest: &str) -> Option<Self> {
        let at = digests.iter().position(|known| **known == *digest)?;
        ALL.get(at).copied()
    }
}

const ALL: [Script; 12] = [
    Script::Acquire,
    Script::Fill,
    Script::Renew,
    Script::Release,
    Script::Soften,
    Script::Late,
    Script::Beat,
    Script::Versions,
    Script::Mark,
    Script::Sweep,
    Script::Enqueue,
    Script::WriteQueue,
];

/// The texts of all Lua scripts, in the order of the list `ALL`.
#[derive(Debug)]
pub(crate) struct Scripts {
    texts: [String; ALL.len()],
    pub(crate) faults: Faults,
}

/// The digests by which a Redis server knows the Lua scripts, in the order of the list `ALL`. Empty
/// if the scripts could not be loaded.
pub(crate) type Digests = Vec<Box<str>>;

impl Scripts {
    pub(crate) fn new(settings: &RedisSettings<'_>) -> Self {
        let faults = settings.faults;
        let text = |script| {
            let (name, text) = source(script);
            faults.edit(name, text)
        };
        Self {
            texts: ALL.map(text),
            faults,
        }
    }

    /// Returns one command for each of the cache's Lua scripts, which loads the script into Redis.
    pub(crate) fn load(&self) -> impl Iterator<Item = Cmd> {
        self.texts.iter().map(|text| {
            let mut load = cmd("SCRIPT");
            load.arg("LOAD").arg(text);
            load
        })
    }

    /// Returns the Redis command that runs the Lua script `script` by its digest, with the keys and
    /// arguments of `call`. The command has the script's text instead if `digests` is empty.
    pub(crate) fn by_digest(&self, script: Script, digests: &Digests, call: &Call) -> Cmd {
        match digests.get(script as usize) {
            Some(digest) => call.onto(cmd("EVALSHA"), digest.as_bytes()),
            None => self.by_text(script, call),
        }
    }

    /// Returns the Redis command that runs the Lua script `script` by its text, for a server that
    /// has lost the script. The command also makes the server keep the script again.
    pub(crate) fn by_text(&self, script: Script, call: &Call) -> Cmd {
        call.onto(cmd("EVAL"), self.texts[script as usize].as_bytes())
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
        Script::Soften => ("soften", include_str!("soften.lua")),
        Script::Late => ("value_tags", include_str!("value_tags.lua")),
        Script::Beat => ("heartbeat", include_str!("heartbeat.lua")),
        Script::Versions => ("versions", include_str!("versions.lua")),
        Script::Mark => ("mark", include_str!("mark.lua")),
        Script::Sweep => ("sweep", include_str!("sweep.lua")),
        Script::Enqueue => ("enqueue", include_str!("enqueue.lua")),
        Script::WriteQueue => ("write_queue", include_str!("write_queue.lua")),
    }
}
