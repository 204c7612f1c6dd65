//! Numbers and texts as people read them.

/// Three digits that matter, and groups of three before the point.
pub(crate) fn number(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::with_capacity(digits.len() + 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A text without what a terminal obeys: clients choose Names, identifiers and attributes, and those
/// who look are to see what they are, on the line where they stand.
pub(crate) fn plain(text: &str) -> String {
    let is_obeyed = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_obeyed(letter) {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_everything_but_what_a_terminal_obeys() {
        let text = "it's \"Käse\" C:\\x";
        assert_eq!(plain(text), text);
        let obeyed = "a\u{1b}[31m\nb\u{9b}2J\u{202e}c\rd\u{2028}";
        assert_eq!(plain(obeyed), r"a\u{1b}[31m\nb\u{9b}2J\u{202e}c\rd\u{2028}");
    }

    #[test]
    fn numbers_have_groups_of_three() {
        assert_eq!(number(7.25), "7.2");
        assert_eq!(number(999.6), "1,000");
        assert_eq!(number(1_234_567.0), "1,234,567");
    }
}
