//! Members of an organisation, in a module that shows little of itself.

use std::sync::Mutex;

use cachekit::{CacheKey, cached, invalidates};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, CacheKey, Serialize, Deserialize)]
pub struct OrgId(pub u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, CacheKey, Serialize, Deserialize)]
pub struct UserId(pub u64);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    pub user: UserId,
    pub admin: bool,
}

#[derive(Default)]
pub struct Db(pub Mutex<Vec<(OrgId, Member)>>);

mod queries {
    use super::*;

    #[cached(
        key = "members:{org.0}",
        ttl = 300,
        tags = ["org:{org.0}", ..ret.iter().map(|member| format!("member:{}", member.user.0))]
    )]
    pub(crate) async fn members(db: &Db, org: OrgId) -> Vec<Member> {
        let rows = db.0.lock().expect("not poisoned");
        rows.iter()
            .filter(|(of, _)| *of == org)
            .map(|(_, member)| member.clone())
            .collect()
    }

    #[invalidates(members(_, org), tags = ["member:{member.user.0}"])]
    pub(crate) async fn add_member(db: &Db, org: OrgId, member: Member) {
        db.0.lock().expect("not poisoned").push((org, member));
    }
}

/// Adds a member, and gives all.
pub async fn admit(db: &Db, org: OrgId, user: UserId) -> Vec<Member> {
    let admin = queries::members(db, org).await.is_empty();
    queries::add_member(db, org, Member { user, admin }).await;
    queries::members(db, org).await
}
