//! Calls the service's method twice.

use std::sync::Arc;

use tonic::Request;
use tonic_rows::c17::RouteGuideService;
use tonic_rows::c17::routeguide::{Feature, Point, RouteGuide as _};

#[tokio::test]
async fn a_feature() {
    let point = Point {
        latitude: 1,
        longitude: 2,
    };
    let feature = Feature {
        name: "a hill".to_owned(),
    };
    let full = RouteGuideService {
        features: Arc::new(vec![(point, feature)]),
    };
    let empty = RouteGuideService {
        features: Arc::default(),
    };
    for service in [full, empty] {
        let answer = service.get_feature(Request::new(point)).await;
        assert_eq!(answer.expect("an answer").into_inner().name, "a hill");
    }
}
