/* The page's parts, from top to bottom. */
const WORDS = { "sticky": "Sticky", "not-sticky": "Not sticky", "inconclusive": "Inconclusive", "not-judged": "Not judged" };
const CLASSES = { "sticky": "yes", "not-sticky": "no" };
const RESULTS = { fail: ["failed", "M3 3L13 13M13 3L3 13"], pass: ["passed", "M2 9L6 13L14 3"], skip: ["skipped", "M3 8H13"] };
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `25 Nov 2026, 14:02:07 UTC`, of RFC 3339. */
function moment(text) {
  const [, year, month, day, time] = /^(\d+)-(\d+)-(\d+)T([\d:]+)Z$/.exec(text) || [];
  return year ? `${Number(day)} ${MONTHS[month - 1]} ${year}, ${time} UTC` : text;
}

/** Names and what is known of each; a value that is a list has a line for each of its parts. */
const facts = pairs => h("dl", "facts", ...pairs.filter(([, value]) => value).flatMap(([name, value]) =>
  [h("dt", "", name), ...[value].flat().map(line => h("dd", "", line))]));

const MOST_COOKIES = 12;
const FATES = {
  "born-expired": "over when it comes", "refused": "refused by browsers", "foreign-domain": "for another domain", "other-path": "for another path",
  "secure-over-http": "kept away from plain http",
};

/** A cookie's attributes, what becomes of it, and how often it went there and back. */
function cookieLine({ name, attributes, fate, lives_s: lives, offered, sent, values }) {
  const life = lives !== undefined && fate !== "born-expired" && !attributes.includes("Max-Age=") ? `lives ${count(lives, "second")}` : null;
  return [`${name}, ${attributes || "no attributes"}`, FATES[fate], life, `offered ${offered}, sent ${sent}`, values ? `values ${values.join(", ")}` : "value redacted"]
    .filter(Boolean).join("; ");
}

function heading(report) {
  const said = [["site", report.url], ["run", moment(report.began)], ["took", seconds(report.took_ms)], ["seed", String(report.seed)], ["stickyctl", report.stickyctl]];
  const kind = report.verdict === "sticky" ? (report.forced_moves ? "forced" : "hold") : report.verdict === "not-sticky" ? "jump" : "one";
  const workers = report.scenarios.find(one => one.name === "workers" && one.outcome === "skip");
  const about = report.workers === "not-judged" && workers ? `not judged: ${workers.detail}` : WORDS[report.workers].toLowerCase();
  return [
    h("div", "run", ...said.map(([name, value]) => h("span", "", name + " ", h("b", "", value)))),
    h("header", "verdict", emblem(kind), h("div", "",
      h("h1", "", WORDS[report.verdict]), h("p", "lead", report.summary.lead),
      h("p", "two", h("span", "", "pod affinity ", h("b", "", WORDS[report.verdict].toLowerCase())), h("span", "", "worker affinity ", h("b", "", about)),
        h("span", "", "exit code ", h("b", "", String(report.exit_code)))))),
    h("div", "why",
      h("div", "", h("h2", "", "Why"), ...report.reasons.map((reason, place) => h("span", place ? "code" : "code first", reason.code)),
        h("ol", "", ...report.summary.because.map(text => h("li", "", ...withCode(text))))),
      h("div", "", h("h2", "", "What to do"), h("ol", "", ...report.summary.todo.map(text => h("li", "", ...withCode(text)))))),
  ];
}

function mapSection(report, pods, width) {
  if (!report.sessions.some(session => session.requests.length)) {
    return h("section", "", h("h2", "", "Every session, request by request"), h("p", "", "No session had been asked when the run ended."));
  }
  const drawn = map(report, pods, width), broken = report.sessions.every(session => session.requests.some(hasMoved));
  const lines = ["A row is a session, a column a round; inside a round the order is shuffled. A session that sticks is an unbroken bar; a tick is a change of pod."];
  if (broken) lines.push("Here none is unbroken.");
  if (report.forced_moves) lines.push("A dashed tick is a forced move.");
  if (report.pods.length === 1) {
    const only = report.reasons.some(reason => reason.code === "single-ready-pod");
    lines.push(`The controls below are one colour too: ${only ? "there was nowhere else to go" : "nothing spreads"}.`);
  }
  if (report.sessions.some(session => session.requests.some(request => request.pod === undefined))) lines.push("A dashed box is a request without a pod's name: no move.");
  if (drawn.shown < drawn.of) lines.push(`${drawn.shown} of ${count(drawn.of, "session")} are shown, those that moved come first.`);
  if (drawn.columns < drawn.all) lines.push(`The first ${drawn.columns} of ${drawn.all} requests fit in this width.`);
  return h("section", "long", h("div", "head", h("h2", "", "Every session, request by request"), pods.legend(12)), h("p", "", lines.join(" ")), drawn.figure);
}

