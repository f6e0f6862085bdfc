//! The scripts that run on the server, each as one atomic step.

use redis::{Cmd, cmd};

use crate::base::fault::Faults;
use crate::store::redis::settings::RedisSettings;

/// The name of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    Acquire,
    Fill,
    Renew,
    Release,
    Soften,
    Late,
    Beat,
}

impl Script {
    /// Finds the script that a server knows as `digest`.
    pub(crate) fn named(digests: &Digests, digest: &str) -> Option<Self> {
        let at = digests.iter().position(|known| **known == *digest)?;
        ALL.get(at).copied()
    }
}

const ALL: [Script; 7] = [
    Script::Acquire,
    Script::Fill,
    Script::Renew,
    Script::Release,
    Script::Soften,
    Script::Late,
    Script::Beat,
];

/// The texts of the scripts.
#[derive(Debug)]
pub(crate) struct Scripts {
    texts: [String; ALL.len()],
    pub(crate) faults: Faults,
}

/// The digests by which a server knows the scripts.
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

    /// Returns the commands that load the scripts, one each.
    pub(crate) fn load(&self) -> impl Iterator<Item = Cmd> {
        self.texts.iter().map(|text| {
            let mut load = cmd("SCRIPT");
            load.arg("LOAD").arg(text);
            load
        })
    }

    /// Calls `script` by its digest, with the keys and arguments of `call`.
    pub(crate) fn by_digest(&self, script: Script, digests: &Digests, call: &Call) -> Cmd {
        match digests.get(script as usize) {
            Some(digest) => call.onto(cmd("EVALSHA"), digest.as_bytes()),
            None => self.by_text(script, call),
        }
    }

    /// Calls `script` by its text, for a server that has lost it. The server then keeps it.
    pub(crate) fn by_text(&self, script: Script, call: &Call) -> Cmd {
        call.onto(cmd("EVAL"), self.texts[script as usize].as_bytes())
    }
}

/// The keys and arguments of a script.
#[derive(Debug, Default)]
pub(crate) struct Call {
    pub(crate) keys: Vec<Vec<u8>>,
    pub(crate) args: Vec<Vec<u8>>,
}

impl Call {
    /// Returns the nonce, which the answer repeats, if the script's first argument is one.
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

/// The name and the text of `script`.
fn source(script: Script) -> (&'static str, &'static str) {
    match script {
        Script::Acquire => ("acquire", include_str!("acquire.lua")),
        Script::Fill => ("fill", include_str!("fill.lua")),
        Script::Renew => ("renew", include_str!("renew.lua")),
        Script::Release => ("release", include_str!("release.lua")),
        Script::Soften => ("soften", include_str!("soften.lua")),
        Script::Late => ("value_tags", include_str!("value_tags.lua")),
        Script::Beat => ("heartbeat", include_str!("heartbeat.lua")),
    }
}
