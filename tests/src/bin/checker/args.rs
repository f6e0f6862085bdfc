//! The command line.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use crate::mix::{self, Mix};
use crate::parent::{self, Disruption};
use crate::removed_guards::{self, RemovedGuard};
use crate::topology::Topology;

pub(crate) const HELP: &str = "\
checker: several processes over one Redis, faults of every kind, and a judge

    checker [--nodes 3] [--seconds 60] [--seed N] [--faults all|none|LIST] [--bus on|off]
            [--break NAME] [--mix NAME] [--topology one|sentinel|cluster]

--nodes N       processes with a cache each
--seconds N     how long they call
--seed N        of what is drawn at random; without it, another each time (it is printed)
--faults LIST   which faults are injected: all (the default), none, or some of
                del-entry, del-version, del-guard, kill-pubsub, kill-normal, restart, freeze,
                script-flush, flush-all, delay, hole, swallow, lose-ack, deafen, unversioned,
                repeat, close, foreign, repeat-all, fail-over, kill-master, stop-master, move-slot; the
                last four are not for --topology one, and move-slot is for --topology cluster
                alone; foreign and repeat-all are not in `all`: another program writes,
                removes the entry and says so in a form that nobody knows; commands run again
                and again
--bus on|off    on (the default): values in memory too, and nodes tell one another what is
                invalid; off: every read goes to Redis
--break NAME    removes one guard from every node, which must end with a violation; the
                mix of calls and the faults are chosen for it, unless --faults is given
--breaks        prints the names that --break takes
--mix NAME      what is called: usual, by-key, by-tag, by-value, seldom-read, few-writes, ordered,
                dropped-calls (calls that are dropped in the middle), acknowledged (invalidations
                that return when every node has applied them: no read that begins later, on
                any node, may be older), soft (invalidations that leave old values for a
                second: no read that begins later may be older, and none that asks for
                nothing old may be at all), nested (functions that call one another: what
                the outermost answers is held to what the innermost promises), nested-writes (the
                same, written by value), puts, regions, replicas, or one of three with faults of
                their own: nested-lives (writes that nobody is told of: what functions that call
                one another answer is no older than a life), late-writes (writes with an order whose numbers are older than what
                returned since) and missed-messages (a node hears of no invalidation and may
                not compute, but Redis answers what it asks: it may not go on with what it has)

--topology NAME one: a Redis, which each node reaches by a network of its own (the default);
                sentinel: three, which three sentinels watch: the master is killed, stopped and
                replaced in turn, and the nodes follow; cluster: a Redis Cluster of three
                masters with a replica each: masters are killed, stopped and replaced in turn,
                slots move, and the nodes follow; faults of a node's network are left out,
                because the servers name one another's addresses

Ends with 0 if no promise was broken, with 1 if one was or if there were fewer than 100,000
reads a minute, with 2 if the arguments make no sense.";

/// What is to be done.
pub(crate) enum Parsed {
    Help,
    Breaks,
    Parent(Settings),
    Node(NodeSettings),
}

/// The parent's settings.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) nodes: u8,
    pub(crate) length: Duration,
    pub(crate) seed: u64,
    pub(crate) disruptions: Vec<Disruption>,
    pub(crate) bus: bool,
    pub(crate) broken: Option<RemovedGuard>,
    pub(crate) mix: Option<(&'static str, Mix)>,
    pub(crate) topology: Topology,
}

/// A node's settings, as the parent gives them.
#[derive(Debug, Clone)]
pub(crate) struct NodeSettings {
    pub(crate) id: u8,
    pub(crate) nodes: u8,
    pub(crate) parent: SocketAddr,
    pub(crate) redis: String,
    pub(crate) bus: bool,
    pub(crate) broken: Option<RemovedGuard>,
    pub(crate) mix: Option<(&'static str, Mix)>,
    pub(crate) seed: u64,
}

impl NodeSettings {
    pub(crate) fn mix(&self) -> Mix {
        let of_broken = self.broken.map_or(mix::USUAL, |broken| broken.mix);
        self.mix.map_or(of_broken, |(_, mix)| mix)
    }

