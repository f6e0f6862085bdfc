//! The server loses data that it had accepted.

use cachekit_tests::redis::Reply;

use super::{ROW, Row, proof, wait};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "script-flush",
        what: "`SCRIPT FLUSH` removes the scripts from Redis, five times in a second",
        inflict: |server| {
            for _ in 0..5 {
                server.run(&["SCRIPT", "FLUSH"])?;
                wait(200);
            }
            Ok("it forgot its scripts".to_owned())
        },
        ..ROW
    },
    Row {
        name: "flushall",
        what: "`FLUSHALL` removes all data from Redis, five times in a second",
        is_quick: true,
        inflict: |server| {
            let mut lost = 0;
            for _ in 0..5 {
                if let Reply::Int(keys) = server.run(&["DBSIZE"])? {
                    lost += keys;
                }
                server.run(&["FLUSHALL"])?;
                wait(200);
            }
            proof(lost > 0, format!("{lost} keys were lost"))
        },
        ..ROW
    },
];
