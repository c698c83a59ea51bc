use super::draw::{Look, draw};
use super::state::{Question, Step, View};
use crate::local::api::{BusStatus, Change, PodStatus, Rule, Status, WorkerStatus};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::{Color, Modifier};
use sticky_core::choice::Issuer;
use sticky_core::readiness::State;
use sticky_core::topology::{Affinity, Door};

const LOOK: Look = Look { colors: true, unicode: true };

fn worker(worker: u16, sockets: usize) -> WorkerStatus {
    WorkerStatus { worker, state: State::Ready, sockets, restarts: 0, age_s: 300 }
}

fn pod(name: &str, workers: u16) -> PodStatus {
    PodStatus {
        pod: name.to_owned(),
        version: "0.1.0".to_owned(),
        canary: false,
        state: State::Ready,
        left_s: None,
        workers: (0..workers).map(|n| worker(n, 2)).collect(),
    }
}

fn status(mode: &str, pods: Vec<PodStatus>) -> Status {
    Status {
        schema: Status::SCHEMA.to_owned(),
        url: "http://127.0.0.1:8080/".to_owned(),
        pid: 1,
        version: "0.1.0".to_owned(),
        up_s: 300,
        mode: mode.to_owned(),
        canary: 0,
        settled: true,
        failure: None,
        door: Door { kind: "local".to_owned(), affinity: Affinity::Cookie, issuer: Issuer::Proxy },
        bus: BusStatus { kind: "memory".to_owned(), fanout: "directed".to_owned(), state: "ok".to_owned() },
        pods,
    }
}

fn three() -> View {
    View::new(status("3x1", ["app-1", "app-2", "app-3"].map(|name| pod(name, 1)).into()))
}

fn press(view: &mut View, key: KeyCode) -> Step {
    view.hears(&Event::Key(KeyEvent::new(key, KeyModifiers::NONE)))
}

fn typed(view: &mut View, keys: &str) -> Step {
    keys.chars().fold(Step::Stay, |_, key| press(view, KeyCode::Char(key)))
}

fn screen(view: &View, width: u16, height: u16) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, view, LOOK)).unwrap();
    terminal
}

fn lines(view: &View, width: u16, height: u16) -> Vec<String> {
    let buffer = screen(view, width, height).backend().buffer().clone();
    buffer
        .content
        .chunks(usize::from(width))
        .map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned())
        .collect()
}

#[test]
fn it_looks_like_the_table_of_status() {
    assert_eq!(
        lines(&three(), 80, 16),
        [
            "sticky-sessions  3x1  version 0.1.0  up 5 min",
            "http://127.0.0.1:8080/",
            "",
            "  POD    STATE  WORKER  SOCKETS  RESTARTS    AGE",
            "> app-1  ready       0        2         0  5 min",
            "  app-2  ready       0        2         0  5 min",
            "  app-3  ready       0        2         0  5 min",
            "",
            "",
            "",
            "",
            "front door  local, affinity by a cookie that the proxy sets (sticky_local)",
            "bus         memory, directed, ok",
            "",
            "",
            "+/- pods  m mode  a affinity  ↑↓ select  k kill pod  w kill worker  q quit",
        ]
    );
}

#[test]
fn a_canary_has_its_version() {
    let mut view = three();
    view.status.canary = 1;
    view.status.pods.push(PodStatus { version: "0.1.0-canary".to_owned(), canary: true, ..pod("app-4", 1) });
    let text = lines(&view, 80, 16).join("\n");
    for line in [
        "POD    VERSION       STATE  WORKER  SOCKETS  RESTARTS    AGE",
        "> app-1  0.1.0         ready       0",
        "  app-4  0.1.0-canary  ready       0",
    ] {
        assert!(text.contains(line), "{line}:\n{text}");
    }
}

/// What matters stays at any size: the mode, the selected row, and how to leave.
#[test]
fn it_fits_small_terminals() {
    let mut view = View::new(status("64x2", (1..=64).map(|n| pod(&format!("app-{n}"), 2)).collect()));
    press(&mut view, KeyCode::End);
    for (width, height) in [(80, 24), (60, 20), (40, 12), (40, 8), (30, 16)] {
        let seen = lines(&view, width, height);
        let text = seen.join("\n");
        assert!(text.contains("64x2") && text.contains("> app-64") && text.contains("q quit"), "{width}x{height}:\n{text}");
        assert_eq!(text.contains("AGE"), width >= 60, "{width}: the last columns are left out first\n{text}");
    }
    for (width, height) in [(1, 1), (7, 3), (20, 2), (200, 60)] {
        lines(&view, width, height);
    }
}

#[test]
fn colors_only_repeat_words() {
    let mut view = three();
    view.status.pods[1].left_s = Some(4);
    view.status.pods[1].workers[0].state = State::Draining;
    let row = |look: Look| {
        let mut terminal = Terminal::new(TestBackend::new(80, 16)).unwrap();
        terminal.draw(|frame| draw(frame, &view, look)).unwrap();
        let buffer = terminal.backend().buffer().clone();
        let text: String = (0..80).map(|x| buffer[(x, 5)].symbol()).collect();
        (text, buffer[(2, 5)].fg, buffer[(2, 4)].modifier.contains(Modifier::REVERSED))
    };
    let (text, color, selected) = row(LOOK);
    assert!(text.contains("app-2  draining, 4 s") && color == Color::Yellow && selected, "{text} {color:?}");
    let (plain, color, selected) = row(Look { colors: false, ..LOOK });
    assert!(plain == text && color == Color::Reset && selected, "{color:?}");
    let ascii = Look { unicode: false, ..LOOK };
    let mut terminal = Terminal::new(TestBackend::new(80, 16)).unwrap();
    terminal.draw(|frame| draw(frame, &view, ascii)).unwrap();
    assert!(terminal.backend().buffer().content.iter().all(|cell| cell.symbol().is_ascii()));
}

