//! Names as the kernel's tree spells them: `.bus.data`, `lane[2*k+1]$q$next`.

use num_bigint::BigInt;

/// Loop variables with their present values, and constants, by name.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<BigInt>;

/// The signal's name as [`collect`](crate::collect) makes them: `bus$data`, `lane$5$q`.
///
/// Errors: the index that is not a number here.
pub(crate) fn plain(spelled: &str, lookup: Lookup) -> Result<String, String> {
    let spelled: String = spelled.chars().filter(|c| !c.is_whitespace()).collect();
    let spelled = spelled.trim_start_matches('.').replace("::", "$").replace('.', "$");
    let spelled = spelled.strip_suffix("$next").unwrap_or(&spelled);
    let mut out = String::new();
    let mut rest = spelled;
    while let Some(open) = rest.find('[') {
        let close = closing(&rest[open..]).ok_or_else(|| rest.to_string())? + open;
        let index = &rest[open + 1..close];
        let value = index_value(index, lookup).ok_or_else(|| index.to_string())?;
        out.push_str(&format!("{}${value}", &rest[..open]));
        rest = &rest[close + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// Where the bracket that `text` opens with closes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        depth += i32::from(c == '[') - i32::from(c == ']');
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The value of an index: sums, differences and products of numbers and names; `n.val().index()` is `n`.
fn index_value(text: &str, lookup: Lookup) -> Option<BigInt> {
    let text = text.replace("$val()", "").replace("$index()", "");
    let mut parser = Parser { rest: &text, lookup };
    let value = parser.sum()?;
    parser.rest.is_empty().then_some(value)
}

struct Parser<'a> {
    rest: &'a str,
    lookup: Lookup<'a>,
}

impl Parser<'_> {
    fn eat(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn sum(&mut self) -> Option<BigInt> {
        let mut value = self.product()?;
        loop {
            if self.eat('+') {
                value += self.product()?;
            } else if self.eat('-') {
                value -= self.product()?;
            } else {
                return Some(value);
            }
        }
    }

    fn product(&mut self) -> Option<BigInt> {
        let mut value = self.atom()?;
        while self.eat('*') {
            value *= self.atom()?;
        }
        Some(value)
    }

    fn atom(&mut self) -> Option<BigInt> {
        if self.eat('(') {
            let value = self.sum()?;
            return self.eat(')').then_some(value);
        }
        let end =
            self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '$').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        integer(word).or_else(|| (self.lookup)(word))
    }
}

/// A literal of Rust: `12`, `0xff_u8`, `true`.
pub(crate) fn integer(word: &str) -> Option<BigInt> {
    match word {
        "true" => return Some(1.into()),
        "false" => return Some(0.into()),
        _ => {}
    }
    let word = word.replace('_', "");
    let (digits, radix) = match word.get(..2) {
        Some("0x") => (&word[2..], 16),
        Some("0b") => (&word[2..], 2),
        Some("0o") => (&word[2..], 8),
        _ => (&word[..], 10),
    };
    let suffixes = ["usize", "u128", "u64", "u32", "u16", "u8", "i64", "i32", "i16", "i8"];
    let digits = suffixes.iter().find_map(|s| digits.strip_suffix(s)).unwrap_or(digits);
    let starts = digits.starts_with(|c: char| c.is_digit(radix));
    BigInt::parse_bytes(digits.as_bytes(), radix).filter(|_| starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_computed() {
        let lookup = |name: &str| (name == "k").then(|| BigInt::from(3));
        let plain = |s: &str| plain(s, &lookup);
        assert_eq!(plain("lane[k]$q"), Ok("lane$3$q".into()));
        assert_eq!(plain("lane[2 * k + 1].next"), Ok("lane$7".into()));
        assert_eq!(plain("a[k-1]$b[(k+1)*2]$d$next"), Ok("a$2$b$8$d".into()));
        assert_eq!(plain("lane[k$val()$index() + 1]$q"), Ok("lane$4$q".into()));
        assert_eq!(plain(".bus.data"), Ok("bus$data".into()));
        assert_eq!(plain("State::Idle"), Ok("State$Idle".into()));
        assert_eq!(plain("lane[n]"), Err("n".into()));
        assert_eq!(plain("lane[k/2]"), Err("k/2".into()));
    }

    #[test]
    fn literals_are_read_as_in_rust() {
        for (text, value) in [("0xff_u8", 255), ("1_000", 1000), ("0b101", 5), ("7usize", 7), ("true", 1)] {
            assert_eq!(integer(text), Some(value.into()), "{text}");
        }
        assert_eq!(integer("u8"), None);
        assert_eq!(integer("x1"), None);
        assert_eq!(integer(""), None);
    }
}
