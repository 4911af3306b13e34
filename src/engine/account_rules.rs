//! What a person has said of their accounts, once and for all: what to call each, which are
//! production, in which colour to name them, how to get in.
//!
//! A rule is about an account ID, or about the accounts of a name: their alias, their name in the
//! organisation, or the profile that opens them. Where several rules are about one account, the
//! first that says a thing is the one that counts for it.

use super::query::glob::Glob;

/// Which accounts a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one of this ID.
    Id(Box<str>),
    /// Those with a name like this.
    Named(NamePattern),
}

/// What a name looks like: `*` stands for any characters or none, `?` for one, and case is ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern {
    text: Box<str>,
    glob: Glob,
}

impl NamePattern {
    /// A pattern. Without a star it is the name itself.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            text: text.into(),
            glob: Glob::whole(text),
        }
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a name looks like this.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.glob.matches(name)
    }
}

/// What a person has said of some accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRule {
    /// Which accounts it is about.
    pub which: Which,
    /// How they look.
    pub style: AccountStyle,
    /// The role to assume in them.
    pub role: Option<Box<str>>,
    /// The profile to open them with.
    pub profile: Option<Box<str>>,
}

impl AccountRule {
    /// Whether it is about an account of this ID, or that goes by one of these names.
    #[must_use]
    pub fn is_about(&self, id: Option<&str>, names: &[&str]) -> bool {
        match &self.which {
            Which::Id(of) => id == Some(&**of),
            Which::Named(pattern) => names.iter().any(|name| pattern.matches(name)),
        }
    }
}

/// How an account is shown. What no rule says is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountStyle {
    /// What it is called, in place of its alias.
    pub label: Option<Box<str>>,
    /// Whether it is production.
    pub production: Option<bool>,
    /// The colour of its name.
    pub colour: Option<Colour>,
}

/// The rules for accounts, the first of a kind first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountRules(Vec<AccountRule>);

impl AccountRules {
    /// These rules, in this order.
    #[must_use]
    pub fn new(rules: Vec<AccountRule>) -> Self {
        Self(rules)
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[AccountRule] {
        &self.0
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rules for an account of this ID, or that goes by one of these names.
    pub fn about<'a>(
        &'a self,
        id: Option<&'a str>,
        names: &'a [&'a str],
    ) -> impl Iterator<Item = &'a AccountRule> {
        self.0.iter().filter(move |rule| rule.is_about(id, names))
    }

    /// What an account of this ID, or that goes by one of these names, is called.
    #[must_use]
    pub fn label(&self, id: Option<&str>, names: &[&str]) -> Option<&str> {
        let mut rules = self.0.iter().filter(|rule| rule.is_about(id, names));
        rules.find_map(|rule| rule.style.label.as_deref())
    }

    /// How an account of this ID, or that goes by one of these names, is shown; `None` where no rule
    /// is about it.
    #[must_use]
    pub fn of(&self, id: Option<&str>, names: &[&str]) -> Option<AccountStyle> {
        let mut styles = self.about(id, names).map(|rule| &rule.style);
        let first = styles.next()?.clone();
        Some(styles.fold(first, |known, more| AccountStyle {
            label: known.label.or_else(|| more.label.clone()),
            production: known.production.or(more.production),
            colour: known.colour.or(more.colour),
        }))
    }
}

/// Makes the colours of a table: each with its name.
macro_rules! colours {
    ($($colour:ident, $name:literal;)*) => {
        /// One of a terminal's sixteen colours, which the terminal decides on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Colour {
            $(#[doc = $name] $colour,)*
        }

        impl Colour {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$colour,)*];

            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$colour => $name,)*
                }
            }
        }
    };
}

colours! {
    Black, "black";
    Red, "red";
    Green, "green";
    Yellow, "yellow";
    Blue, "blue";
    Magenta, "magenta";
    Cyan, "cyan";
    White, "white";
    BrightBlack, "bright-black";
    BrightRed, "bright-red";
    BrightGreen, "bright-green";
    BrightYellow, "bright-yellow";
    BrightBlue, "bright-blue";
    BrightMagenta, "bright-magenta";
    BrightCyan, "bright-cyan";
    BrightWhite, "bright-white";
}

impl Colour {
    /// The colour of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.name() == name)
    }
}

/// Whether a name says that what it names is production: one of its words does.
#[must_use]
pub fn says_production(name: &str) -> bool {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| matches!(&*word.to_ascii_lowercase(), "prod" | "production" | "live"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(which: Which, style: AccountStyle) -> AccountRule {
        AccountRule {
            which,
            style,
            role: None,
            profile: None,
        }
    }

    fn named(pattern: &str, style: AccountStyle) -> AccountRule {
        rule(Which::Named(NamePattern::new(pattern)), style)
    }

    fn of_id(id: &str, style: AccountStyle) -> AccountRule {
        rule(Which::Id(id.into()), style)
    }

    fn label(label: &str) -> AccountStyle {
        AccountStyle {
            label: Some(label.into()),
            ..AccountStyle::default()
        }
    }

    fn production(production: bool) -> AccountStyle {
        AccountStyle {
            production: Some(production),
            ..AccountStyle::default()
        }
    }

    #[test]
    fn an_account_is_found_by_its_id_or_by_any_of_its_names() {
        let rules = AccountRules::new(vec![
            of_id("123456789012", label("by ID")),
            named("acme-*", label("by name")),
            named("billing", label("billing itself")),
        ]);
        let of = |id, names: &[&str]| {
            let style = rules.of(id, names);
            style.map(|style| style.label.unwrap().into_string())
        };
        assert_eq!(of(Some("123456789012"), &[]).as_deref(), Some("by ID"));
        assert_eq!(of(None, &["ACME-dev"]).as_deref(), Some("by name"));
        assert_eq!(of(None, &["x", "acme-"]).as_deref(), Some("by name"));
        assert_eq!(of(None, &["billing"]).as_deref(), Some("billing itself"));
        assert_eq!(of(None, &["old-billing"]), None, "no star, no part");
        assert_eq!(of(Some("123456789013"), &["acme"]), None);
        assert_eq!(of(None, &[]), None);
    }

    #[test]
    fn the_first_rule_that_says_a_thing_counts_for_it() {
        let rules = AccountRules::new(vec![
            of_id("123456789012", label("payments")),
            named("*-prod", production(true)),
            named("*", {
                AccountStyle {
                    colour: Some(Colour::Green),
                    ..production(false)
                }
            }),
        ]);
        let style = rules.of(Some("123456789012"), &["acme-prod"]).unwrap();
        assert_eq!(
            style,
            AccountStyle {
                label: Some("payments".into()),
                production: Some(true),
                colour: Some(Colour::Green),
            }
        );
        let other = rules.of(None, &["acme-dev"]).unwrap();
        assert_eq!((other.label, other.production), (None, Some(false)));
    }

    #[test]
    fn a_colour_is_one_of_sixteen() {
        assert_eq!(Colour::ALL.len(), 16);
        for colour in Colour::ALL {
            assert_eq!(Colour::named(colour.name()), Some(*colour));
        }
        assert_eq!(Colour::named("bright-red"), Some(Colour::BrightRed));
        assert_eq!(Colour::named("Red"), None);
        assert_eq!(Colour::named("orange"), None);
    }

    #[test]
    fn production_is_a_word_of_the_name() {
        for name in ["prod", "acme-prod", "Production_EU", "live.shop", "a prod"] {
            assert!(says_production(name), "{name}");
        }
        for name in ["", "product", "reproduction", "preprod", "alive", "nonprod"] {
            assert!(!says_production(name), "{name}");
        }
    }
}
