//! The sentinels of one set of servers, and the knowledge of its master.

use std::fmt;

use tokio::sync::watch;

use crate::model::config::secret::is_name;
use crate::store::redis::address::{Address, EXPECTED, check_login};
use crate::store::redis::place::Place;
use crate::store::redis::sentinel::answer::{Answer, Known};
use crate::store::redis::settings::RedisSettings;
use crate::store::redis::wrong::Wrong;

/// The largest number of sentinels in an address.
const MOST: usize = 32;

/// The port of a sentinel whose address names none.
const PORT: u16 = 26_379;

/// The sentinels of one set of servers. Several tasks share this value, and learn from each other
/// which server is the master.
pub(crate) struct Sentinels {
    /// The name of the set, by which the sentinels know it.
    pub(crate) name: String,
    pub(crate) addresses: Vec<Address>,
    /// The login, the database and the certificates for the master, with some host.
    master: Address,
    known: watch::Sender<Known>,
}

impl Sentinels {
    /// Parses `redis+sentinel://[user:password@]host[:port],host2[:port]/master[/db]`. The login
    /// and the database are those of the master.
    ///
    /// # Errors
    ///
    /// Returns the problem and the remedy, without the address.
    pub(crate) fn parse(settings: &RedisSettings<'_>) -> Result<Self, Wrong> {
        let url = settings.url;
        let wrong = |problem: &str| (problem.to_owned(), EXPECTED.to_owned());
        let (scheme, rest) = url.split_once("+sentinel://").unwrap_or_default();
        check_login(url)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (format!("{login}@"), hosts),
            None => (String::new(), authority),
        };
        let (name, database) = path.split_once('/').unwrap_or((path, ""));
        if name.is_empty() {
            return Err(wrong("names no master after the sentinels"));
        }
        if !is_name(name) {
            return Err(wrong(
                "has a master whose name is not of letters, digits, `-`, `_` and `.`",
            ));
        }
        let hosts: Vec<&str> = hosts.split(',').collect();
        if hosts.len() > 1 && hosts.contains(&"") {
            return Err(wrong("has no host beside one of its commas"));
        }
        if hosts.len() > MOST {
            return Err(wrong("names more than 32 sentinels"));
        }
        let parse = |url: &str, password| Address::parse(url, password, settings.certificates);
        let master = format!("{scheme}://{login}{}/{database}", hosts[0]);
        let master = parse(&master, settings.password)?;
        let sentinel = |host: &&str| {
            let port = if has_port(host) {
                String::new()
            } else {
                format!(":{PORT}")
            };
            let address = parse(&format!("{scheme}://{host}{port}"), None)?;
            let is_place = address.place().is_some() && !host.contains('@');
            if !is_place {
                return Err(wrong("has a sentinel that is no host"));
            }
            Ok(address.with_login(settings.sentinel_user, settings.sentinel_password))
        };
        Ok(Self {
            name: name.to_owned(),
            addresses: hosts.iter().map(sentinel).collect::<Result<_, _>>()?,
            master,
            known: watch::Sender::new(Known::default()),
        })
    }

    /// Returns the address of the server at `place`, to which the cache logs in.
    pub(crate) fn master_at(&self, place: &Place) -> Address {
        self.master.at(place)
    }

    pub(crate) fn database(&self) -> i64 {
        self.master.database()
    }

    pub(crate) fn known(&self) -> Known {
        self.known.borrow().clone()
    }

    /// Takes the answer of a sentinel, which counts if it is newer than the known one.
    pub(crate) fn learn(&self, answer: &Answer) {
        self.known.send_if_modified(|known| known.learn(answer));
    }

    /// Takes the answer of a sentinel whose server has proved to be the master, in a search that
    /// began after `since` changes. Returns the number of changes now, or `None` if another server
    /// became the master during the search.
    pub(crate) fn found(&self, answer: &Answer, since: u64) -> Option<u64> {
        let mut seen = None;
        self.known.send_if_modified(|known| {
            let is_current = known.changes == since;
            let is_change = known.find(answer, since);
            seen = is_current.then_some(known.changes);
            is_change
        });
        seen
    }

    /// Returns the number of times that another server became the master.
    pub(crate) fn changes(&self) -> u64 {
        self.known.borrow().changes
    }

    /// Waits until another server has become the master since [`changes`](Self::changes) returned
    /// `since`.
    pub(crate) async fn changed(&self, since: u64) {
        // The sender is a field of `self`, so it lives.
        let mut known = self.known.subscribe();
        let _ = known.wait_for(|known| known.changes != since).await;
    }

    /// Waits until another server is the master, for a connection to `place` that was made after
    /// `seen` changes.
    pub(crate) async fn moved(&self, place: &Place, seen: u64) {
        let mut known = self.known.subscribe();
        let _ = known.wait_for(|known| known.has_moved(place, seen)).await;
    }
}

/// Returns `true` if `host` ends with a colon and a port. An address of IPv6 is in brackets.
fn has_port(host: &str) -> bool {
    let end = host.rfind(']').map_or(0, |end| end + 1);
    host[end..].contains(':')
}

impl fmt::Debug for Sentinels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sentinels")
            .field("name", &self.name)
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::fault::Faults;
    use crate::store::redis::tls::Certificates;

    fn parse(url: &str) -> Result<Sentinels, Wrong> {
        Sentinels::parse(&RedisSettings {
            url,
            password: Some("beside"),
            certificates: &Certificates::default(),
            sentinel_user: Some("watcher"),
            sentinel_password: Some("hush"),
            namespace: "shop",
            any_origin: false,
            has_intents: true,
            has_answers: true,
            bus_timeout: std::time::Duration::from_secs(1),
            faults: Faults::default(),
        })
    }

    #[test]
    fn an_address_is_read_and_shown_without_its_logins() {
        let url = "redis+sentinel://app:secret@a,b:7,[::1]:8/main.1/3";
        let sentinels = parse(url).unwrap();
        assert_eq!(
            (sentinels.name.as_str(), sentinels.database()),
            ("main.1", 3)
        );
        let shown = format!("{sentinels:?}");
        assert!(
            shown.contains("[redis://a:26379, redis://b:7, redis://::1:8]"),
            "{shown}"
        );
        let host = "10.0.0.9".to_owned();
        let master = sentinels.master_at(&Place { host, port: 6380 });
        assert_eq!(format!("{master:?}"), "redis://10.0.0.9:6380");
        for secret in ["secret", "beside", "hush", "watcher", "app"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_address() {
        for url in [
            "redis+sentinel://",
            "redis+sentinel://:secret@a",
            "redis+sentinel://:secret@a/",
            "redis+sentinel://:secret@a/my%20master",
            "redis+sentinel://:secret@a/m/one",
            "redis+sentinel://:secret@a/m/1/2",
            "redis+sentinel://:secret@a,,b/m",
            "redis+sentinel://:secret@a:port/m",
            "redis+sentinel://:se/cret@a/m",
        ] {
            let (problem, remedy) = parse(url).expect_err(url);
            let said = format!("{problem}; {remedy}");
            assert!(said.contains("redis://"), "{url}: {said}");
            assert!(
                !said.contains("cret@") && !said.contains("secret"),
                "{said}"
            );
        }
        let many = format!("redis+sentinel://{}/m", vec!["a"; 33].join(","));
        assert!(parse(&many).is_err());
    }
}
