//! `cachekit doctor`.

use std::fmt::Write as _;
use std::process::ExitCode;

use cachekit::{Diagnosis, Severity};

use crate::args::Server;
use crate::connect::builder;
use crate::output::{Error, NO, Output, printable};

/// Checks the set-up. The exit code is 1 if a finding is an error.
pub(crate) async fn run(server: &Server, output: Output) -> Result<ExitCode, Error> {
    let diagnosis = builder(server)?.doctor().await;
    output.print(&diagnosis, text(&diagnosis, output));
    Ok(if diagnosis.has_errors() {
        ExitCode::from(NO)
    } else {
        ExitCode::SUCCESS
    })
}

/// Returns the text of `diagnosis` with coloured severities.
fn text(diagnosis: &Diagnosis, output: Output) -> String {
    let plain = diagnosis.to_string();
    let mut text = String::with_capacity(plain.len());
    // A reply of the server may be part of a finding.
    for line in plain.lines().map(printable) {
        let line = line.as_str();
        let severity = diagnosis.findings.iter().map(|finding| finding.severity);
        let mut severity = severity.filter(|it| line.starts_with(&it.to_string()));
        let shown = match severity.next() {
            Some(Severity::Error) => output.bad(line),
            Some(Severity::Warning) => output.warn(line),
            _ if line == "no problem found" => output.good(line),
            _ => line.to_owned(),
        };
        // Writing to a string does not fail.
        let _ = writeln!(text, "{shown}");
    }
    text
}
