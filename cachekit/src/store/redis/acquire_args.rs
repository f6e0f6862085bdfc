//! The arguments of the script `acquire`.

use crate::encoding::envelope::Token;
use crate::store::port::{AcquireRequest, EntryQuery, TokenKind};
use crate::store::redis::script::Call;
use crate::store::redis::{Redis, endless, nonce, whole_millis};

/// The arguments of one run of the script `acquire`, which are the same for a server and for the
/// entry's master in a cluster.
pub(crate) struct AcquireArgs<'a> {
    pub(crate) request: &'a AcquireRequest,
    /// The number of versions that the entry depends on.
    pub(crate) versions: usize,
    /// The number of these versions that never expire.
    pub(crate) endless: u64,
    /// The token of the entry that the caller rejected, and whether that entry is stale.
    pub(crate) rejected: (Option<Token>, bool),
    /// `true` if the versions are at other masters, and not among the keys.
    pub(crate) in_cluster: bool,
}

impl Redis {
    /// Returns the keys and arguments of the script `acquire`, for a server whose data set has the
    /// origin `origin`.
    pub(crate) fn acquiring(
        &self,
        query: EntryQuery<'_>,
        request: &AcquireRequest,
        origin: [u8; 8],
    ) -> Call {
        let mut call = Call::with_room(16, 512);
        self.add_key(&mut call, query.entry);
        for name in query.versions.iter().chain(&request.guards) {
            self.add_key(&mut call, name);
        }
        AcquireArgs {
            request,
            versions: query.versions.len(),
            endless: endless(query.versions),
            rejected: (request.rejected_token, request.ends_rejected),
            in_cluster: false,
        }
        .add_to(&mut call, origin);
        call
    }
}

impl AcquireArgs<'_> {
    /// Adds the arguments to `call`, for a server whose data set has the origin `origin`.
    pub(crate) fn add_to(&self, call: &mut Call, origin: [u8; 8]) {
        let request = self.request;
        let times = request.lease_times;
        call.add(&nonce())
            .add(&origin)
            .add(request.holder.as_ref().map_or(&[], |holder| &holder.0))
            .add_number(whole_millis(times.lease))
            .add_number(whole_millis(times.room))
            .add_number(whole_millis(request.version_life))
            .add_number(self.versions as u64)
            .add_number(self.endless);
        self.add_options(call);
    }

    /// Adds the options and the token of the rejected entry. Both are left out if there are none.
    fn add_options(&self, call: &mut Call) {
        let (request, (rejected, ends_rejected)) = (self.request, self.rejected);
        let options = [
            (request.force, b"r"),
            (request.token != TokenKind::Shared, b"n"),
            (request.token == TokenKind::SameGeneration, b"g"),
            (request.any_origin && !self.in_cluster, b"o"),
            (ends_rejected, b"e"),
            (self.in_cluster, b"c"),
        ];
        let given = options.iter().filter(|(is_given, _)| *is_given);
        if rejected.is_none() && given.clone().next().is_none() {
            return;
        }
        call.add_parts(given.map(|(_, letter)| letter));
        if let Some(rejected) = rejected {
            call.add(&rejected.0);
        }
    }
}
