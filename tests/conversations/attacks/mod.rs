//! What hostile parties try.
