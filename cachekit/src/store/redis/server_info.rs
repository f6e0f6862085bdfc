//! The answer of a Redis server to `INFO`, as a [`ServerInfo`].

use std::time::Duration;

use redis::{Cmd, cmd};

use crate::model::server_info::ServerInfo;

/// Returns the command that asks Redis for its usual sections, which contain all fields of a
/// [`ServerInfo`].
pub(crate) fn question() -> Cmd {
    cmd("INFO")
}

/// Parses `text`, the answer to `INFO`. `database` is the number of the cache's database. If a line
/// is missing, as in an older Redis, its field keeps the default value.
pub(crate) fn read(text: &str, database: i64) -> ServerInfo {
    let field = |name: &str| value(text, name);
    let number = |name: &str| field(name).and_then(|it| it.parse().ok()).unwrap_or(0_u64);
    let is_valkey = field("valkey_version").is_some() || field("server_name") == Some("valkey");
    let version = field("valkey_version").or_else(|| field("redis_version"));
    let owned = |name: &str| field(name).unwrap_or_default().to_owned();
    let has_failed = |name: &str| field(name).is_some_and(|status| status != "ok");
    ServerInfo {
        servers: 1,
        product: if is_valkey { "Valkey" } else { "Redis" }.to_owned(),
        version: version.unwrap_or_default().to_owned(),
        mode: field("redis_mode")
            .or_else(|| field("server_mode"))
            .unwrap_or_default()
            .to_owned(),
        role: owned("role"),
        uptime: Duration::from_secs(number("uptime_in_seconds")),
        clients: number("connected_clients"),
        keys: keys(text, database),
        hits: number("keyspace_hits"),
        misses: number("keyspace_misses"),
        evicted: number("evicted_keys"),
        expired: number("expired_keys"),
        used_memory: number("used_memory"),
        max_memory: Some(number("maxmemory")).filter(|&bytes| bytes > 0),
        eviction_policy: owned("maxmemory_policy"),
        has_append_only_file: field("aof_enabled") == Some("1"),
        has_failed_to_save: has_failed("rdb_last_bgsave_status")
            || has_failed("aof_last_write_status"),
    }
}

/// Returns the value of the line `name:value` of `text`.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let value = line.strip_prefix(name)?.strip_prefix(':')?;
        Some(value.trim_end())
    })
}

/// Returns the number of keys in `database`, from a line such as `db0:keys=5,expires=2`. A database
/// without keys has no line.
fn keys(text: &str, database: i64) -> u64 {
    let line = value(text, &format!("db{database}"));
    let count = line.and_then(|line| line.strip_prefix("keys=")?.split(',').next());
    count.and_then(|count| count.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REDIS: &str = "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nuptime_in_seconds:60\r\n\
        # Clients\r\nconnected_clients:3\r\n# Memory\r\nused_memory:1000\r\nused_memory_human:1000B\r\n\
        maxmemory:4000\r\nmaxmemory_policy:noeviction\r\n# Persistence\r\nrdb_last_bgsave_status:err\r\n\
        aof_enabled:1\r\naof_last_write_status:ok\r\n# Stats\r\nexpired_keys:4\r\nevicted_keys:5\r\n\
        keyspace_hits:6\r\nkeyspace_misses:2\r\n# Replication\r\nrole:master\r\n\
        # Keyspace\r\ndb0:keys=9,expires=1,avg_ttl=0\r\ndb12:keys=7,expires=1\r\n";

    #[test]
    fn every_field_is_read() {
        let info = read(REDIS, 12);
        let wanted = ServerInfo {
            servers: 1,
            product: "Redis".to_owned(),
            version: "7.0.15".to_owned(),
            mode: "standalone".to_owned(),
            role: "master".to_owned(),
            uptime: Duration::from_secs(60),
            clients: 3,
            keys: 7,
            hits: 6,
            misses: 2,
            evicted: 5,
            expired: 4,
            used_memory: 1000,
            max_memory: Some(4000),
            eviction_policy: "noeviction".to_owned(),
            has_append_only_file: true,
            has_failed_to_save: true,
        };
        assert_eq!(info, wanted);
        assert_eq!(read(REDIS, 1).keys, 0, "a database without keys");
    }

    #[test]
    fn valkey_is_recognised_by_its_own_version() {
        let text =
            "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0\r\nmaxmemory:0\r\n";
        let info = read(text, 0);
        assert_eq!((&*info.product, &*info.version), ("Valkey", "8.1.0"));
        assert_eq!(info.max_memory, None);
    }

    #[test]
    fn any_text_is_read_without_a_panic() {
        for text in [
            "",
            "maxmemory:many\r\n",
            "db0:keys\r\n",
            "redis_version",
            ":\r\n:",
        ] {
            let _ = read(text, 0);
        }
    }
}
