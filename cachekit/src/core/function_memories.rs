//! Memories (L1) of the functions with their own capacity (`capacity = 1000`), and the cores that
//! use these memories. A core is the state of a cache with one memory.

use std::sync::Arc;

use crate::base::fault::removed;
use crate::core::state::Core;
use crate::l1::memory::Memory;
use crate::model::config::Capacity;
use crate::model::function_spec::{FnSpec, MemoryChoice};
use crate::model::owner::OwnerId;

impl Core {
    /// Returns the core (the state of a cache with one memory) whose memory has the entries of the
    /// function `spec`. Returns `self` if the function's entries are only in Redis.
    #[inline]
    pub(crate) fn core_of<'a>(self: &'a Arc<Self>, spec: &'static FnSpec) -> &'a Arc<Self> {
        self.core_in_memory_of(spec).unwrap_or(self)
    }

    /// Returns the core (the state of a cache with one memory) whose memory has the entries of the
    /// function `spec`. Returns `None` if the function's entries are only in Redis.
    #[inline]
    pub(crate) fn core_in_memory_of<'a>(
        self: &'a Arc<Self>,
        spec: &'static FnSpec,
    ) -> Option<&'a Arc<Self>> {
        match spec.memory_choice() {
            MemoryChoice::Shared => Some(self),
            MemoryChoice::Own(entries) => Some(self.own_core(spec.id(), entries)),
            MemoryChoice::None => None,
        }
    }

    #[cold]
    #[inline(never)]
    fn own_core(self: &Arc<Self>, owner: OwnerId, entries: u64) -> &Arc<Self> {
        // A core without a map of function cores is already the core of one function.
        let Some(function_cores) = &self.function_cores else {
            return self;
        };
        function_cores.of(owner, || {
            let entries = self.configuration.capacity_of(owner, entries);
            let capacity = Capacity::entries(entries);
            Arc::new(self.with_memory(capacity, self.new_memory(capacity)))
        })
    }

    /// Creates a memory (L1) for a region or a function with its own capacity. Invalidations that
    /// begin after this call apply to the new memory too.
    pub(crate) fn new_memory(&self, capacity: Capacity) -> Arc<Memory> {
        let mut memory = Memory::new(capacity, &self.config);
        memory.generations.faults = self.faults;
        let memory = Arc::new(memory);
        self.own_memories.write().push(Arc::clone(&memory));
        memory
    }

    /// Creates a core (the state of a cache with one memory) with its own `memory`, which has the
    /// given `capacity`. The new core shares everything else with `self`.
    pub(crate) fn with_memory(&self, capacity: Capacity, memory: Arc<Memory>) -> Self {
        let mut config = (*self.config).clone();
        config.memory_capacity = capacity;
        Self {
            config: Arc::new(config),
            memory,
            function_cores: None,
            ..self.clone()
        }
    }

    /// Returns an iterator over all memories (L1) of this cache: the shared memory, and the
    /// memories of regions and functions with their own capacity.
    pub(crate) fn memories(&self) -> impl Iterator<Item = Arc<Memory>> {
        // The list is copied, so that its lock is free while a memory is in use: the destructor of
        // an evicted value may use the cache.
        let own = self.own_memories.read().clone();
        std::iter::once(Arc::clone(&self.shared_memory)).chain(own)
    }

    /// Returns an iterator over the memories (L1) that may have an entry under an invalidated key:
    /// all memories of this cache, because a region or function with its own capacity has its own
    /// memory.
    pub(crate) fn memories_with_keys(&self) -> impl Iterator<Item = Arc<Memory>> {
        let spares = removed!(self, SpareRooms);
        self.memories().take(if spares { 1 } else { usize::MAX })
    }
}
