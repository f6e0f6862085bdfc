//! The dear half of judging a picture: synchronous, with a model that is used exclusively.

use std::path::Path;

use anyhow::Context as _;
use cachekit::cached;

/// A loaded model. Running it changes it, so it comes as `&mut`.
pub struct Session {
    pub runs: u32,
}

impl Session {
    fn run(&mut self, bytes: &[u8]) -> Vec<f32> {
        self.runs += 1;
        bytes.iter().map(|byte| f32::from(*byte) / 255.0).collect()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct QualityRawData {
    pub width: u32,
    pub scores: Vec<f32>,
}

#[cached(key = "quality:{path.as_ref().display()}", tier = memory, ttl = "1h")]
pub fn compute_quality_raw(
    path: impl AsRef<Path>,
    session: &mut Session,
) -> anyhow::Result<QualityRawData> {
    let bytes = std::fs::read(path.as_ref())
        .with_context(|| format!("cannot open {}", path.as_ref().display()))?;
    let scores = session.run(&bytes);
    Ok(QualityRawData {
        width: u32::try_from(bytes.len())?,
        scores,
    })
}
