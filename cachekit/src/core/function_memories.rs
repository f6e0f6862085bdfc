//! Memory of functions with a capacity of their own: `capacity = 1000`.

use std::sync::Arc;

use crate::base::fault::removed;
use crate::core::state::Core;
use crate::l1::memory::Memory;
use crate::model::config::Capacity;
use crate::model::function_spec::{FnSpec, MemoryChoice};
use crate::model::owner::OwnerId;

impl Core {
    /// Returns the core whose memory holds the entries of `spec`, or this one if none does.
    #[inline]
    pub(crate) fn core_of<'a>(self: &'a Arc<Self>, spec: &'static FnSpec) -> &'a Arc<Self> {
        self.core_in_memory_of(spec).unwrap_or(self)
    }

    /// Returns the core whose memory holds the entries of `spec`, if they are kept in memory.
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
        // A function's own core is the right one already.
        let Some(function_cores) = &self.function_cores else {
            return self;
        };
        function_cores.of(owner, || {
            let capacity = Capacity::entries(entries);
            Arc::new(self.with_memory(capacity, self.new_memory(capacity)))
        })
    }

    /// Creates memory besides the shared one. From here on every invalidation reaches it.
    pub(crate) fn new_memory(&self, capacity: Capacity) -> Arc<Memory> {
        let mut memory = Memory::new(capacity, &self.config);
        memory.generations.faults = self.faults;
        let memory = Arc::new(memory);
        self.own_memories.write().push(Arc::clone(&memory));
        memory
    }

    /// Creates a core with another memory that shares everything else.
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

    /// Returns all memories: the shared one, and those of regions and functions.
    pub(crate) fn memories(&self) -> impl Iterator<Item = Arc<Memory>> {
        // No lock is held while a memory is in use: an evicted value's destructor may use the
        // cache.
        let own = self.own_memories.read().clone();
        std::iter::once(Arc::clone(&self.shared_memory)).chain(own)
    }

    /// Returns the memories that may hold an invalidated key.
    pub(crate) fn memories_with_keys(&self) -> impl Iterator<Item = Arc<Memory>> {
        let spares = removed!(self, SpareRooms);
        self.memories().take(if spares { 1 } else { usize::MAX })
    }
}
