//! Everything that is measured, as tables of ratios. `table --help` says how.

mod args;
mod curve;
mod memory;
mod plots;
mod redis;
#[cfg(feature = "service")]
mod service;
mod traces;

use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use cachekit_benches::Fail;
use cachekit_benches::machine::Machine;
use cachekit_benches::report::{Report, Table};
use tokio::runtime::{Handle, Runtime};

use self::args::{Order, Section};

fn main() -> ExitCode {
    cachekit_benches::refuse_switches();
    let order = match args::parse() {
        Ok(Some(order)) => order,
        Ok(None) => {
            print!("{}", args::HELP);
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("error: {problem}; see --help");
            return ExitCode::from(2);
        }
    };
    match run(&order) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fail) => {
            eprintln!("error: {fail}");
            ExitCode::FAILURE
        }
    }
}

fn run(order: &Order) -> Result<(), Fail> {
    if let Some(file) = &order.from {
        let folder = order.plots.as_ref().ok_or("--from needs --plots")?;
        return plots::of_earlier(file, folder);
    }
    let start = Instant::now();
    let runtime = Runtime::new()?;
    if let Some(case) = order.memory_table {
        return memory::one(runtime.handle(), case, order.quick);
    }
    if let Some(point) = order.curve_point {
        return curve::one(runtime.handle(), point, order.quick);
    }
    let mut report = Report {
        machine: Machine::look(),
        tables: Vec::new(),
    };
    println!("{}", report.machine);
    let mut keep = |table: Table| {
        println!("{table}");
        report.tables.push(table);
    };
    measure(order, runtime.handle(), &mut keep)?;
    println!("{}", report.summary());
    eprintln!("took {} s", start.elapsed().as_secs());
    if let Some(file) = &order.json {
        let written = serde_json::to_string_pretty(&report)?;
        fs::write(file, written).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    if let Some(folder) = &order.plots {
        plots::write(&report.tables, folder)?;
    }
    Ok(())
}

/// Tables are shown as they come: what was measured before a failure is not lost.
fn measure(order: &Order, runtime: &Handle, keep: &mut impl FnMut(Table)) -> Result<(), Fail> {
    if order.wants(Section::Memory) {
        memory::measure(order.quick, keep)?;
    }
    if order.wants(Section::Curve) {
        curve::measure(order.quick, keep)?;
    }
    if order.wants(Section::Redis) {
        redis::measure(runtime, order.quick, keep)?;
    }
    if order.wants(Section::Traces) {
        traces::measure(runtime, order.quick, &order.room(), keep)?;
    }
    #[cfg(feature = "service")]
    if order.wants(Section::Service) {
        service::measure(runtime, order.quick, keep)?;
    }
    Ok(())
}
