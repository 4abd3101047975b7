//! What the queue promises, on both engines. PostgreSQL takes part where `ZELO_TEST_POSTGRES_URL` names a server's
//! superuser. Time is a number that the tests set; they wait for what handlers say, never for a while.

mod failure;
mod house;
mod lease;
mod order;
mod promise;
mod running;
mod time;
mod traces;
