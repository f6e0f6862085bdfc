//! The statistics that the server reports.

use cachekit_tests::redis::{Client, Redis, Reply};

use crate::layout::{Layout, Scripts};

/// The server, asked by a connection beside the one that is measured.
pub(crate) struct Server {
    client: Client,
}

/// What commands cost the server, in microseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    /// Their execution.
    pub(crate) execution: f64,
    /// With reading, parsing and answering.
    pub(crate) cpu: f64,
}

impl Server {
    pub(crate) fn new(redis: &Redis) -> Self {
        Self {
            client: redis.client(),
        }
    }

    pub(crate) fn load(&mut self, layout: Layout) -> Scripts {
        let mut load = |source| {
            let digest = self.client.bulk(&["SCRIPT", "LOAD", source]);
            String::from_utf8(digest.expect("a digest")).expect("hexadecimal")
        };
        let [acquire, fill] = layout.sources().map(&mut load);
        Scripts { acquire, fill }
    }

    /// Sets the version keys of an entry.
    pub(crate) fn set_versions(&mut self, keys: &[String]) {
        for key in keys {
            let set = self.client.run(&["SET", key, "version-000000000000-001"]);
            assert_eq!(set, Reply::Text("OK".to_owned()));
        }
    }

    /// The memory of these keys, those that are there.
    pub(crate) fn memory(&mut self, keys: &[String]) -> i64 {
        let mut usage = |key: &String| match self.client.run(&["MEMORY", "USAGE", key]) {
            Reply::Int(bytes) => bytes,
            _ => 0,
        };
        keys.iter().map(&mut usage).sum()
    }

    pub(crate) fn delete(&mut self, key: &str) {
        self.client.int(&["DEL", key]);
    }

    pub(crate) fn delete_all(&mut self, pattern: &str) {
        for key in self.client.keys(pattern) {
            self.delete(&key);
        }
    }

    /// Starts to count what commands cost.
    pub(crate) fn reset(&mut self) -> f64 {
        self.client.run(&["CONFIG", "RESETSTAT"]);
        self.cpu()
    }

    /// What each of `times` runs of these commands cost since [`reset`](Self::reset).
    pub(crate) fn cost(&mut self, reset: f64, commands: &[&str], times: f64) -> Cost {
        let cpu = self.cpu() - reset;
        let mut execution = |name: &&str| {
            let field = format!("cmdstat_{name}");
            let stats = self.client.info("commandstats", &field);
            let stats = stats.unwrap_or_default();
            let mut fields = stats
                .split(',')
                .filter_map(|field| field.strip_prefix("usec="));
            fields.next().map_or(0.0, number)
        };
        let execution: f64 = commands.iter().map(&mut execution).sum();
        Cost {
            execution: execution / times,
            cpu: cpu / times,
        }
    }

    /// The CPU time that it used, in microseconds.
    fn cpu(&mut self) -> f64 {
        let fields = ["used_cpu_user", "used_cpu_sys"];
        let seconds = fields.map(|field| number(&self.client.info("cpu", field).expect("a field")));
        seconds.iter().sum::<f64>() * 1e6
    }
}

fn number(text: &str) -> f64 {
    text.parse().expect("a number")
}
