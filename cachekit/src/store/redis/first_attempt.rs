//! The result of the first attempt to connect to Redis, at the start of a cache.

use crate::base::trace::redis_connection;
use crate::store::redis::connection::ConnectionManager;
use crate::store::redis::permissions::MissingRights;
use crate::store::redis::topology::Topology;
use crate::store::redis::unconnected::Unconnected;
use crate::store::redis::wrong::Wrong;

/// Reports the result of the first attempt to connect.
///
/// # Errors
///
/// Returns the problem and the remedy if no attempt can succeed, or the account lacks a right
/// without which the cache does not work.
pub(crate) fn judge(
    connections: &ConnectionManager,
    topology: &Topology,
    first: Result<MissingRights, Unconnected>,
    can_be_spared: impl Fn(&str) -> bool,
) -> Result<(), Wrong> {
    match first {
        Ok(missing_rights) if missing_rights.are_all(can_be_spared) => {
            connections.report_missing_rights(&missing_rights);
            Ok(())
        }
        Ok(missing_rights) => {
            let shown = topology.shown();
            let problem = format!("{shown} does not let this user run {missing_rights}");
            Err((problem, missing_rights.remedy()))
        }
        Err(error) => {
            if let Some(lasting) = error.lasting {
                return Err(lasting.wrong());
            }
            redis_connection::redis_unreachable_at_start(&topology.shown(), &error.why);
            Ok(())
        }
    }
}
