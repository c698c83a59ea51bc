//! The programs that an image can have.

/// Which program is in an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// sticky-app, which releases run.
    App,
    /// stickyctl itself, for runs inside a cluster.
    Tool,
}

impl Content {
    /// The name of the program's file, of its package, and of the image without its registry.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::App => "sticky-app",
            Self::Tool => "stickyctl",
        }
    }

    /// The ports that the program listens on, as OCI writes them.
    pub(super) const fn ports(self) -> &'static [&'static str] {
        match self {
            Self::App => &["8080/tcp", "9090/tcp"],
            Self::Tool => &[],
        }
    }
}
