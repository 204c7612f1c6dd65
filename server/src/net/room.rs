//! Room for a message while it arrives: it grows with what came, never with what was announced.

use wiping::Wiping;

use crate::worker::MessageBytes;

/// Room taken for a message before its bytes have come.
pub(super) const FIRST_ROOM_BYTES: usize = 16 * 1_024;

/// A buffer with `content` in it and room for `room_bytes` in all.
pub(super) fn with_room(room_bytes: usize, content: &[u8]) -> MessageBytes {
    let mut message = Wiping::new(Vec::with_capacity(room_bytes.max(content.len())));
    message.extend_from_slice(content);
    message
}

/// Doubles the room of a full buffer, up to `limit_bytes`: a new one, so that the old one is wiped.
pub(super) fn grow(message: &mut MessageBytes, limit_bytes: usize) {
    if message.len() == message.capacity() {
        let room = limit_bytes.min(message.len().saturating_mul(2));
        *message = with_room(room, message);
    }
}

/// Appends `part`, which fits into `limit_bytes`.
pub(super) fn append(message: &mut MessageBytes, part: &[u8], limit_bytes: usize) {
    let needed = message.len() + part.len();
    if needed > message.capacity() {
        let room = limit_bytes.min(message.capacity().saturating_mul(2)).max(needed);
        *message = with_room(room, message);
    }
    message.extend_from_slice(part);
}
