//! Translations and embeddings: text that is borrowed in every way.

use std::borrow::Cow;

use cachekit::cached;

#[cached(ttl = "1h")]
pub async fn translate<'a>(text: Cow<'a, str>, to: &str, context: Option<&'a str>) -> String {
    match context {
        Some(context) => format!("{text} ({context}) in {to}"),
        None => format!("{text} in {to}"),
    }
}

#[cached(key = "embedding:{model}:{version}:{texts}", ttl = "1d")]
pub async fn embed<const DIM: usize>(
    texts: &[&str],
    (model, version): (&str, u32),
) -> Result<Vec<Vec<f32>>, String> {
    if DIM == 0 {
        return Err(format!("{model} {version} gives no vectors of length 0"));
    }
    Ok(texts
        .iter()
        .map(|text| {
            let mut vector = vec![0.0; DIM];
            for (at, byte) in text.bytes().enumerate() {
                vector[at % DIM] += f32::from(byte);
            }
            vector
        })
        .collect())
}
