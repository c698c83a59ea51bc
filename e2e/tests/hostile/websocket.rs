//! The WebSocket handshake and frames, to the letter of RFC 6455.
