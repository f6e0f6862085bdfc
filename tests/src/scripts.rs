//! Guards in the texts of the scripts that run in Redis, and how they are removed.

use cachekit::CacheBuilder;
use cachekit::testing::Fault;

/// Removal of guards, also of those that are a script's.
pub trait Seed {
    /// Removes one more guard.
    #[must_use]
    fn seed(self, fault: Fault) -> Self;
}

impl Seed for CacheBuilder {
    fn seed(self, fault: Fault) -> Self {
        self.__seed(fault).__edit_scripts(without_guards)
    }
}

/// A guard in a script's text, and what stands there without it.
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
           versions[i] = string.sub(ARGV[8], 1, 8) .. string.rep('v', 16)
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
        "if kept >= 0 and kept < short then",
        "if false then",
    ),
];

const SOFTEN_GUARDS: &[Guard] = &[(
    Fault::SoftKeepsToken,
    "half(1, index) .. half(5, index) .. string.rep('\\0', 24)",
    "string.sub(head, 9, 48)",
)];

const BEAT_GUARDS: &[Guard] = &[(Fault::EchoWithoutWrite, "redis.call('UNLINK', KEYS[1])", "")];

const ENQUEUE_GUARDS: &[Guard] = &[(
    Fault::VersionByClock,
    "math.max(last + 1, time[1] * 1000000 + time[2])",
    "time[1] * 1000000 + time[2]",
)];

const WRITE_QUEUE_GUARDS: &[Guard] = &[
    (
        Fault::KeepDeadClaims,
        "if #taken == 0 then",
        "if redis.call('HEXISTS', claims, key) == 1 then
           -- Its worker may be at work.
         elseif #taken == 0 then",
    ),
    (
        Fault::ShareClaims,
        "redis.call('ZADD', due, now + tonumber(lease), key)",
        "",
    ),
    (
        Fault::ShareClaims,
        "redis.call('HINCRBY', lost, key, 1)",
        "redis.call('HDEL', lost, key)",
    ),
];

fn guards(script: &str) -> &'static [Guard] {
    match script {
        "acquire" => ACQUIRE_GUARDS,
        "fill" => FILL_GUARDS,
        "soften" => SOFTEN_GUARDS,
        "heartbeat" => BEAT_GUARDS,
        "enqueue" => ENQUEUE_GUARDS,
        "write_queue" => WRITE_QUEUE_GUARDS,
        _ => &[],
    }
}

/// Returns the text of a script without the guards that are removed.
pub fn without_guards(
    script: &str,
    mut text: String,
    is_removed: &dyn Fn(Fault) -> bool,
) -> String {
    for (fault, guard, without) in guards(script) {
        if is_removed(*fault) {
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
            (
                "acquire",
                include_str!("../../cachekit/src/store/redis/acquire.lua"),
            ),
            (
                "fill",
                include_str!("../../cachekit/src/store/redis/fill.lua"),
            ),
            (
                "soften",
                include_str!("../../cachekit/src/store/redis/soften.lua"),
            ),
            (
                "heartbeat",
                include_str!("../../cachekit/src/store/redis/heartbeat.lua"),
            ),
            (
                "enqueue",
                include_str!("../../cachekit/src/store/redis/enqueue.lua"),
            ),
            (
                "write_queue",
                include_str!("../../cachekit/src/store/redis/write_queue.lua"),
            ),
        ];
        for (script, text) in scripts {
            assert!(!guards(script).is_empty(), "{script}");
            for (fault, guard, _) in guards(script) {
                assert!(text.contains(guard), "{fault:?}");
            }
        }
    }
}
