//! `--follow`: the redirects of a session's first request, such as those of a login.

use super::answer::Answer;
use super::redirect::{MOST, Next, next};
use super::running::Running;
use super::session::shape::Filled;
use super::shoot::{Request, send};
use sticky_affinity::seen::{Outcome, Shot};

impl Running<'_> {
    /// Sends a request whose turn it is, and follows the redirects of a first one. They are recorded as one request: its answer is the last,
    /// which alone can bind the session, and its cookies are those of all of them.
    pub(super) async fn send(&self, request: Request<'_>, mut filled: Filled) -> Shot {
        let (mut shot, mut answer) = self.send_once(request, &filled).await;
        if !self.asking.follow || !request.is_first {
            return shot;
        }
        let mut followed = 0;
        while let Some(next) = answer.and_then(|answer| next(&self.asking.target, &filled, &answer)) {
            let aside = match next {
                Next::Here(next) if followed < MOST => {
                    followed += 1;
                    filled = next;
                    self.pace.turn().await;
                    let mut offered = shot.offered;
                    (shot, answer) = self.send_once(request, &filled).await;
                    offered.append(&mut shot.offered);
                    shot.offered = offered;
                    continue;
                }
                Next::Here(_) => format!("more than {MOST} redirects"),
                Next::Elsewhere => {
                    format!("{}, because it leads to another scheme, host or port", shot.aside.as_deref().unwrap_or("a redirect is not followed"))
                }
            };
            if matches!(shot.outcome, Outcome::Nameless { .. }) {
                shot.aside = Some(aside);
            }
            break;
        }
        self.book.note(|run| run.followed += u64::from(followed));
        shot
    }

    async fn send_once(&self, request: Request<'_>, filled: &Filled) -> (Shot, Option<Answer>) {
        let sent = send(self.asking, self.book, request, filled).await;
        self.pulse.note(&sent.0);
        self.tick();
        sent
    }
}
