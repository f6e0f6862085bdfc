//! The scripts that run on the server, each as one atomic step.

use redis::{Cmd, cmd};

use crate::base::fault::{Fault, Faults};

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
pub(crate) struct Scripts([String; ALL.len()]);

/// The digests by which a server knows the scripts.
pub(crate) type Digests = Vec<Box<str>>;

impl Scripts {
    pub(crate) fn new(faults: Faults) -> Self {
        Self(ALL.map(|script| broken(script, faults)))
    }

    /// Returns the commands that load the scripts, one each.
    pub(crate) fn load(&self) -> impl Iterator<Item = Cmd> {
        self.0.iter().map(|text| {
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
        call.onto(cmd("EVAL"), self.0[script as usize].as_bytes())
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

/// A guard in a script's text, with the text that replaces it.
type Guard = (Fault, &'static str, &'static str);

const ACQUIRE_GUARDS: &[Guard] = &[
    (
        Fault::ClientMadeVersions,
        "time = time[1] * 1000000 + time[2]",
        "time = 0",
    ),
    (
        Fault::MissingTagIsZero,
        "if not version or #version ~= 24 or strange then",
        "if not version and i <= count then
           versions[i] = string.rep('\\0', 24)
         elseif not version or #version ~= 24 or strange then",
    ),
];

const CHECK_OF_VERSIONS: &str =
    "if versions[i] ~= string.sub(ARGV[8], 24 * i - 23, 24 * i) then return refuse(-1) end";

const FILL_GUARDS: &[Guard] = &[
    (
        Fault::FillWithoutToken,
        "if not mine and not akin then return refuse(0) end",
        "",
    ),
    (Fault::IgnoreOrder, "if newer then return 2 end", ""),
    (
        Fault::IgnoreGeneration,
        "string.sub(head, 9, 16) == string.sub(ARGV[1], 1, 8)",
        "true",
    ),
    (Fault::FillWithoutVersions, CHECK_OF_VERSIONS, ""),
    (
        Fault::MissingTagIsZero,
        "if versions[i] ~= string.sub",
        "if (versions[i] or string.rep('\\0', 24)) ~= string.sub",
    ),
    (
        Fault::RetTagLate,
        "for i = 1, count + guards do",
        "for i = 1, count do",
    ),
    (
        Fault::VersionsAfterCompute,
        CHECK_OF_VERSIONS,
        "if not versions[i] then
           versions[i] = ARGV[10] .. string.rep('v', 16)
           redis.call('SET', KEYS[i + 1], versions[i])
         end",
    ),
    (
        Fault::VersionsAfterCompute,
        "redis.call('SET', entry, ARGV[3], 'PX', ARGV[4])",
        "redis.call('SET', entry, ARGV[3], 'PX', ARGV[4])
         redis.call('SETRANGE', entry, 98, table.concat(versions, '', 1, count))",
    ),
    (
        Fault::VersionsRunOut,
        "if redis.call('PTTL', KEYS[i + 1]) < tonumber(ARGV[5]) then",
        "if false then",
    ),
];

const SOFTEN_GUARDS: &[Guard] = &[(
    Fault::SoftKeepsToken,
    "half(1, index) .. half(5, index) .. string.rep('\\0', 24)",
    "string.sub(head, 9, 48)",
)];

const BEAT_GUARDS: &[Guard] = &[(Fault::EchoWithoutWrite, "redis.call('UNLINK', KEYS[1])", "")];

/// Returns the text of `script`, without the guards that `faults` removes.
fn broken(script: Script, faults: Faults) -> String {
    let (text, guards): (&str, &[Guard]) = match script {
        Script::Acquire => (include_str!("acquire.lua"), ACQUIRE_GUARDS),
        Script::Fill => (include_str!("fill.lua"), FILL_GUARDS),
        Script::Renew => (include_str!("renew.lua"), &[]),
        Script::Release => (include_str!("release.lua"), &[]),
        Script::Soften => (include_str!("soften.lua"), SOFTEN_GUARDS),
        Script::Late => (include_str!("value_tags.lua"), &[]),
        Script::Beat => (include_str!("heartbeat.lua"), BEAT_GUARDS),
    };
    let mut text = text.to_owned();
    for (fault, guard, without) in guards {
        if faults.has(*fault) {
            text = text.replacen(guard, without, 1);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_guard_is_found_in_its_script() {
        let scripts = [
            (Script::Acquire, ACQUIRE_GUARDS),
            (Script::Fill, FILL_GUARDS),
            (Script::Soften, SOFTEN_GUARDS),
            (Script::Beat, BEAT_GUARDS),
        ];
        for (script, guards) in scripts {
            let text = broken(script, Faults::default());
            for (fault, guard, _) in guards {
                assert!(text.contains(guard), "{fault:?}");
            }
        }
    }
}
