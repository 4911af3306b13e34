//! How long an answer is waited for.

use aws_config::timeout::TimeoutConfig;
use std::time::Duration;

/// Limits for each call. The SDK sets one for connecting only: without the others a silent server
/// would be waited for for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For making a connection.
    pub connect: Duration,
    /// For the first byte of an answer, once the request is sent.
    pub read: Duration,
    /// For one attempt, from the connection to the last byte. A change has no other: it is sent
    /// once.
    pub attempt: Duration,
    /// For all attempts and the pauses between them, those that adaptive retry makes among them.
    pub operation: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            read: Duration::from_secs(10),
            attempt: Duration::from_secs(15),
            operation: Duration::from_secs(45),
        }
    }
}

impl Timeouts {
    /// As the SDK takes them.
    pub(super) fn config(self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.connect)
            .read_timeout(self.read)
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.operation)
            .build()
    }

    /// An attempt and a call may take so long: the answer is large. The limits that belong to a
    /// connection stay as they are, so that silence is noticed as soon as ever.
    pub(super) fn at_least(self, time: Duration) -> Self {
        Self {
            attempt: self.attempt.max(time),
            operation: self.operation.max(time),
            ..self
        }
    }

    /// No attempt and no call takes longer than this. The limits that belong to a connection stay
    /// as they are, or the call would need a connection of its own.
    pub(super) fn at_most(self, limit: Duration) -> Self {
        Self {
            attempt: self.attempt.min(limit),
            operation: self.operation.min(limit),
            ..self
        }
    }
}
