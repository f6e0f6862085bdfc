//! As `c17`, with the method of the trait itself.

use cachekit::cached;
use tonic::{Request, Response, Status};
use tonic_rows::c17::RouteGuideService;
use tonic_rows::c17::routeguide::{Feature, Point, RouteGuide};

struct Cached(RouteGuideService);

#[tonic::async_trait]
impl RouteGuide for Cached {
    #[cached(
        key = "feature:{request.get_ref().latitude}:{request.get_ref().longitude}",
        skip(self),
        ttl = 60
    )]
    async fn get_feature(&self, request: Request<Point>) -> Result<Response<Feature>, Status> {
        let point = request.into_inner();
        let found = self.0.features.iter().find(|(at, _)| *at == point);
        let feature = found.map(|(_, feature)| feature.clone());
        Ok(Response::new(feature.unwrap_or_default()))
    }
}

fn main() {}
