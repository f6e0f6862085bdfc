//! A handler that writes.

use actix_web::{HttpResponse, web};
use cachekit::invalidates;
use serde::Deserialize;
use sqlx::PgPool;

use crate::c05::{confirm_subscriber, get_subscriber_id_from_token};

#[derive(Deserialize)]
pub struct Parameters {
    subscription_token: String,
}

#[tracing::instrument(name = "Confirm a pending subscriber", skip(parameters, pool))]
#[invalidates(tags = ["subscribers", "token:{parameters.subscription_token}"])]
pub async fn confirm(
    parameters: web::Query<Parameters>,
    pool: web::Data<PgPool>,
) -> Result<HttpResponse, actix_web::Error> {
    let token = &parameters.subscription_token;
    let subscriber = get_subscriber_id_from_token(&pool, token)
        .await
        .map_err(actix_web::error::ErrorInternalServerError)?;
    let Some(subscriber) = subscriber else {
        return Ok(HttpResponse::Unauthorized().finish());
    };
    confirm_subscriber(&pool, subscriber)
        .await
        .map_err(actix_web::error::ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().finish())
}

pub fn configure(config: &mut web::ServiceConfig) {
    config.route("/subscriptions/confirm", web::get().to(confirm));
}
