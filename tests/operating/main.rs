//! What those see who operate a service: the doctor, questions to all processes, information about
//! Redis, and metrics.

mod ask;
mod doctor;
mod inspect;
mod metrics;
mod old_server;
mod server_info;
mod warm;
mod warm_start;
mod watch;
