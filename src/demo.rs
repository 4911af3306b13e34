//! An IAM and STS endpoint inside the process.
