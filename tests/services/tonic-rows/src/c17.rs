//! A method of a generated trait, whose answer is wrapped with metadata.

use std::sync::Arc;

use cachekit::cached;
use serde::{Deserialize, Serialize};
use tonic::{Request, Response, Status};

/// What the generator would write of the service's description.
pub mod routeguide {
    #[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
    pub struct Point {
        #[prost(int32, tag = "1")]
        pub latitude: i32,
        #[prost(int32, tag = "2")]
        pub longitude: i32,
    }

    #[derive(Clone, PartialEq, Eq, Hash, prost::Message, super::Serialize, super::Deserialize)]
    pub struct Feature {
        #[prost(string, tag = "1")]
        pub name: String,
    }

    #[tonic::async_trait]
    pub trait RouteGuide: Send + Sync + 'static {
        async fn get_feature(
            &self,
            request: tonic::Request<Point>,
        ) -> Result<tonic::Response<Feature>, tonic::Status>;
    }
}

use routeguide::{Feature, Point, RouteGuide};

#[derive(Debug)]
pub struct RouteGuideService {
    pub features: Arc<Vec<(Point, Feature)>>,
}

impl RouteGuideService {
    #[cached(
        key = "feature:{point.latitude}:{point.longitude}",
        skip(self),
        ttl = 60
    )]
    async fn feature(&self, point: Point) -> Feature {
        self.features
            .iter()
            .find(|(at, _)| *at == point)
            .map(|(_, feature)| feature.clone())
            .unwrap_or_default()
    }
}

#[tonic::async_trait]
impl RouteGuide for RouteGuideService {
    async fn get_feature(&self, request: Request<Point>) -> Result<Response<Feature>, Status> {
        Ok(Response::new(self.feature(request.into_inner()).await))
    }
}
