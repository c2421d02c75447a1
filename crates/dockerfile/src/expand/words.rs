//! Splits expanded text into words while it is made.

/// Collects words. Text from a variable is split at blanks, quoted text is not.
#[derive(Default)]
pub(super) struct Words {
    done: Vec<String>,
    in_word: bool,
}

impl Words {
    /// Adds a character that separates words if it is a blank.
    ///
    /// `buffer` is the unfinished word. It belongs to the lexer, because a nested `${A:-word}` starts it
    /// anew: what stood before it in the same word is lost from the list of words. That is a defect of
    /// BuildKit's lexer that images may depend on (it shows in EXPOSE), so it is kept.
    pub(super) fn add(&mut self, buffer: &mut String, character: char) {
        if !character.is_whitespace() {
            self.add_raw(buffer, character);
        } else if self.in_word && !buffer.is_empty() {
            self.done.push(std::mem::take(buffer));
            self.in_word = false;
        }
    }

    /// Adds a character whatever it is.
    pub(super) fn add_raw(&mut self, buffer: &mut String, character: char) {
        buffer.push(character);
        self.in_word = true;
    }

    /// Adds the value of a variable.
    pub(super) fn add_text(&mut self, buffer: &mut String, text: &str) {
        text.chars().for_each(|character| self.add(buffer, character));
    }

    /// Adds quoted text.
    pub(super) fn add_raw_text(&mut self, buffer: &mut String, text: &str) {
        buffer.push_str(text);
        self.in_word = true;
    }

    /// The words, the unfinished one included.
    pub(super) fn finish(mut self, buffer: &mut String) -> Vec<String> {
        if !buffer.is_empty() {
            self.done.push(std::mem::take(buffer));
        }
        self.done
    }
}
