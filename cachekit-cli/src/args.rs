//! The arguments of the command.

use std::time::Duration;

use clap::{Args as Arguments, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::access::Access;

/// Looks into the caches of services that use cachekit, and invalidates entries.
///
/// Exit codes: 0, done; 1, the answer is no (no entry, no dead write, an error that the doctor
/// found, an invalidation that is not confirmed, no process that answers); 2, wrong arguments; 3,
/// Redis cannot be used.
#[derive(Debug, Parser)]
#[command(name = "cachekit", version)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) server: Server,

    /// Prints JSON, one line for each answer.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The Redis and the namespace of the caches.
#[derive(Debug, Clone, Arguments)]
pub(crate) struct Server {
    /// Address of Redis: `redis://host:6379`, `unix:///path`,
    /// `redis+sentinel://host:26379,host2:26379/master` or `redis+cluster://host:6379,host2:6379`.
    #[arg(long, global = true, env = "REDIS_URL", hide_env_values = true)]
    pub(crate) redis: Option<String>,

    /// Password of Redis, if the address has none. Set it in the environment instead, because other
    /// users of the machine can see the arguments of a command.
    #[arg(
        long,
        global = true,
        env = "REDIS_PASSWORD",
        hide_env_values = true,
        hide = true
    )]
    pub(crate) redis_password: Option<String>,

    /// Path of a file with the password of Redis.
    #[arg(
        long,
        global = true,
        env = "REDIS_PASSWORD_FILE",
        value_name = "PATH",
        hide = true
    )]
    pub(crate) redis_password_file: Option<String>,

    /// Keys of the services' encryption, as `id:key`. Set them in the environment, because other users
    /// of the machine can see the arguments of a command.
    #[arg(
        long,
        global = true,
        env = "CACHE_ENCRYPTION_KEYS",
        hide_env_values = true,
        hide = true
    )]
    pub(crate) encryption_keys: Option<String>,

    /// File with the keys of the services' encryption.
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "CACHE_ENCRYPTION_KEYS_FILE"
    )]
    pub(crate) encryption_keys_file: Option<String>,

    /// The services replace names in Redis by hashes (`hash_keys`).
    #[arg(
        long,
        global = true,
        env = "CACHE_HASH_KEYS",
        value_parser = flag
    )]
    pub(crate) hash_keys: bool,

    /// Namespace of the caches, as `CacheBuilder::namespace` sets it.
    #[arg(
        long,
        global = true,
        env = "CACHE_NAMESPACE",
        default_value = NAMESPACE
    )]
    pub(crate) namespace: String,

    #[command(flatten)]
    pub(crate) access: Access,
}

/// The namespace of services that set none.
const NAMESPACE: &str = "cachekit";

impl Server {
    /// Takes each empty value for one that is not set, as services do: a file of Docker Compose has
    /// empty variables. In the address, `none` means no Redis, as in a service.
    pub(crate) fn without_empty(mut self) -> Self {
        let is_given = |value: &String| !value.trim().is_empty();
        let is_address = |url: &String| !url.trim().eq_ignore_ascii_case("none");
        self.redis = self.redis.filter(is_given).filter(is_address);
        self.redis_password = self.redis_password.filter(is_given);
        self.redis_password_file = self.redis_password_file.filter(is_given);
        self.encryption_keys = self.encryption_keys.filter(is_given);
        self.encryption_keys_file = self.encryption_keys_file.filter(is_given);
        self.access = self.access.without_empty();
        if !is_given(&self.namespace) {
            NAMESPACE.clone_into(&mut self.namespace);
        }
        self
    }
}

/// Parses a flag as services do. An empty variable is not set.
fn flag(text: &str) -> Result<bool, &'static str> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "" | "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("expected `true` or `false`"),
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Checks Redis, the rights of the account and the bus, and tells each problem with its remedy.
    Doctor,
    /// Shows one entry in Redis: its age, remaining life, tags and value.
    Inspect {
        /// Key of the entry, without the namespace, such as `user:7`.
        key: String,
    },
    /// Invalidates entries, in every process.
    Invalidate(Targets),
    /// Invalidates all entries of the namespace, in every process.
    Clear {
        /// Waits until no process can serve an old value.
        #[arg(long)]
        ack: bool,
    },
    /// Prints the invalidations of all processes as they happen, until the command is interrupted.
    Watch,
    /// Shows the statistics of all processes: the functions with their calls, hit rates, times and
    /// misses, summed over the processes.
    Stats {
        #[command(flatten)]
        asking: Asking,
        /// Shows the statistics of each process, and not their sum.
        #[arg(long)]
        nodes: bool,
        /// Name of the only function to show, such as `shop::users::get_user`.
        #[arg(long, value_name = "NAME")]
        function: Option<String>,
    },
    /// Shows what the functions of all processes do now, refreshed in each round, until the command
    /// is interrupted.
    Top(Top),
    /// Shows the effective configuration of all processes, with the origin of each value.
    Config {
        #[command(flatten)]
        asking: Asking,
    },
    /// Shows, repeats and drops queued writes that were put aside after their last attempt.
    #[command(subcommand)]
    DeadWrites(DeadWrites),
    /// Prints the script for completion of this command in a shell.
    Completion {
        /// Shell for which the script is printed.
        shell: Shell,
    },
}

