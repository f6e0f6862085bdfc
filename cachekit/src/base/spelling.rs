//! The known word that a misspelt word may stand for, and lists of words for messages.
//!
//! Messages about attributes and messages about files give the same help. The two crates that write
//! them cannot share code, so each has a copy of this file. `tests/architecture` checks that the
//! copies are equal.

/// Returns the word in `known` that the user probably meant by `word`: one that differs by one
/// typing mistake, or by at most two if `word` is longer than three letters. Returns `None` if
/// there is no such word.
pub(crate) fn did_you_mean<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // In a word of up to three letters, two typing mistakes could lead to an unrelated word.
    let limit = if word.chars().count() <= 3 { 1 } else { 2 };
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns the edit distance of two words. A swap of two neighbouring letters counts as one mistake
/// (`tgas` for `tags` is common).
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut rows = vec![vec![0; right.len() + 1]; left.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=right.len()).collect();
    for i in 1..=left.len() {
        for j in 1..=right.len() {
            let substituted = rows[i - 1][j - 1] + usize::from(left[i - 1] != right[j - 1]);
            let mut best = substituted.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[left.len()][right.len()]
}

/// Returns the words `words` (such as the names of options) as a list for a message: `` `a`, `b` ``.
pub(crate) fn quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn typing_mistakes() {
        let known = ["ttl", "tags", "key", "version", "store_if"];
        let cases = [
            ("tll", Some("ttl")),
            ("tag", Some("tags")),
            ("tgas", Some("tags")),
            ("versoin", Some("version")),
            ("storeif", Some("store_if")),
            ("banana", None),
            ("xyz", None),
        ];
        for (word, meant) in cases {
            assert_eq!(did_you_mean(word, known), meant, "{word}");
        }
    }
}