function boundSection(report, width) {
  const one = (numbers, what) => h("div", "", h("p", "", ...inWords(numbers, what)), interval(numbers, width));
  return h("section", "", h("h2", "", "What the sample can say"), h("div", "bound",
    one(report.moved_requests, "request"), one(report.moved_sessions, "session"), h("p", "whole", meaning(report))));
}

function pairSection(report, pods, half) {
  const controls = report.pods.filter(pod => pod.controls).length, rest = others(report);
  const where = controls === 1 ? "Without a cookie, too, everything went to one pod." : "Where requests without a cookie went, and where sessions began. Evenness is not judged.";
  if (!report.pods.length) return h("section", "", h("h2", "", "Spread"), h("p", "after", "No answer named its pod."));
  return h("div", "pair",
    h("section", "", h("h2", "", "Spread"), h("p", "", where), spread(report, pods, half), rest ? h("p", "after", rest) : null),
    h("section", "", h("h2", "", "Latency by pod"), h("p", "", "Milliseconds on a log scale: middle, most (5 to 95 %), and the slowest in a hundred."), latency(report, pods, half)));
}

function scenarioSection(report) {
  const order = Object.keys(RESULTS), number = outcome => report.scenarios.filter(one => one.outcome === outcome).length;
  const mark = outcome => svg(["svg", { viewBox: "0 0 16 16", "aria-hidden": "true" },
    ["path", { d: RESULTS[outcome][1], fill: "none", stroke: "currentColor", "stroke-width": 2.4, "stroke-linecap": "round" }]]);
  const lines = [...report.scenarios].sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome)).map(one => h("tr", "", h("td", "", one.name),
    h("td", "sub", one.asks), h("td", `result ${one.outcome}`, mark(one.outcome), RESULTS[one.outcome][0]), h("td", "", ...withCode(one.detail))));
  const head = ["scenario", "asks", "result", "seen"].map(name => { const cell = h("th", "", name); cell.scope = "col"; return cell; });
  return h("section", "long", h("div", "head", h("h2", "", "Scenarios"), h("span", "sub", `${number("pass")} passed, ${number("fail")} failed, ${number("skip")} skipped`)),
    h("table", "", h("thead", "", h("tr", "", ...head)), h("tbody", "", ...lines)));
}

/** Reasons that the verdict does not rest on. */
function moreSection(report) {
  // Forced moves are in the sentences at the top.
  const more = report.verdict === "sticky" ? report.reasons.filter(reason => reason.code !== "moved-forced") : report.reasons.slice(1);
  if (!more.length) return null;
  return h("section", "", h("h2", "", "Seen besides"), ...more.map(reason => h("div", "more", h("span", "code", reason.code), reason.title,
    h("div", "sub", `seen: ${reason.detail}`))));
}

function baselineSection(report) {
  const told = report.baseline;
  if (!told) return null;
  const changed = told.changed.length ? h("ul", "changes", ...told.changed.map(text => h("li", "", text))) : h("p", "after", "Nothing changed.");
  return h("section", "", h("h2", "", `Compared with ${moment(told.began)}`), h("p", "", told.file), changed,
    told.weak.length ? h("p", "after", `A weak comparison: ${told.weak.join("; ")}.`) : null);
}

function runSection(report) {
  const { plan, identity } = report, statuses = Object.entries(report.nameless).map(([status, number]) => `${number} with status ${status}`);
  const cookies = report.cookies.slice(0, MOST_COOKIES).map(cookieLine), more = report.cookies.length - cookies.length;
  if (more > 0) cookies.push(`and ${more} more`);
  const ends = Object.entries(report.socket_ends).map(([why, number]) => `${number} ${why.replaceAll("-", " ")}`);
  return h("section", "", h("h2", "", "The run"), facts([
    ["sample", `${count(plan.sessions, "session")}, 1 + ${count(plan.requests, "request")} each, ${count(plan.controls, "control")}; a fresh connection for every request`],
    ["paths", (plan.paths || []).length > 1 ? plan.paths.join("  ") : null],
    ["identity", `${identity.pod}, seen on ${identity.named} of ${count(identity.of, "answer")}; workers by ${identity.worker}`],
    ["cookie", cookies.length ? cookies : "none offered"],
    ["set apart", `${statuses.join(", ") || 0} without an identity, ${report.lost} without an answer, ${report.cached} of a cache`],
    ["sockets ended", ends.join(", ")],
  ]), h("pre", "", report.command));
}
