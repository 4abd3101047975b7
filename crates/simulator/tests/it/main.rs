//! The simulator against our own client, and against a desk that keeps what is posted to it.

#[cfg(test)]
mod control;
#[cfg(test)]
mod decisions;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod files;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod sending;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod templates;
#[cfg(test)]
mod webhooks;
