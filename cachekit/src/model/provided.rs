//! Values that workers give to the bodies of write-behind functions, such as pools of connections.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The values that workers were given, one of each type.
#[derive(Clone, Default)]
pub struct Provided(HashMap<TypeId, Arc<dyn Any + Send + Sync>>);

impl Provided {
    pub(crate) fn add<T: Send + Sync + 'static>(&mut self, value: T) {
        self.0.insert(TypeId::of::<T>(), Arc::new(value));
    }

    /// Returns the value of the type `T`.
    ///
    /// # Errors
    ///
    /// Returns a text that names the type if there is no such value.
    pub fn get<T: 'static>(&self) -> Result<&T, String> {
        let value = self.0.get(&TypeId::of::<T>());
        let value = value.and_then(|value| value.downcast_ref());
        value.ok_or_else(|| format!("no `{}` was provided", std::any::type_name::<T>()))
    }

    /// Returns `true` if there is a value of the type with the id `type_id`.
    pub(crate) fn has(&self, type_id: TypeId) -> bool {
        self.0.contains_key(&type_id)
    }
}

impl fmt::Debug for Provided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provided")
            .field("values", &self.0.len())
            .finish()
    }
}
