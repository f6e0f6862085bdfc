//! A token's description, asked for by the account of its contract.

use std::fmt;
use std::str::FromStr;

use cachekit::cached;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccountId(String);

impl FromStr for AccountId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() < 2 {
            return Err(format!("`{text}` is too short for an account"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FtMetadata {
    pub decimals: u8,
    pub symbol: String,
}

#[cached(ttl = "1d")]
pub async fn get_ft_metadata(contract: AccountId) -> Result<FtMetadata, String> {
    let (symbol, _) = contract
        .0
        .split_once('.')
        .ok_or_else(|| format!("{contract} has no symbol"))?;
    Ok(FtMetadata {
        decimals: 24,
        symbol: symbol.to_uppercase(),
    })
}
