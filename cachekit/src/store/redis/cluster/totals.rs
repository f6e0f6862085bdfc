//! The information of the masters of a Redis Cluster about themselves, in one [`ServerInfo`].

use crate::model::server_info::ServerInfo;

/// Returns the sums of `infos`. Of what has no sum, the value is that of the master that is the worst
/// for queued writes: each of the queues may be at any master. Returns `None` without masters.
pub(crate) fn total(infos: &[ServerInfo]) -> Option<ServerInfo> {
    let first = infos.first()?;
    let sum = |field: fn(&ServerInfo) -> u64| {
        let fields = infos.iter().map(field);
        fields.fold(0, u64::saturating_add)
    };
    let evicts = |info: &&ServerInfo| info.eviction_policy.starts_with("allkeys");
    let worst = infos.iter().find(evicts).unwrap_or(first);
    let oldest = infos.iter().min_by_key(|info| numbers(&info.version));
    let oldest = oldest.unwrap_or(first);
    let limits: Option<Vec<u64>> = infos.iter().map(|info| info.max_memory).collect();
    Some(ServerInfo {
        servers: sum(|info| info.servers),
        product: oldest.product.clone(),
        version: oldest.version.clone(),
        mode: first.mode.clone(),
        role: first.role.clone(),
        uptime: infos.iter().map(|it| it.uptime).min().unwrap_or_default(),
        clients: sum(|info| info.clients),
        keys: sum(|info| info.keys),
        hits: sum(|info| info.hits),
        misses: sum(|info| info.misses),
        evicted: sum(|info| info.evicted),
        expired: sum(|info| info.expired),
        used_memory: sum(|info| info.used_memory),
        max_memory: limits.map(|limits| limits.into_iter().fold(0, u64::saturating_add)),
        eviction_policy: worst.eviction_policy.clone(),
        has_append_only_file: infos.iter().all(|info| info.has_append_only_file),
        has_failed_to_save: infos.iter().any(|info| info.has_failed_to_save),
    })
}

/// Returns the numbers in `version`, in their order.
fn numbers(version: &str) -> Vec<u64> {
    let parts = version.split('.');
    parts.map(|part| part.parse().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn info(version: &str, number: u64, policy: &str) -> ServerInfo {
        ServerInfo {
            servers: 1,
            product: "Redis".to_owned(),
            version: version.to_owned(),
            mode: "cluster".to_owned(),
            role: "master".to_owned(),
            uptime: Duration::from_secs(number),
            clients: number,
            keys: number,
            hits: 3 * number,
            misses: number,
            evicted: number,
            expired: number,
            used_memory: number,
            max_memory: Some(10 * number),
            eviction_policy: policy.to_owned(),
            has_append_only_file: true,
            has_failed_to_save: false,
        }
    }

    #[test]
    fn numbers_are_added_and_the_worst_for_queued_writes_is_kept() {
        let mut infos = vec![
            info("7.10.0", 10, "noeviction"),
            info("7.2.4", 20, "allkeys-lru"),
            info("8.0.0", 30, "volatile-ttl"),
        ];
        let wanted = ServerInfo {
            servers: 3,
            uptime: Duration::from_secs(10),
            ..info("7.2.4", 60, "allkeys-lru")
        };
        assert_eq!(total(&infos), Some(wanted.clone()));
        infos[1].has_append_only_file = false;
        infos[2].has_failed_to_save = true;
        infos[2].max_memory = None;
        infos.rotate_left(1);
        let wanted = ServerInfo {
            max_memory: None,
            has_append_only_file: false,
            has_failed_to_save: true,
            ..wanted
        };
        assert_eq!(total(&infos), Some(wanted), "in any order");
        assert_eq!(total(&[]), None);
    }
}
