//! Reads a Rust file far enough to say which paths it names: those of `use` declarations, with
//! nested braces, renames and globs, and those that stand inside code, attributes and types.
//!
//! It knows nothing of the crates behind the paths. Names that a `use` has brought in are replaced
//! by what they stand for, `self` and `super` by the module they mean, so that a path is the same
//! however it was written. All `use` declarations of a file count in all of it.

/// A path that a file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// The line it stands in.
    pub(crate) line: usize,
    /// Its segments from a crate's name on: `crate`, `engine`, `Error`. Where its first segment is
    /// a type or a trait of which the file does not say whence it comes, that is the first.
    pub(crate) path: Vec<String>,
    /// Everything in it is brought in.
    pub(crate) glob: bool,
    /// It stands in a module that is compiled for tests only.
    pub(crate) in_tests: bool,
}

/// What a file names.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// The paths.
    pub(crate) paths: Vec<Named>,
    /// The macros without a path that are called, and that are not defined in the file.
    pub(crate) macros: Vec<Named>,
    /// The names that the file gives to something: with the path they stand for, of modules their
    /// own.
    pub(crate) names: Vec<(Named, String)>,
    /// The words that open a way past the paths: `extern`, and the `path` of a module.
    pub(crate) ways_past: Vec<Named>,
    /// The modules in files of their own that are compiled for tests only.
    pub(crate) test_files: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Colons,
    Sign(char),
    Literal,
}

/// A path as it is written.
#[derive(Clone, Debug)]
struct Written {
    line: usize,
    segments: Vec<String>,
    /// It begins with `::`, and so with a crate.
    from_root: bool,
    /// It stands in a `use` declaration, and brings this name in.
    binds: Option<String>,
    glob: bool,
    in_tests: bool,
    module: Vec<String>,
}

const PRIMITIVES: &[&str] = &[
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "str", "u8", "u16",
    "u32", "u64", "u128", "usize",
];

const LINTERS: &[&str] = &["clippy", "rustdoc"];

/// Words after which a `::` begins a path.
const KEYWORDS: &[&str] = &[
    "as", "await", "box", "break", "const", "continue", "dyn", "else", "for", "if", "impl", "in",
    "let", "loop", "match", "move", "mut", "pub", "ref", "return", "static", "type", "unsafe",
    "use", "where", "while", "yield",
];

impl Source {
    /// Reads the file of this module (`engine`, `vault`); `in_tests` says that all of it is compiled
    /// for tests only.
    pub(crate) fn read(module: &[&str], in_tests: bool, text: &str) -> Self {
        let mut reader = Reader {
            tokens: tokens(text),
            module: module.iter().map(|name| (*name).to_owned()).collect(),
            in_tests,
            blocks: Vec::new(),
            written: Vec::new(),
            macros_of_file: Vec::new(),
            modules: Vec::new(),
            source: Self::default(),
        };
        reader.read();
        reader.finish()
    }
}

struct Reader {
    tokens: Vec<(Token, usize)>,
    module: Vec<String>,
    in_tests: bool,
    /// For each open brace, what to go back to at its end.
    blocks: Vec<(usize, bool)>,
    written: Vec<Written>,
    macros_of_file: Vec<String>,
    /// The modules declared in the file: the module they are in, and their name.
    modules: Vec<(Vec<String>, String)>,
    source: Source,
}

impl Reader {
    fn word(&self, at: usize) -> Option<&str> {
        match self.tokens.get(at) {
            Some((Token::Word(word), _)) => Some(word),
            _ => None,
        }
    }

    fn is(&self, at: usize, sign: char) -> bool {
        self.token(at) == Some(&Token::Sign(sign))
    }

    fn is_colons(&self, at: usize) -> bool {
        self.token(at) == Some(&Token::Colons)
    }

    fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at).map(|(token, _)| token)
    }

    fn before(&self, at: usize) -> Option<&Token> {
        self.token(at.checked_sub(1)?)
    }

    fn named(&self, at: usize, path: Vec<String>) -> Named {
        Named {
            line: self.tokens[at].1,
            path,
            glob: false,
            in_tests: self.in_tests,
        }
    }

    fn read(&mut self) {
        let mut at = 0;
        while at < self.tokens.len() {
            at = self.step(at);
        }
    }

    /// Reads what begins here, and says where to go on.
    fn step(&mut self, at: usize) -> usize {
        match self.tokens[at].0.clone() {
            Token::Sign('{') => self.blocks.push((self.module.len(), self.in_tests)),
            Token::Sign('}') => {
                if let Some((depth, in_tests)) = self.blocks.pop() {
                    self.module.truncate(depth);
                    self.in_tests = in_tests;
                }
            }
            Token::Colons => {
                let inside = match self.before(at) {
                    Some(Token::Word(word)) => !KEYWORDS.contains(&word.as_str()),
                    Some(Token::Sign('>')) => return self.after_type(at),
                    _ => false,
                };
                if !inside && self.word(at + 1).is_some() {
                    return self.path(at + 1, true);
                }
            }
            Token::Word(word) => return self.step_word(at, &word),
            Token::Sign(_) | Token::Literal => {}
        }
        at + 1
    }

    fn step_word(&mut self, at: usize, word: &str) -> usize {
        match word {
            // `use<'a>` is a bound.
            "use" if !self.is(at + 1, '<') => return self.use_declaration(at + 1),
            "extern" => {
                let way = self.named(at, vec!["extern".into()]);
                self.source.ways_past.push(way);
                if self.word(at + 1) == Some("crate")
                    && let Some(name) = self.word(at + 2).map(str::to_owned)
                {
                    self.write(at + 2, vec![name], true, None);
                    return at + 3;
                }
            }
            "mod" => {
                if let Some(name) = self.word(at + 1).map(str::to_owned) {
                    return self.module(at, name);
                }
            }
            "path" if self.is(at + 1, '=') && self.is_in_attribute(at) => {
                let way = self.named(at, vec!["#[path]".into()]);
                self.source.ways_past.push(way);
            }
            "macro_rules" if self.is(at + 1, '!') => {
                self.macros_of_file
                    .extend(self.word(at + 2).map(str::to_owned));
                return at + 3;
            }
            _ => {
                let continues = matches!(self.before(at), Some(Token::Colons | Token::Sign('.')));
                if continues {
                    return at + 1;
                }
                // The names of lints are paths too: `clippy::pedantic`.
                let is_lint = LINTERS.contains(&word) && self.is_in_attribute(at);
                if self.is_colons(at + 1) && !is_lint {
                    return self.path(at, false);
                }
                let opens = ['(', '[', '{'].iter().any(|sign| self.is(at + 2, *sign));
                if self.is(at + 1, '!') && opens {
                    let called = self.named(at, vec![word.to_owned()]);
                    self.source.macros.push(called);
                }
            }
        }
        at + 1
    }

    /// What follows `>::`. Mostly it belongs to the type that ends there; but `a > ::std::fs::f()`
    /// compares with what a crate has: no type has modules.
    fn after_type(&mut self, at: usize) -> usize {
        let (segments, next) = self.segments(at + 1);
        let Some(first) = segments.first() else {
            return at + 1;
        };
        if segments.len() > 1 && first.starts_with(char::is_lowercase) {
            self.write(at + 1, segments, true, None);
        } else {
            let of_type = [&["Self".to_owned()], &segments[..]].concat();
            self.write(at + 1, of_type, false, None);
        }
        next
    }

    fn path(&mut self, at: usize, from_root: bool) -> usize {
        let (segments, next) = self.segments(at);
        // With nothing but type arguments behind it, a name is a function's or a type's.
        if segments.len() > 1 {
            self.write(at, segments, from_root, None);
        }
        next
    }

    /// The names with `::` between them, and where what follows them begins.
    fn segments(&self, at: usize) -> (Vec<String>, usize) {
        let mut segments = Vec::new();
        let mut next = at;
        while let Some(word) = self.word(next) {
            segments.push(word.to_owned());
            if !self.is_colons(next + 1) {
                next += 1;
                break;
            }
            next += 2;
        }
        (segments, next)
    }

    fn write(&mut self, at: usize, segments: Vec<String>, from_root: bool, binds: Option<String>) {
        self.written.push(Written {
            line: self.tokens[at.min(self.tokens.len() - 1)].1,
            segments,
            from_root,
            binds,
            glob: false,
            in_tests: self.in_tests,
            module: self.module.clone(),
        });
    }

    fn use_declaration(&mut self, at: usize) -> usize {
        let from_root = self.is_colons(at);
        let begin = at + usize::from(from_root);
        let end = self.use_tree(begin, &[], from_root);
        debug_assert!(
            self.is(end, ';') || end >= self.tokens.len(),
            "a whole declaration"
        );
        end + 1
    }

    /// Reads a tree of names up to where it ends.
    fn use_tree(&mut self, mut at: usize, before: &[String], from_root: bool) -> usize {
        let mut segments = before.to_vec();
        let begin = at;
        loop {
            if let Some(word) = self.word(at) {
                segments.push(word.to_owned());
                at += 1;
            } else if self.is(at, '*') {
                self.write(begin, segments, from_root, None);
                if let Some(last) = self.written.last_mut() {
                    last.glob = true;
                }
                return at + 1;
            } else if self.is(at, '{') {
                at += 1;
                while !self.is(at, '}') && at < self.tokens.len() {
                    at = self.use_tree(at, &segments, from_root);
                    at += usize::from(self.is(at, ','));
                }
                return at + 1;
            } else {
                // Nothing that a tree may hold.
                return at + 1;
            }
            if !self.is_colons(at) {
                break;
            }
            at += 1;
        }
        let mut name = segments.last().cloned();
        if name.as_deref() == Some("self") && segments.len() > 1 {
            segments.pop();
            name = segments.last().cloned();
        }
        if self.word(at) == Some("as") {
            name = self.word(at + 1).map(str::to_owned);
            at += 2;
        }
        self.write(begin, segments, from_root, name);
        at
    }

    fn module(&mut self, at: usize, name: String) -> usize {
        let in_tests = self.in_tests || self.is_for_tests(at);
        self.modules.push((self.module.clone(), name.clone()));
        let mut path = vec!["crate".to_owned()];
        path.extend(self.module.iter().cloned());
        path.push(name.clone());
        let named = self.named(at, path);
        self.source.names.push((named, name.clone()));
        if self.is(at + 2, '{') {
            self.blocks.push((self.module.len(), self.in_tests));
            self.module.push(name);
            self.in_tests = in_tests;
            return at + 3;
        }
        if in_tests {
            self.source.test_files.push(name);
        }
        at + 2
    }

    /// Whether an item is marked with `#[cfg(test)]`, and with just that.
    fn is_for_tests(&self, item: usize) -> bool {
        let mut at = item;
        while let Some(last) = at.checked_sub(1) {
            if self.word(last) == Some("pub") {
                at = last;
                continue;
            }
            let (close, open) = match self.token(last) {
                Some(Token::Sign(')')) => (')', '('),
                Some(Token::Sign(']')) => (']', '['),
                _ => return false,
            };
            let mut depth = 0;
            let mut begin = last;
            loop {
                depth += i32::from(self.is(begin, close));
                depth -= i32::from(self.is(begin, open));
                if depth == 0 || begin == 0 {
                    break;
                }
                begin -= 1;
            }
            let inside: Vec<&Token> = (begin..=last).filter_map(|at| self.token(at)).collect();
            let word = |word: &str| Token::Word(word.into());
            let marks = [
                Token::Sign('['),
                word("cfg"),
                Token::Sign('('),
                word("test"),
                Token::Sign(')'),
                Token::Sign(']'),
            ];
            if inside.into_iter().eq(marks.iter()) {
                return true;
            }
            at = begin.saturating_sub(usize::from(close == ']'));
        }
        false
    }

    fn is_in_attribute(&self, at: usize) -> bool {
        let mut back = at;
        while let Some(last) = back.checked_sub(1) {
            back = last;
            match self.token(back) {
                Some(Token::Sign('[')) => {
                    let sign = self.before(back);
                    return matches!(sign, Some(Token::Sign('#' | '!')));
                }
                Some(Token::Sign(';' | '{' | '}' | ']')) => return false,
                _ => {}
            }
        }
        false
    }

    fn finish(mut self) -> Source {
        for written in &self.written {
            let paths = self.resolve(written, 0);
            let named = |path| Named {
                line: written.line,
                path,
                glob: written.glob,
                in_tests: written.in_tests,
            };
            for path in paths {
                if let Some(name) = &written.binds {
                    self.source.names.push((named(path.clone()), name.clone()));
                }
                self.source.paths.push(named(path));
            }
        }
        let own = std::mem::take(&mut self.macros_of_file);
        self.source
            .macros
            .retain(|called| !own.contains(&called.path[0]));
        self.source
    }

    /// Everything that a path may stand for.
    fn resolve(&self, written: &Written, depth: usize) -> Vec<Vec<String>> {
        let segments = &written.segments;
        let Some(first) = segments.first() else {
            return vec![segments.clone()];
        };
        if written.from_root || depth > 8 {
            return vec![segments.clone()];
        }
        let mut module = vec!["crate".to_owned()];
        match first.as_str() {
            "crate" | "Self" => return vec![segments.clone()],
            "self" | "super" => {
                module.extend(written.module.iter().cloned());
                let mut rest = &segments[..];
                while let Some((first, others)) = rest.split_first() {
                    match first.as_str() {
                        "self" => {}
                        "super" => {
                            // Above the crate is nothing.
                            module.truncate((module.len() - 1).max(1));
                        }
                        _ => break,
                    }
                    rest = others;
                }
                module.extend(rest.iter().cloned());
                return vec![module];
            }
            _ => {}
        }
        let mut found = Vec::new();
        for other in &self.written {
            let itself = other.segments.first() == Some(first) && !other.from_root;
            if other.binds.as_ref() != Some(first) || std::ptr::eq(other, written) || itself {
                continue;
            }
            for mut path in self.resolve(other, depth + 1) {
                path.extend(segments[1..].iter().cloned());
                found.push(path);
            }
        }
        for (of, name) in &self.modules {
            if name == first {
                let mut path = module.clone();
                path.extend(of.iter().cloned());
                path.extend(segments.iter().cloned());
                found.push(path);
            }
        }
        if PRIMITIVES.contains(&first.as_str()) && found.is_empty() {
            let mut path = vec!["Self".to_owned()];
            path.extend(segments.iter().cloned());
            found.push(path);
        }
        if found.is_empty() {
            found.push(segments.clone());
        }
        found
    }
}

