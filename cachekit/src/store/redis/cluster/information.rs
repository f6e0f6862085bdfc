//! The questions to the masters of a Redis Cluster for information about themselves.

use std::sync::Arc;

use redis::{Pipeline, Value};
use tokio::time::Instant;

use crate::base::join::join_all;
use crate::model::server_info::ServerInfo;
use crate::store::failure::Failure;
use crate::store::redis::cluster::Cluster;
use crate::store::redis::cluster::links::{Link, Speaker};
use crate::store::redis::cluster::totals::total;
use crate::store::redis::place::Place;
use crate::store::redis::{reply, server_info};

impl Cluster {
    /// Asks all masters with slots, and returns the total of those that answer.
    ///
    /// # Errors
    ///
    /// Returns the first failure if a master refuses the question, or no master answers.
    pub(crate) async fn ask_masters(&self, until: Instant) -> Result<ServerInfo, Failure> {
        let masters = self.links.serving();
        let ask = async |(_, link): (Place, Arc<Link>)| {
            let speaker = Speaker::of(link)?;
            let mut commands = Pipeline::new();
            commands.add_command(server_info::question());
            let run = speaker
                .link
                .connections
                .run(&speaker.connected, &commands, until);
            let values: Vec<Value> = run.await?;
            speaker.said(reply::server_info(&values, 0))
        };
        let answers = join_all(masters.into_iter().map(ask).collect()).await;
        let mut infos = Vec::new();
        let mut failure = Failure::Unavailable;
        for answer in answers {
            match answer {
                Ok(info) => infos.push(info),
                Err(refused @ Failure::Rejected(_)) => return Err(refused),
                Err(other) => failure = other,
            }
        }
        total(&infos).ok_or(failure)
    }
}
