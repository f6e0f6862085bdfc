//! Patterns of paths, in the syntax of axum: `/products/{id}`, `/files/{*rest}`.

use matchit::{InsertError, Router};

/// Checks the pattern `path` and returns the names of its parameters, in order. The `Err` says what
/// is wrong and what to write.
pub(crate) fn parameters(path: &str) -> Result<Vec<String>, String> {
    if !path.starts_with('/') {
        return Err("it does not begin with `/`; write the path as axum's routes do".to_owned());
    }
    if path.contains(['?', '#']) {
        return Err("it has a query; name its parameters in `query = [..]`".to_owned());
    }
    let old = path
        .split('/')
        .find(|part| part.starts_with([':', '*']) && part.len() > 1);
    if let Some(part) = old {
        let star = if part.starts_with('*') { "*" } else { "" };
        let name = &part[1..];
        return Err(format!("write `{{{star}{name}}}` for `{part}`"));
    }
    let names = names(path)?;
    if let Some(name) = twice(&names) {
        return Err(format!("it has two parameters `{name}`; rename one"));
    }
    Router::new()
        .insert(path, ())
        .map_err(|error| mistake(&error).to_owned())?;
    Ok(names)
}

/// Returns the names of the parameters. `{{` and `}}` are literal braces.
fn names(path: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut rest = path;
    while let Some(at) = rest.find(['{', '}']) {
        let brace = &rest[at..=at];
        let behind = &rest[at + 1..];
        if behind.starts_with(brace) {
            rest = &behind[1..];
            continue;
        }
        let end = behind.find('}').filter(|_| brace == "{");
        let Some(end) = end else {
            return Err(
                "a brace has no counterpart; write `{id}` for a parameter, `{{` or `}}` for a \
                 literal brace"
                    .to_owned(),
            );
        };
        let name = &behind[..end];
        names.push(name.strip_prefix('*').unwrap_or(name).to_owned());
        rest = &behind[end + 1..];
    }
    Ok(names)
}

/// Returns an element that is in `all` twice.
pub(crate) fn twice<T: PartialEq>(all: &[T]) -> Option<&T> {
    let mut pairs = all.iter().enumerate();
    pairs.find_map(|(index, one)| all[..index].contains(one).then_some(one))
}

fn mistake(error: &InsertError) -> &'static str {
    match error {
        InsertError::InvalidParamSegment => {
            "two parameters are in one segment; put a `/` between them"
        }
        InsertError::InvalidCatchAll => "`{*rest}` is not at the end; move it there",
        _ => "a parameter has no valid name; write `{id}`, or `{*rest}` at the end",
    }
}
