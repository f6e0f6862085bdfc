//! The addresses in the settings, at which a process first asks for the masters of a Redis Cluster.

use std::fmt;

use redis::{Cmd, Value, cmd};
use tokio::time::timeout;

use crate::store::failure::NO_RIGHT;
use crate::store::redis::address::{Address, check_login};
use crate::store::redis::cluster::topology::{Master, masters};
use crate::store::redis::handshake;
use crate::store::redis::permissions::MissingRights;
use crate::store::redis::place::Place;
use crate::store::redis::rights::{CLUSTER_NODES, Purpose, Tenant};
use crate::store::redis::settings::RedisSettings;
use crate::store::redis::timeout::CONNECT_TIMEOUT;
use crate::store::redis::unconnected::Unconnected;
use crate::store::redis::wrong::Wrong;

/// The schemes of the address of a cluster, each with the scheme of one of its nodes.
const SCHEMES: [(&str, &str); 2] = [
    ("redis+cluster://", "redis://"),
    ("rediss+cluster://", "rediss://"),
];

/// The addresses of some nodes of a cluster. Their login and their certificates are those of all.
#[derive(Clone)]
pub(crate) struct Seeds {
    addresses: Vec<Address>,
    /// The cache, whose rights an error names.
    pub(crate) tenant: Tenant,
}

/// Returns the scheme of the nodes in the cluster at `url`, and the rest of `url`. Returns `None` if
/// `url` is no address of a cluster.
pub(crate) fn of_cluster(url: &str) -> Option<(&'static str, &str)> {
    let mut schemes = SCHEMES.iter();
    schemes.find_map(|(scheme, of_node)| Some((*of_node, url.strip_prefix(scheme)?)))
}

impl Seeds {
    /// Parses `redis+cluster://[user:password@]host[:port][,host2[:port]]..[/0]`. Each of the addresses
    /// has the login.
    ///
    /// # Errors
    ///
    /// Returns the problem and the remedy, without the address.
    pub(crate) fn parse(settings: &RedisSettings<'_>) -> Result<Self, Wrong> {
        let url = settings.url;
        check_login(url)?;
        let (scheme, rest) = of_cluster(url).unwrap_or(("redis://", url));
        let (login, hosts) = match rest.rsplit_once('@') {
            Some((login, hosts)) => (format!("{login}@"), hosts),
            None => (String::new(), rest),
        };
        let hosts = hosts.strip_suffix('/').unwrap_or(hosts);
        let one = |host: &str| {
            if host.is_empty() && hosts.contains(',') {
                let problem = "has no host beside one of its commas".to_owned();
                return Err((problem, "remove the comma, or give the host".to_owned()));
            }
            let url = format!("{scheme}{login}{host}");
            Address::parse(&url, settings.password, settings.certificates)
        };
        let addresses: Vec<Address> = hosts.split(',').map(one).collect::<Result<_, _>>()?;
        if addresses.iter().any(|seed| seed.database() != 0) {
            let problem = "gives a number of a database, but a Redis Cluster has only database 0";
            let remedy = "remove the number, and keep applications apart by their namespaces";
            return Err((problem.to_owned(), remedy.to_owned()));
        }
        let tenant = Tenant::of_cluster(settings.namespace);
        Ok(Self { addresses, tenant })
    }

    /// Returns the address of the node at `place`, with the login and the certificates of all.
    pub(crate) fn at(&self, place: &Place) -> Address {
        self.addresses[0].at(place)
    }

    /// Asks one seed after another for the masters, and then the nodes at `others`, until a node knows
    /// masters with slots. A node that has left its cluster knows none.
    ///
    /// # Errors
    ///
    /// Returns an error if no node answers, and an error that lasts if there is one: the nodes that
    /// are away may have the same login.
    pub(crate) async fn ask(&self, others: &[Place]) -> Result<Vec<Master>, Unconnected> {
        let mut error = Unconnected::passing("no address is given");
        let mut without_slots = None;
        let others = others.iter().map(|place| self.at(place));
        for address in self.addresses.iter().cloned().chain(others) {
            match self.ask_one(&address).await {
                Ok(masters) if have_slots(&masters) => return Ok(masters),
                Ok(masters) => without_slots = Some(masters),
                Err(why) if error.lasting.is_none() => error = why,
                Err(_) => {}
            }
        }
        match without_slots {
            Some(masters) if error.lasting.is_none() => Ok(masters),
            _ => Err(error),
        }
    }

