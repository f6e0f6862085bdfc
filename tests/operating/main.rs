//! What those see who operate a service: the doctor, information about Redis, and metrics.

mod doctor;
mod inspect;
mod metrics;
mod old_server;
mod server_info;
mod warm;
mod watch;
