//! Sealed values, the key ring, and what older Studios stored.
