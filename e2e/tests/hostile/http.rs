//! HTTP/1.1 to the letter of RFC 9112.