/// A question to all processes.
#[derive(Debug, Clone, Copy, Arguments)]
pub(crate) struct Asking {
    /// Longest time, in seconds, that the command waits for the processes' answers.
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    pub(crate) wait: Duration,
}

/// The rounds and the rows of `top`.
#[derive(Debug, Clone, Copy, Arguments)]
pub(crate) struct Top {
    #[command(flatten)]
    pub(crate) asking: Asking,

    /// Time between two rounds, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    pub(crate) every: Duration,

    /// Ends after this number of rounds.
    #[arg(long, value_name = "N")]
    pub(crate) rounds: Option<u64>,

    /// Ends after one round.
    #[arg(long, conflicts_with = "rounds")]
    pub(crate) once: bool,

    /// Column by which the functions are sorted.
    #[arg(long, default_value = "calls")]
    pub(crate) sort: Sort,

    /// Largest number of functions shown.
    #[arg(long, value_name = "N", default_value = "20")]
    pub(crate) rows: usize,
}

/// A column of `top`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Sort {
    /// Calls per second.
    Calls,
    /// Calls per second that memory did not answer with a fresh value.
    Misses,
    /// Time spent in the functions' bodies.
    Time,
    /// Name of the function.
    Name,
}

/// Parses a positive number of seconds, up to an hour.
fn seconds(text: &str) -> Result<Duration, String> {
    let length = text
        .parse()
        .ok()
        .and_then(|it| Duration::try_from_secs_f64(it).ok());
    let is_fit = |it: &Duration| !it.is_zero() && *it <= Duration::from_secs(3600);
    length.filter(is_fit).ok_or_else(|| {
        "expected a number of seconds above 0 and up to 3600, such as `0.5`".to_owned()
    })
}

/// The commands about dead writes.
#[derive(Debug, Subcommand)]
pub(crate) enum DeadWrites {
    /// Lists dead writes with their reasons, oldest first.
    List {
        /// Name of a write-behind function, such as `shop::save_cart`. Without a name, all
        /// functions.
        function: Option<String>,
    },
    /// Shows one dead write with its arguments.
    Show {
        /// Name of the function.
        function: String,
        /// Id of the dead write, as `list` shows it.
        id: String,
    },
    /// Queues dead writes again, with new attempts.
    Replay(Chosen),
    /// Drops dead writes. Dropped writes cannot be brought back.
    Drop(Chosen),
}

/// The dead writes to act on: one, or all of the function.
#[derive(Debug, Arguments)]
pub(crate) struct Chosen {
    /// Name of the function.
    pub(crate) function: String,

    /// Id of the dead write, as `list` shows it.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(crate) id: Option<String>,

    /// Selects all dead writes of the function.
    #[arg(long)]
    pub(crate) all: bool,
}

/// The entries to invalidate: at least one option. Each option may be repeated.
#[derive(Debug, Arguments)]
#[group(required = true, multiple = true)]
pub(crate) struct Names {
    /// Key of an entry, such as `user:7`.
    #[arg(long = "key", value_name = "KEY")]
    pub(crate) keys: Vec<String>,

    /// Tag, such as `org:7`.
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,

    /// Name of a function, such as `shop::users::get_user`.
    #[arg(long = "function", value_name = "NAME")]
    pub(crate) functions: Vec<String>,

    /// Event, such as `product.updated`.
    #[arg(long = "event", value_name = "EVENT")]
    pub(crate) events: Vec<String>,
}

/// Targets of an invalidation, and its mode.
#[derive(Debug, Arguments)]
pub(crate) struct Targets {
    #[command(flatten)]
    pub(crate) names: Names,

    /// Waits until no process can serve an old value.
    #[arg(long)]
    pub(crate) ack: bool,

    /// Makes the values stale instead of removing them.
    #[arg(long)]
    pub(crate) soft: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_length_of_time_is_positive() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for wrong in ["0", "-1", "x", "nan", "inf", "3601", ""] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_invalidation_of_nothing_is_refused() {
        assert!(Args::try_parse_from(["cachekit", "invalidate", "--ack"]).is_err());
        let words = [
            "cachekit",
            "invalidate",
            "--key",
            "a",
            "--key",
            "b",
            "--tag",
            "c",
        ];
        let Command::Invalidate(targets) = Args::try_parse_from(words).expect("right").command
        else {
            panic!("another command");
        };
        assert_eq!(targets.names.keys, ["a", "b"]);
        assert_eq!(targets.names.tags, ["c"]);
    }
}
