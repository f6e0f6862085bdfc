//! Writes without an attribute, with the guarantees of annotated writes.

use crate::api::invalidation_builder::InvalidationBuilder;
use crate::core::state::Cache;
use crate::write::annotated::with_names;

impl Cache {
    /// Runs `write`, which changes the data source, and then invalidates the targets that `names`
    /// adds to its builder. This is `#[invalidates]` for code that is no function of its own.
    ///
    /// The targets are invalidated whatever `write` returns, also an `Err`, and also if `write`
    /// panics or is dropped: the data source may have changed. Inside of
    /// [`deferred`](crate::deferred), they are invalidated at the end of the scope.
    ///
    /// With Redis, a mark with the targets is left before `write` begins. If this process dies
    /// before the invalidation, another process carries it out, as for `#[invalidates]`. An
    /// [`invalidation`](Self::invalidation) after the write leaves no mark.
    ///
    /// The wait for other processes ends as for an awaited builder: with
    /// [`acknowledged`](InvalidationBuilder::acknowledged), when every process has applied the
    /// invalidation.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped after it was polled once, the invalidation takes place all the same:
    /// at once on this node, and in Redis as soon as Redis accepts it.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// # async fn update_price(id: u64, price: u64) -> Result<(), String> { Ok(()) }
    /// let cache = cachekit::Cache::builder().build().await?;
    /// let id = 7;
    /// cache
    ///     .writing(
    ///         |names| names.keys([format!("price:{id}")]).tags(["prices"]),
    ///         async { update_price(id, 1_299).await },
    ///     )
    ///     .await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn writing<const ACKNOWLEDGED: bool, F: Future>(
        &self,
        names: impl FnOnce(InvalidationBuilder) -> InvalidationBuilder<ACKNOWLEDGED>,
        write: F,
    ) -> F::Output {
        let names = names(self.invalidation());
        // Events with data are looked up before the write and after it: functions that list them
        // may have been called for the first time meanwhile.
        let invalidation = names.to_write();
        with_names(invalidation, move |it| names.add_events(it), write).await
    }
}