/// The names come from another process.
#[test]
fn nothing_steers_the_terminal() {
    let mut view = View::new(status("3x1\u{1b}[2J", vec![pod("app\u{1b}]0;x\u{7}\u{202e}", 1)]));
    view.status.failure = Some("\u{9b}2J".to_owned());
    for text in lines(&view, 80, 16) {
        assert!(text.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{text:?}");
    }
}

#[test]
fn keys_scale_within_bounds() {
    let mut view = three();
    assert_eq!(typed(&mut view, "+"), Step::Change(Change::Scale(4)));
    assert_eq!(typed(&mut view, "="), Step::Change(Change::Scale(4)), "from what the demo says, not from what was pressed");
    assert_eq!(typed(&mut view, "-"), Step::Change(Change::Scale(2)));
    view.sees(status("1x1", vec![pod("app-1", 1)]));
    assert_eq!(typed(&mut view, "-"), Step::Stay);
    assert!(view.said.contains("1 to 64"), "{}", view.said);
    view.sees(status("64x1", vec![pod("app-1", 1)]));
    assert_eq!(typed(&mut view, "+"), Step::Stay);
}

#[test]
fn m_offers_the_other_mode_and_takes_any() {
    let mut view = three();
    assert_eq!(typed(&mut view, "m"), Step::Stay);
    assert!(lines(&view, 80, 16).join("\n").contains("PODSxWORKERS: 1x4_"));
    assert_eq!(press(&mut view, KeyCode::Enter), Step::Change(Change::Mode("1x4".to_owned())));
    view.sees(status("1x4", vec![pod("app-4", 4)]));
    typed(&mut view, "m");
    assert_eq!(view.question, Some(Question::Mode("3x1".to_owned())));
    (0..3).for_each(|_| assert_eq!(press(&mut view, KeyCode::Backspace), Step::Stay));
    // A letter that no mode has is not typed, and means nothing else here.
    typed(&mut view, "2qkx2a");
    assert_eq!(press(&mut view, KeyCode::Enter), Step::Change(Change::Mode("2x2".to_owned())));
    typed(&mut view, "m");
    assert_eq!(press(&mut view, KeyCode::Esc), Step::Stay, "Esc leaves the question only");
    assert_eq!((view.question.clone(), view.said.as_str()), (None, "nothing changed"));
}

#[test]
fn a_kill_is_asked_about() {
    let mut view = three();
    press(&mut view, KeyCode::Down);
    assert_eq!(typed(&mut view, "k"), Step::Stay);
    let text = lines(&view, 80, 16).join("\n");
    assert!(text.contains("kill app-2?") && text.contains("2 sockets") && text.contains("y kill"), "{text}");
    assert_eq!(typed(&mut view, "n"), Step::Stay);
    assert_eq!(view.question, None);
    assert_eq!(typed(&mut view, "ky"), Step::Change(Change::Kill("app-2".to_owned())));
    let mut view = View::new(status("1x4", vec![pod("app-1", 4)]));
    press(&mut view, KeyCode::End);
    assert_eq!(typed(&mut view, "wy"), Step::Change(Change::Kill("app-1:3".to_owned())));
    assert_eq!(typed(&mut view, "k"), Step::Stay);
    assert_eq!(press(&mut view, KeyCode::Enter), Step::Change(Change::Kill("app-1".to_owned())));
    let mut none = View::new(status("1x1", Vec::new()));
    assert_eq!(typed(&mut none, "kw"), Step::Stay);
    assert_eq!(none.question, None);
    lines(&none, 80, 16);
}

#[test]
fn affinity_and_the_end() {
    let mut view = three();
    assert_eq!(typed(&mut view, "a"), Step::Change(Change::Affinity(Rule::Off)));
    view.status.door.affinity = Affinity::Off;
    assert!(lines(&view, 80, 16).join("\n").contains("affinity off"));
    assert_eq!(typed(&mut view, "a"), Step::Change(Change::Affinity(Rule::Cookie)));
    assert_eq!(typed(&mut view, "q"), Step::Leave);
    assert_eq!(press(&mut view, KeyCode::Esc), Step::Leave);
    let ctrl_c = Event::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL));
    assert_eq!(view.hears(&ctrl_c), Step::Leave);
    typed(&mut view, "m");
    assert_eq!(view.hears(&ctrl_c), Step::Leave, "also out of a question");
    assert_eq!(view.hears(&Event::Resize(40, 10)), Step::Stay);
}

#[test]
fn the_selected_worker_stays_selected() {
    let mut view = three();
    press(&mut view, KeyCode::End);
    view.sees(status("2x1", vec![pod("app-2", 1), pod("app-3", 1)]));
    assert_eq!(view.row, 1, "app-3 has moved up");
    view.sees(status("1x1", vec![pod("app-2", 1)]));
    assert_eq!(view.row, 0, "app-3 is gone");
    press(&mut view, KeyCode::Up);
    press(&mut view, KeyCode::Home);
    assert_eq!(view.row, 0);
}

#[test]
fn only_changes_are_documents() {
    let one = status("3x1", vec![pod("app-1", 1)]);
    let mut later = one.clone();
    later.up_s += 1;
    later.pods[0].workers[0].age_s += 1;
    assert_eq!(one.timeless(), later.timeless());
    later.pods[0].workers[0].sockets += 1;
    assert_ne!(one.timeless(), later.timeless());
}