    /// The words that [`parse`] reads.
    pub(crate) fn to_args(&self) -> Vec<String> {
        let mut args = vec![
            "node".to_owned(),
            format!("--id={}", self.id),
            format!("--nodes={}", self.nodes),
            format!("--parent={}", self.parent),
            format!("--redis={}", self.redis),
            format!("--bus={}", if self.bus { "on" } else { "off" }),
            format!("--seed={}", self.seed),
        ];
        args.extend(self.broken.map(|broken| format!("--break={}", broken.name)));
        args.extend(self.mix.map(|(name, _)| format!("--mix={name}")));
        args
    }
}

/// Reads the words after the program's name.
pub(crate) fn parse(args: impl Iterator<Item = String>) -> Result<Parsed, String> {
    let mut args = args.peekable();
    if args.next_if(|arg| arg == "node").is_some() {
        return node(Words::read(args)?).map(Parsed::Node);
    }
    let words = Words::read(args)?;
    if words.help {
        return Ok(Parsed::Help);
    }
    if words.breaks {
        return Ok(Parsed::Breaks);
    }
    parent(words).map(Parsed::Parent)
}

fn parent(mut words: Words) -> Result<Settings, String> {
    let nodes = words.number("nodes")?.unwrap_or(3);
    let seconds = words.number("seconds")?.unwrap_or(60);
    if !(1..=16).contains(&nodes) {
        return Err("--nodes: expected 1 to 16".to_owned());
    }
    if seconds == 0 {
        return Err("--seconds: expected at least 1".to_owned());
    }
    let broken = words.broken()?;
    let mix = words.mix()?;
    let topology = words.take("topology");
    let topology = topology.map_or(Ok(Topology::One), |word| Topology::parse(&word))?;
    let only = mix.or(broken.map(|broken| (broken.name, broken.mix)));
    let only = only.map_or(&[][..], |(_, mix)| mix.only);
    let disruptions = match (words.take("faults"), &broken) {
        (Some(list), _) => parent::disruptions(&list, topology)?,
        (None, Some(broken)) => broken.disruptions.to_vec(),
        (None, None) if only.is_empty() => parent::disruptions("all", topology)?,
        (None, None) => only.to_vec(),
    };
    if !only.is_empty()
        && disruptions
            .iter()
            .any(|disruption| !only.contains(disruption))
    {
        return Err("--faults: this mix has faults of its own, and may have no others".to_owned());
    }
    if let Some(other) = disruptions
        .iter()
        .find(|it| !parent::is_possible(**it, topology))
    {
        return Err(format!(
            "--faults: {other:?} is not possible with --topology {topology:?}"
        ));
    }
    let wants_bus = broken.as_ref().is_none_or(RemovedGuard::wants_bus);
    let settings = Settings {
        nodes,
        length: Duration::from_secs(seconds),
        seed: words.number("seed")?.unwrap_or_else(|| fastrand::u64(..)),
        disruptions,
        bus: words.bus()? && wants_bus,
        broken,
        mix,
        topology,
    };
    words.end()?;
    Ok(settings)
}

fn node(mut words: Words) -> Result<NodeSettings, String> {
    let missing = |name: &str| format!("--{name} is missing");
    let settings = NodeSettings {
        id: words.number("id")?.ok_or_else(|| missing("id"))?,
        nodes: words.number("nodes")?.ok_or_else(|| missing("nodes"))?,
        parent: words.number("parent")?.ok_or_else(|| missing("parent"))?,
        redis: words.take("redis").ok_or_else(|| missing("redis"))?,
        bus: words.bus()?,
        broken: words.broken()?,
        mix: words.mix()?,
        seed: words.number("seed")?.ok_or_else(|| missing("seed"))?,
    };
    words.end()?;
    Ok(settings)
}

/// Options by name.
#[derive(Default)]
struct Words {
    pairs: Vec<(String, String)>,
    help: bool,
    breaks: bool,
}

/// An option and its value, which may be the next word.
fn pair(
    option: &str,
    arg: &str,
    rest: &mut impl Iterator<Item = String>,
) -> Result<(String, String), String> {
    if let Some((name, value)) = option.split_once('=') {
        return Ok((name.to_owned(), value.to_owned()));
    }
    let value = rest
        .next()
        .ok_or_else(|| format!("{arg}: a value is missing"))?;
    Ok((option.to_owned(), value))
}

impl Words {
    fn read(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut words = Self::default();
        while let Some(arg) = args.next() {
            let Some(option) = arg.strip_prefix("--") else {
                return Err(format!("`{arg}`: expected an option, see --help"));
            };
            match option {
                "help" => words.help = true,
                "breaks" => words.breaks = true,
                _ => words.pairs.push(pair(option, &arg, &mut args)?),
            }
        }
        Ok(words)
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.pairs.iter().position(|(given, _)| given == name)?;
        Some(self.pairs.remove(at).1)
    }

    fn number<N: FromStr>(&mut self, name: &str) -> Result<Option<N>, String> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let number = value.parse().map(Some);
        number.map_err(|_| format!("--{name}: cannot be `{value}`"))
    }

    fn bus(&mut self) -> Result<bool, String> {
        match self.take("bus").as_deref() {
            None | Some("on") => Ok(true),
            Some("off") => Ok(false),
            Some(other) => Err(format!("--bus: expected `on` or `off`, not `{other}`")),
        }
    }

    fn broken(&mut self) -> Result<Option<RemovedGuard>, String> {
        self.take("break")
            .map(|name| removed_guards::find(&name))
            .transpose()
    }

    fn mix(&mut self) -> Result<Option<(&'static str, Mix)>, String> {
        self.take("mix").map(|name| mix::find(&name)).transpose()
    }

    /// Nothing else may stand there.
    fn end(&self) -> Result<(), String> {
        match self.pairs.first() {
            None => Ok(()),
            Some((name, _)) => Err(format!("--{name}: unknown or given twice, see --help")),
        }
    }
}
