//! The parameters of a query that a rule selects.

use http::uri::{PathAndQuery, Uri};
use smallvec::SmallVec;

use crate::http::rules::options::Query;
use crate::http::rules::percent::decoded_in_query;

/// Returns the parameters that `selection` has in the key, in the order of the query. Each is the
/// text between two `&`, as sent.
pub(crate) fn selected<'a>(
    selection: &'a Query,
    query: Option<&'a str>,
) -> impl Iterator<Item = &'a str> {
    pieces(query).filter(|piece| is_selected(selection, piece))
}

/// Returns the selected parameters sorted by name. Parameters of one name keep their order.
pub(crate) fn sorted<'a>(selection: &'a Query, query: Option<&'a str>) -> SmallVec<[&'a str; 8]> {
    let mut pieces: SmallVec<[&str; 8]> = selected(selection, query).collect();
    // By decoded names, so that `q` and `%71` keep their order: a handler takes them for one name.
    pieces.sort_by(|one, other| {
        let (one, other) = (name(one), name(other));
        decoded_in_query(one).cmp(&decoded_in_query(other))
    });
    pieces
}

/// Returns `true` if the query has a parameter that is not selected.
pub(crate) fn has_unlisted(selection: &Query, query: Option<&str>) -> bool {
    pieces(query).any(|piece| !is_selected(selection, piece))
}

/// Returns `uri` with the selected parameters only, in the order of the query.
pub(crate) fn stripped(selection: &Query, uri: &Uri) -> Option<Uri> {
    let mut text = uri.path().to_owned();
    let mut separator = '?';
    for piece in selected(selection, uri.query()) {
        text.push(separator);
        text.push_str(piece);
        separator = '&';
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    Uri::from_parts(parts).ok()
}

fn pieces(query: Option<&str>) -> impl Iterator<Item = &str> {
    query.into_iter().flat_map(|query| query.split('&'))
}

fn is_selected(selection: &Query, piece: &str) -> bool {
    match selection {
        Query::All => true,
        Query::None => false,
        Query::Only(names) => {
            let name = decoded_in_query(name(piece));
            names.iter().any(|listed| *listed == name)
        }
    }
}

/// Returns the name of a parameter, as sent.
fn name(piece: &str) -> &str {
    piece.split('=').next().unwrap_or(piece)
}
