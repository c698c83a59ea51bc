//! What the live view shows and what its keys do. Pure: it neither reads a clock nor draws.

use crate::local::api::{Change, Rule, Status};
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use sticky_core::mode::{MOST, Mode};
use sticky_core::topology::Affinity;

/// The longest mode that can be typed: `64x64`.
const LONGEST_MODE: usize = 5;

/// What a key asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Stay,
    Leave,
    Change(Change),
}

/// A question that the next keys answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    /// Whether to kill this pod or worker.
    Kill(String),
    /// The mode to switch to, as typed so far.
    Mode(String),
}

pub(super) struct View {
    pub(super) status: Status,
    pub(super) question: Option<Question>,
    /// The last thing that happened, or why the last change was refused.
    pub(super) said: String,
    /// The selected row: a worker of [`Self::status`].
    pub(super) row: usize,
}

impl View {
    pub(super) fn new(status: Status) -> Self {
        Self { status, question: None, said: String::new(), row: 0 }
    }

    /// Shows a newer status. The selected worker stays selected for as long as it is there.
    pub(super) fn sees(&mut self, status: Status) {
        let selected = self.selected();
        self.status = status;
        let workers = self.workers();
        let same = selected.and_then(|selected| workers.iter().position(|worker| *worker == selected));
        self.row = same.unwrap_or(self.row).min(workers.len().saturating_sub(1));
    }

    /// Every row, as a pod and the number of its worker.
    fn workers(&self) -> Vec<(String, u16)> {
        self.status.pods.iter().flat_map(|pod| pod.workers.iter().map(|worker| (pod.pod.clone(), worker.worker))).collect()
    }

    fn selected(&self) -> Option<(String, u16)> {
        self.workers().get(self.row).cloned()
    }

    fn mode(&self) -> Option<Mode> {
        self.status.mode.parse().ok()
    }

    /// Handles what the terminal reports. After a resize it is drawn again anyway.
    pub(super) fn hears(&mut self, event: &Event) -> Step {
        event.as_key_press_event().map_or(Step::Stay, |key| self.press(key))
    }

    fn press(&mut self, key: KeyEvent) -> Step {
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return Step::Leave;
        }
        match self.question.take() {
            Some(question) => self.answer(question, key.code),
            None => self.command(key.code),
        }
    }

    fn command(&mut self, key: KeyCode) -> Step {
        let last = self.workers().len().saturating_sub(1);
        match key {
            KeyCode::Char('q') | KeyCode::Esc => return Step::Leave,
            KeyCode::Up => self.row = self.row.saturating_sub(1),
            KeyCode::Down => self.row = (self.row + 1).min(last),
            KeyCode::Home => self.row = 0,
            KeyCode::End => self.row = last,
            // `=` is the plus key without shift.
            KeyCode::Char('+' | '=') => return self.scale(1),
            KeyCode::Char('-') => return self.scale(-1),
            KeyCode::Char('a') => {
                let (rule, word) = if self.status.door.affinity == Affinity::Cookie { (Rule::Off, "off") } else { (Rule::Cookie, "on") };
                self.said = format!("affinity is {word}");
                return Step::Change(Change::Affinity(rule));
            }
            KeyCode::Char('m') => self.question = Some(Question::Mode(if self.status.mode == "1x4" { "3x1" } else { "1x4" }.to_owned())),
            KeyCode::Char('k') => self.question = self.selected().map(|(pod, _)| Question::Kill(pod)),
            KeyCode::Char('w') => self.question = self.selected().map(|(pod, worker)| Question::Kill(format!("{pod}:{worker}"))),
            _ => {}
        }
        Step::Stay
    }

    fn scale(&mut self, by: i16) -> Step {
        let pods = self.mode().and_then(|mode| mode.pods.checked_add_signed(by)).filter(|pods| (1..=MOST).contains(pods));
        let Some(pods) = pods else {
            self.said = format!("the number of pods is 1 to {MOST}");
            return Step::Stay;
        };
        self.said = format!("scaling to {pods}");
        Step::Change(Change::Scale(pods))
    }

    fn answer(&mut self, question: Question, key: KeyCode) -> Step {
        match (question, key) {
            (Question::Kill(target), KeyCode::Char('y' | 'Y') | KeyCode::Enter) => {
                self.said = format!("killed {target}");
                return Step::Change(Change::Kill(target));
            }
            (Question::Mode(text), KeyCode::Enter) => {
                self.said = format!("switching to {text}");
                return Step::Change(Change::Mode(text));
            }
            (Question::Mode(mut text), KeyCode::Char(typed)) => {
                if (typed.is_ascii_digit() || typed == 'x') && text.len() < LONGEST_MODE {
                    text.push(typed);
                }
                self.question = Some(Question::Mode(text));
            }
            (Question::Mode(mut text), KeyCode::Backspace) => {
                text.pop();
                self.question = Some(Question::Mode(text));
            }
            (Question::Kill(_), _) | (Question::Mode(_), KeyCode::Esc) => self.said = "nothing changed".to_owned(),
            (question, _) => self.question = Some(question),
        }
        Step::Stay
    }
}