/// Takes a text apart, without its comments.
#[expect(
    clippy::too_many_lines,
    reason = "one arm for each thing that a text can hold"
)]
fn tokens(text: &str) -> Vec<(Token, usize)> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut line = 1;
    let mut at = 0;
    let peek = |at: usize| chars.get(at).copied().unwrap_or('\0');
    let is_word = |c: char| c == '_' || c.is_alphanumeric();
    while at < chars.len() {
        let begun = at;
        let begun_line = line;
        let token = match chars[at] {
            c if c.is_whitespace() => {
                at += 1;
                None
            }
            '/' if peek(at + 1) == '/' => {
                while at < chars.len() && chars[at] != '\n' {
                    at += 1;
                }
                None
            }
            '/' if peek(at + 1) == '*' => {
                let mut depth = 0;
                loop {
                    match (peek(at), peek(at + 1)) {
                        ('/', '*') => (depth, at) = (depth + 1, at + 2),
                        ('*', '/') => (depth, at) = (depth - 1, at + 2),
                        _ => at += 1,
                    }
                    if depth == 0 || at >= chars.len() {
                        break;
                    }
                }
                None
            }
            '"' => {
                at = end_of_text(&chars, at);
                Some(Token::Literal)
            }
            '\'' => {
                if peek(at + 1) == '\\' {
                    at += 3;
                    while at < chars.len() && chars[at] != '\'' {
                        at += 1;
                    }
                    at += 1;
                    Some(Token::Literal)
                } else if peek(at + 2) == '\'' {
                    at += 3;
                    Some(Token::Literal)
                } else {
                    // A lifetime, or a label.
                    at += 1;
                    while is_word(peek(at)) {
                        at += 1;
                    }
                    None
                }
            }
            ':' if peek(at + 1) == ':' => {
                at += 2;
                Some(Token::Colons)
            }
            c if c.is_ascii_digit() => {
                while is_word(peek(at)) || (peek(at) == '.' && peek(at + 1).is_ascii_digit()) {
                    at += 1;
                }
                Some(Token::Literal)
            }
            c if is_word(c) => {
                while is_word(peek(at)) {
                    at += 1;
                }
                let word: String = chars[begun..at].iter().collect();
                let mut hashes = 0;
                while peek(at + hashes) == '#' {
                    hashes += 1;
                }
                match word.as_str() {
                    "r" | "br" | "cr" if peek(at + hashes) == '"' => {
                        at = end_of_raw_text(&chars, at + hashes, hashes);
                        Some(Token::Literal)
                    }
                    "b" | "c" if peek(at) == '"' => {
                        at = end_of_text(&chars, at);
                        Some(Token::Literal)
                    }
                    // What is left of it is read as a character.
                    "b" if peek(at) == '\'' => None,
                    "r" if hashes == 1 => {
                        at += 1;
                        None
                    }
                    _ => Some(Token::Word(word)),
                }
            }
            sign => {
                at += 1;
                Some(Token::Sign(sign))
            }
        };
        line += chars[begun..at.min(chars.len())]
            .iter()
            .filter(|c| **c == '\n')
            .count();
        found.extend(token.map(|token| (token, begun_line)));
    }
    found
}

fn end_of_text(chars: &[char], quote: usize) -> usize {
    let mut at = quote + 1;
    while at < chars.len() && chars[at] != '"' {
        at += 1 + usize::from(chars[at] == '\\');
    }
    at + 1
}

fn end_of_raw_text(chars: &[char], quote: usize, hashes: usize) -> usize {
    let mut at = quote + 1;
    while at < chars.len() {
        let closes = chars[at] == '"'
            && chars[at + 1..]
                .iter()
                .take(hashes)
                .filter(|c| **c == '#')
                .count()
                == hashes;
        at += 1;
        if closes {
            return at + hashes;
        }
    }
    at
}