    async fn ask_one(&self, address: &Address) -> Result<Vec<Master>, Unconnected> {
        let asked = async {
            let mut connection = address.connect(|_| Ok(())).await?;
            let answer = connection.send_packed_command(&nodes_question()).await;
            answer.map_err(|error| Unconnected::of(address, &error))
        };
        let answer = match timeout(CONNECT_TIMEOUT, asked).await {
            Ok(answer) => answer?,
            Err(_) => return Err(address.silence()),
        };
        self.check(address, &answer)?;
        let place = address.place();
        Ok(place.map_or_else(Vec::new, |place| self.read(&answer, &place)))
    }

    /// Parses the `answer` of the node at `place` to [`nodes_question`].
    pub(crate) fn read(&self, answer: &Value, place: &Place) -> Vec<Master> {
        let text = handshake::text(answer).unwrap_or_default();
        masters(text, place, self.addresses[0].is_encrypted())
    }

    /// Returns an error if `answer` is the error of a server that refuses the question for the masters.
    fn check(&self, address: &Address, answer: &Value) -> Result<(), Unconnected> {
        let Value::ServerError(error) = answer else {
            return Ok(());
        };
        let who = format!("{address:?}");
        if error.code() == NO_RIGHT {
            let mut missing = MissingRights::none(&self.tenant, Purpose::Cache);
            missing.add(CLUSTER_NODES);
            let problem = format!("does not let this user run {missing}");
            return Err(Unconnected::lasting(who, problem, &missing.remedy()));
        }
        let details = error.details().unwrap_or_default();
        // A sentinel does not know the command.
        if ["cluster support disabled", "unknown command"]
            .iter()
            .any(|words| details.contains(words))
        {
            let problem = "is no node of a Redis Cluster".to_owned();
            let remedy = "give its address as `redis://host:6379`, or as \
                          `redis+sentinel://host:26379/master` if it is a sentinel";
            return Err(Unconnected::lasting(who, problem, remedy));
        }
        let code = error.code();
        Err(Unconnected::passing(format!("{code}: {details}")))
    }
}

/// Returns `true` if one of `masters` has slots.
pub(crate) fn have_slots(masters: &[Master]) -> bool {
    masters.iter().any(|master| !master.slots.is_empty())
}

/// Returns the command that asks a node for all masters and their slots.
pub(crate) fn nodes_question() -> Cmd {
    let mut question = cmd("CLUSTER");
    question.arg("NODES");
    question
}

impl fmt::Debug for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the cluster of ")?;
        for (number, address) in self.addresses.iter().enumerate() {
            let comma = if number > 0 { ", " } else { "" };
            write!(f, "{comma}{address:?}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::fault::Faults;
    use crate::store::redis::tls::Certificates;

    fn seeds(url: &str) -> Result<Seeds, Wrong> {
        Seeds::parse(&RedisSettings {
            url,
            password: Some("beside"),
            certificates: &Certificates::default(),
            sentinel_user: None,
            sentinel_password: None,
            namespace: "shop",
            any_origin: false,
            has_intents: true,
            has_answers: true,
            bus_timeout: std::time::Duration::from_secs(1),
            faults: Faults::default(),
        })
    }

    #[test]
    fn the_hosts_of_an_address_have_its_login_which_is_not_shown() {
        for path in ["", "/", "/0"] {
            let url = format!("redis+cluster://ann:se%2Fcret@a:7000,[::1]:8,b{path}");
            let shown = format!("{:?}", seeds(&url).expect("an address"));
            assert_eq!(
                shown,
                "the cluster of redis://a:7000, redis://::1:8, redis://b:6379"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_address() {
        for (url, words) in [
            ("redis+cluster://:secret@a/1", "database 0"),
            ("redis+cluster://:secret@a,b/1", "database 0"),
            ("redis+cluster://:secret@a/one", "redis+cluster://host"),
            ("redis+cluster://:se/cret@a", "percent-encode"),
            ("redis+cluster://", "redis+cluster://host"),
            (
                "redis+cluster://:secret@a,,b",
                "no host beside one of its commas",
            ),
            ("redis+cluster://:secret@a:x", "redis+cluster://host"),
        ] {
            let (problem, remedy) = seeds(url).expect_err(url);
            let said = format!("{problem}; {remedy}");
            assert!(said.contains(words), "{url}: {said}");
            assert!(!said.contains("cret"), "{said}");
        }
    }
}
