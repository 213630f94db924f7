//! Fields of a layout.

/// Some consecutive bits of a layout, most significant first, as RFCs draw them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Field {
    /// Bits before it.
    pub at: usize,
    /// Bits of it, 1 to 64.
    pub width: usize,
}

impl Field {
    /// Its value in `bytes`, which begin with the layout.
    ///
    /// # Panics
    /// If `bytes` ends before the field does.
    pub fn get(self, bytes: &[u8]) -> u64 {
        (self.at..self.at + self.width)
            .fold(0, |value, bit| value << 1 | u64::from(bytes[bit / 8] >> (7 - bit % 8) & 1))
    }

    /// Writes the low bits of `value` into `bytes`, which begin with the layout.
    ///
    /// # Panics
    /// If `bytes` ends before the field does.
    pub fn set(self, bytes: &mut [u8], value: u64) {
        for (i, bit) in (self.at..self.at + self.width).enumerate() {
            let mask = 1 << (7 - bit % 8);
            let one = value >> (self.width - 1 - i) & 1 != 0;
            bytes[bit / 8] = if one { bytes[bit / 8] | mask } else { bytes[bit / 8] & !mask };
        }
    }

    /// The first byte that it touches.
    pub const fn first_byte(self) -> usize {
        self.at / 8
    }

    /// How many bytes it touches.
    pub const fn bytes(self) -> usize {
        (self.at + self.width).div_ceil(8) - self.at / 8
    }
}

/// Declares layouts: a module with `LEN` (bytes) and one [`Field`] per line, in the order of the wire.
macro_rules! layout {
    ($($(#[$meta:meta])* $name:ident, $len:literal { $($(#[$field_meta:meta])* $field:ident: $width:literal),* $(,)? })*) => {
        $(
            $(#[$meta])*
            pub mod $name {
                use crate::Field;

                /// Bytes.
                pub const LEN: usize = $len;
                $crate::field::layout!(@fields 0, $($(#[$field_meta])* $field: $width,)*);

                /// All fields with their names.
                pub const FIELDS: &[(&str, Field)] = &[$((stringify!($field), $field)),*];

                const _: () = assert!(0 $(+ $width)* == 8 * LEN, "the fields do not fill the layout");
            }
        )*
    };
    (@fields $at:expr,) => {};
    (@fields $at:expr, $(#[$meta:meta])* $field:ident: $width:literal, $($rest:tt)*) => {
        $(#[$meta])*
        pub const $field: Field = Field { at: $at, width: $width };
        $crate::field::layout!(@fields $at + $width, $($rest)*);
    };
}
pub(crate) use layout;

#[cfg(test)]
mod tests {
    use crate::{ethernet, ipv4, udp};

    #[test]
    fn fields_lie_where_the_rfcs_draw_them() {
        // RFC 791 section 3.1: the third word is time to live, protocol, header checksum.
        let header = [0x45, 0, 0, 0x1c, 0, 1, 0x40, 3, 0x40, 0x11, 0xab, 0xcd, 10, 0, 0, 1, 10, 0, 0, 2];
        assert_eq!(ipv4::VERSION.get(&header), 4);
        assert_eq!(ipv4::HEADER_WORDS.get(&header), 5);
        assert_eq!(ipv4::TOTAL_LENGTH.get(&header), 28);
        assert_eq!(ipv4::DO_NOT_FRAGMENT.get(&header), 1);
        assert_eq!(ipv4::MORE_FRAGMENTS.get(&header), 0);
        assert_eq!(ipv4::FRAGMENT_OFFSET.get(&header), 3);
        assert_eq!(ipv4::TIME_TO_LIVE.get(&header), 64);
        assert_eq!(ipv4::PROTOCOL.get(&header), 17);
        assert_eq!(ipv4::CHECKSUM.get(&header), 0xabcd);
        assert_eq!(ipv4::DESTINATION.get(&header), 0x0a00_0002);
        assert_eq!((ethernet::LEN, udp::LEN, ipv4::LEN), (14, 8, 20));
    }

    #[test]
    fn set_changes_its_field_alone() {
        for (name, field) in ipv4::FIELDS {
            for fill in [0x00, 0xff] {
                let mut bytes = [fill; ipv4::LEN];
                field.set(&mut bytes, if fill == 0 { u64::MAX } else { 0 });
                for (other, of) in ipv4::FIELDS {
                    let ones = fill != 0;
                    let expected = if (name == other) != ones { u64::MAX >> (64 - of.width) } else { 0 };
                    assert_eq!(of.get(&bytes), expected, "{other} after {name}");
                }
            }
        }
    }
}
