//! How we speak: messages and their proof. No storage, no server, no clock.
