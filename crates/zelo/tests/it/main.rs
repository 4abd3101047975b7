//! The product as a whole: scenes with named people, on SQLite and on PostgreSQL.
//!
//! `ZELO_TEST_ENGINE=postgres` and `ZELO_TEST_POSTGRES_URL` choose the second; `./test` sets both. What is slow has a
//! module of its own, so that a runner can leave it out: `crash`, `clients`, `browser`, `schemathesis`.

#[cfg(test)]
mod stage;

#[cfg(test)]
mod asking;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod channels;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod desk_settings;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod house;
#[cfg(test)]
mod housekeeping;
#[cfg(test)]
mod inbound;
#[cfg(test)]
mod keys_of_requests;
#[cfg(test)]
mod kinds;
#[cfg(test)]
mod mail;
#[cfg(test)]
mod marks;
#[cfg(test)]
mod media;
#[cfg(test)]
mod media_bucket;
#[cfg(test)]
mod media_out;
#[cfg(test)]
mod merged_meanwhile;
#[cfg(test)]
mod one_person;
#[cfg(test)]
mod operators;
#[cfg(test)]
mod outbound;
#[cfg(test)]
mod pacing;
#[cfg(test)]
mod people;
#[cfg(test)]
mod permutations;
#[cfg(test)]
mod program;
#[cfg(test)]
mod quarantine;
#[cfg(test)]
mod queues;
#[cfg(test)]
mod receipts;
#[cfg(test)]
mod schemathesis;
#[cfg(test)]
mod secrecy;
#[cfg(test)]
mod security;
#[cfg(test)]
mod silence;
#[cfg(test)]
mod statuses;
#[cfg(test)]
mod storage;
#[cfg(test)]
mod switched_off;
#[cfg(test)]
mod templates;
#[cfg(test)]
mod threads;
#[cfg(test)]
mod undelivered;
#[cfg(test)]
mod voice_notes;
#[cfg(test)]
mod waking;
#[cfg(test)]
mod webhook;
#[cfg(test)]
mod wishes;
#[cfg(test)]
mod writes_first;
