//! What those see who operate a service: the doctor, and information about Redis.

mod doctor;
mod inspect;
mod old_server;
mod server_info;
mod warm;
mod watch;
