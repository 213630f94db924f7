//! The Internet checksum (RFC 1071), in software.

/// The ones-complement sum of the 16-bit words of `bytes` added to `sum`; an odd last byte is the high
/// byte of a word.
pub fn ones_complement_sum(sum: u16, bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | pair.get(1).copied().map_or(0, u32::from));
    words.fold(u32::from(sum), |sum, word| {
        let sum = sum + word;
        (sum & 0xffff) + (sum >> 16)
    }) as u16
}

/// The checksum field of `bytes` whose own checksum field is zero.
pub fn checksum(bytes: &[u8]) -> u16 {
    !ones_complement_sum(0, bytes)
}

/// The sum over the pseudo header of UDP and TCP (RFC 768, RFC 9293): addresses, protocol, length.
pub fn pseudo_header_sum(source: [u8; 4], destination: [u8; 4], protocol: u8, length: u16) -> u16 {
    let sum = ones_complement_sum(ones_complement_sum(0, &source), &destination);
    let [high, low] = length.to_be_bytes();
    ones_complement_sum(sum, &[0, protocol, high, low])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_1071_section_3() {
        assert_eq!(ones_complement_sum(0, &[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), 0xddf2);
        assert_eq!(ones_complement_sum(0, &[0xff, 0xff, 0x00, 0x01, 0x80]), 0x8001);
    }
}
