//! The process of a writer, which is killed.

use std::future::pending;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::broken::{self, RemovedGuard};
use crate::plan::{Attribute, Plan};
use crate::point::Point;
use crate::postgres;
use crate::row::{self, Node};

/// Words of the command line of a writer.
const THROUGH: &str = "write-through";
const SINGLE: &str = "single";

/// The connections and the write of a process.
#[derive(Debug)]
struct Settings {
    redis: String,
    database: PathBuf,
    row: u64,
    point: Point,
    attribute: Attribute,
    is_single: bool,
    broken: Option<RemovedGuard>,
}

impl Settings {
    fn parse(words: &[String]) -> Result<Self, String> {
        let [
            redis,
            database,
            row,
            point,
            attribute,
            statements,
            broken @ ..,
        ] = words
        else {
            return Err("--writer is for this program alone".to_owned());
        };
        let broken = broken.first().map(|name| broken::find(name)).transpose()?;
        Ok(Self {
            redis: redis.clone(),
            database: database.into(),
            row: row.parse().map_err(|_| format!("`{row}`: no row"))?,
            point: Point::find(point)?,
            attribute: match attribute.as_str() {
                THROUGH => Attribute::WriteThrough,
                _ => Attribute::Invalidates,
            },
            is_single: statements == SINGLE,
            broken,
        })
    }
}

/// Runs in the process of a writer.
pub(crate) fn main(words: &[String]) -> ExitCode {
    let settings = match Settings::parse(words) {
        Ok(settings) => settings,
        Err(problem) => {
            eprintln!("error: {problem}");
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(write(&settings));
    say("ended");
    ExitCode::SUCCESS
}

async fn write(settings: &Settings) {
    let node = connected(settings).await;
    say("ready");
    let mut line = String::new();
    // Its parent ends it, or says when.
    if std::io::stdin().read_line(&mut line).unwrap_or_default() == 0 {
        return;
    }
    let stop = async |point: Point| {
        if point == settings.point {
            say("reached");
            pending::<()>().await;
        }
    };
    let (row, is_single) = (settings.row, settings.is_single);
    let written = match settings.attribute {
        Attribute::Invalidates => row::write_row(&node, row, is_single, stop).await,
        Attribute::WriteThrough => {
            let written = row::replace_row(&node, row, is_single, stop).await;
            written.map(drop)
        }
    };
    written.expect("the database takes the write");
}

async fn connected(settings: &Settings) -> Node {
    let cache = broken::remove(row::settings(&settings.redis), settings.broken);
    let name = application(settings.row);
    let database = postgres::connect(&settings.database, &name).await;
    Node {
        cache: cache.build().await.expect("a valid set-up"),
        database: database.expect("the database takes connections"),
    }
}

/// Returns the name by which the database knows the writer of `row`.
pub(crate) fn application(row: u64) -> String {
    format!("writer-{row}")
}

fn say(what: &str) {
    println!("{what}");
}

/// A writer's process, as its parent sees it. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Writer {
    process: Child,
    orders: ChildStdin,
    said: UnboundedReceiver<String>,
}

impl Writer {
    /// Starts the writer of `plan`.
    ///
    /// # Panics
    ///
    /// Panics if this program does not start a second time.
    pub(crate) fn start(
        plan: &Plan,
        redis: &str,
        database: &Path,
        broken: Option<&'static str>,
    ) -> Self {
        let attribute = match plan.attribute {
            Attribute::Invalidates => "invalidates",
            Attribute::WriteThrough => THROUGH,
        };
        let statements = if plan.is_single {
            SINGLE
        } else {
            "transaction"
        };
        let mut process = Command::new(std::env::current_exe().expect("this program"))
            .args(["--writer", redis])
            .arg(database)
            .args([&plan.row.to_string(), plan.point.name()])
            .args([attribute, statements])
            .args(broken)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let (tell, said) = unbounded_channel();
        let out = BufReader::new(process.stdout.take().expect("piped"));
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                // It fails when the run is over.
                let _ = tell.send(line);
            }
        });
        Self {
            orders: process.stdin.take().expect("piped"),
            process,
            said,
        }
    }

    /// Waits until the process says `what`.
    ///
    /// # Errors
    ///
    /// Fails if it says something else, or ends.
    pub(crate) async fn says(&mut self, what: &str) -> Result<(), String> {
        match self.said.recv().await {
            Some(said) if said == what => Ok(()),
            other => Err(format!("a writer said {other:?} instead of `{what}`")),
        }
    }

    /// Lets the process call the function.
    pub(crate) fn go(&mut self) {
        // A process that is gone is noticed by what it does not say.
        let _ = writeln!(self.orders, "go");
    }

    /// Kills the process with SIGKILL, and returns when it is dead.
    pub(crate) fn kill(&mut self) {
        // Neither fails but for a child that is gone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.kill();
    }
}
