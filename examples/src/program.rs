//! The beginning and the end of a program: the help, the output, and failures.

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

/// An error that ends a program, as text.
pub type Fail = Box<dyn Error + Send + Sync>;

/// Runs a program whose command line was read as `args`; `None` asks for the text `help`.
pub async fn run<A>(
    args: Result<Option<A>, Fail>,
    help: &str,
    program: impl AsyncFnOnce(A) -> Result<(), Fail>,
) -> ExitCode {
    let run = match args {
        Ok(Some(args)) => program(args).await,
        Ok(None) => say(help),
        Err(fail) => Err(fail),
    };
    match run {
        Ok(()) => ExitCode::SUCCESS,
        Err(fail) => {
            eprintln!("error: {fail}");
            ExitCode::from(2)
        }
    }
}

/// Writes `text` to standard output and flushes it, for a script that waits for the text.
///
/// # Errors
///
/// Returns an error if standard output cannot be written.
pub fn say(text: &str) -> Result<(), Fail> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
