//! Nothing but tests lives here: see `system/`.
