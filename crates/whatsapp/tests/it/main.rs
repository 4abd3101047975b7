//! The crate against every fixture, against payloads that Meta may invent, and against a stub of the Graph API.

#[cfg(test)]
mod calls_to_meta;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod inbound;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod outbound;
#[cfg(test)]
mod statuses;
#[cfg(test)]
mod survival;
#[cfg(test)]
mod wire_form;
