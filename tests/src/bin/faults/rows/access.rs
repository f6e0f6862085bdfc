//! The server refuses operations that it accepted before.

use super::{Inflicted, ROW, Row, refusal, wait};
use crate::said::PASSWORD;
use crate::world::{Server, run};

/// Whom the nodes log in as where that changes.
const USER: &str = "app";

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "read-only",
        what: "`REPLICAOF` makes the master a replica of a server that does not exist, until \
               `REPLICAOF NO ONE`; meanwhile Redis answers reads and refuses writes",
        assumes: "`on_new_master = clear`, the default",
        is_quick: true,
        inflict: |server| {
            let mut client = server.client();
            run(&mut client, &["REPLICAOF", "127.0.0.1", "1"])?;
            let refused = run(&mut client, &["SET", "other:1", "1"]);
            wait(1_500);
            run(&mut client, &["REPLICAOF", "NO", "ONE"])?;
            refusal(refused)
        },
        ..ROW
    },
    Row {
        name: "wrong-password",
        what: "the password of the nodes' account is changed and `CLIENT KILL` ends every \
               connection; later the old password is restored",
        is_quick: true,
        is_silent: true,
        inflict: |server| {
            let mut client = server.client();
            let another = format!("{PASSWORD}-2");
            run(&mut client, &["CONFIG", "SET", "requirepass", &another])?;
            for kind in ["normal", "pubsub"] {
                run(&mut client, &["CLIENT", "KILL", "TYPE", kind])?;
            }
            let refused = run(&mut server.redis().client(), &["AUTH", PASSWORD]);
            wait(1_500);
            run(&mut client, &["CONFIG", "SET", "requirepass", PASSWORD])?;
            refusal(refused)
        },
        ..ROW
    },
    Row {
        name: "acl-revoked",
        what: "`ACL SETUSER` revokes the right to every command from the nodes' account, and \
               later grants the rights again",
        user: USER,
        prepare: |server| {
            let password = format!(">{PASSWORD}");
            let all = ["ACL", "SETUSER", USER, "on", &password, "~*", "&*", "+@all"];
            server.run(&all).map(|_| ())
        },
        inflict: revoke,
        ..ROW
    },
];

fn revoke(server: &Server) -> Inflicted {
    let mut user = server.redis().client();
    run(&mut user, &["AUTH", USER, PASSWORD])?;
    server.run(&["ACL", "SETUSER", USER, "-@all"])?;
    let refused = run(&mut user, &["GET", "other:1"]);
    wait(1_500);
    server.run(&["ACL", "SETUSER", USER, "+@all"])?;
    refusal(refused)
}
