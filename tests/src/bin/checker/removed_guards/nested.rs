//! The guards of functions that call one another.

use cachekit::testing::Fault;

use super::{RemovedGuard, dawdle, hesitate, ponder, stumble};
use crate::mix;
use crate::parent::Disruption;

pub(super) const ALL: &[RemovedGuard] = &[
    RemovedGuard {
        name: "forget-nested",
        fault: Fault::ForgetNested,
        mix: mix::NESTED,
        disruptions: &[],
        step_in: stumble,
    },
    RemovedGuard {
        name: "forget-unkept",
        fault: Fault::ForgetUnkept,
        mix: mix::NESTED_ALONE,
        disruptions: &[],
        step_in: stumble,
    },
    RemovedGuard {
        name: "fill-without-inner",
        fault: Fault::FillWithoutInner,
        mix: mix::NESTED_FIRST,
        disruptions: &[],
        step_in: dawdle,
    },
    RemovedGuard {
        name: "add-ages",
        fault: Fault::AddAges,
        mix: mix::NESTED_LIVES,
        disruptions: &[],
        step_in: stumble,
    },
    RemovedGuard {
        name: "lineage-at-grant",
        fault: Fault::LineageAtGrant,
        mix: mix::NESTED_FIRST,
        disruptions: &[],
        step_in: dawdle,
    },
    RemovedGuard {
        name: "epoch-only-where-held",
        fault: Fault::EpochOnlyWhereHeld,
        mix: mix::NESTED_FIRST,
        disruptions: &[],
        step_in: ponder,
    },
    RemovedGuard {
        name: "joiners-by-door",
        fault: Fault::JoinersByDoor,
        mix: mix::NESTED,
        disruptions: &[],
        step_in: stumble,
    },
    RemovedGuard {
        name: "one-epoch-move",
        fault: Fault::OneEpochMove,
        mix: mix::NESTED_WRITES,
        disruptions: &[],
        step_in: hesitate,
    },
    RemovedGuard {
        name: "pass-without-version",
        fault: Fault::PassWithoutVersion,
        mix: mix::NESTED_BY_KEY,
        disruptions: &[Disruption::Unversioned],
        step_in: stumble,
    },
];
