//! What is said of a destination before it is agreed to, on the screen and in the terminal of a command.

use super::{Choosing, Phase, Whose};

impl Choosing {
    /// Whose key is in the profile now, a sentence each: what follows for programs comes last, where the
    /// key is another user's. `endpoint` is the session's, where it is not AWS's own.
    #[must_use]
    pub fn holder_words(&self, endpoint: Option<&str>) -> Vec<String> {
        let holder = match &self.phase {
            Phase::Agreeing(agreeing) => agreeing.holder.as_ref(),
            _ => None,
        };
        let key = holder.map_or("", |holder| &holder.key);
        let one = match self.whose() {
            Whose::None => return Vec::new(),
            Whose::ThisKey => "It holds this key already.".into(),
            Whose::Asking => format!("It holds {key}. Asking whose that is."),
            Whose::SameUser => format!("It holds {key}, of {} as well.", self.user),
            Whose::Another(caller) => {
                let mut words = vec![format!("It holds {key} of another user: {}", caller.arn)];
                let here = self.account_id.as_ref();
                if here.is_some_and(|here| *here != caller.account) {
                    words.push(format!("That is another account: {}.", caller.account));
                }
                words.push(format!(
                    "Programs that use this profile will act as {} instead.",
                    self.user
                ));
                return words;
            }
            Whose::NotAccepted => match endpoint {
                None => format!(
                    "It holds {key}, which AWS does not accept: deleted, Inactive or expired."
                ),
                Some(endpoint) => format!(
                    "It holds {key}. The endpoint of this session ({endpoint}) does not accept it; AWS \
                     was not asked."
                ),
            },
            Whose::NotKnown(why) => format!("It holds {key}. Whose that is, is not known: {why}"),
        };
        vec![one]
    }
}
