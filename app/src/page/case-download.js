// A download in pieces, whose cursor is in one worker's memory.
/** @import { Token, Wire } from "./types.d.ts" */
/** @import { CaseEnv } from "./case-panel.js" */
/** @import { Asked } from "./case-ask.js" */
import { PIECES, isPiece, missedAt, nextOf, noCursor, opened, piecesOf, received, seen, sources } from "./case-cursor.js";
import { askInTurn } from "./case-run.js";
import { burstOf, casePanel, colours } from "./case-panel.js";
import { counted, failedWords, noCursorWords, openedWords, pieceWords, relayWords, restWords } from "./case-words.js";
import { swatch } from "./dom.js";
import { podOf, speakerOf } from "./ids.js";
import { addTo } from "./tally.js";
import { hopsFrom } from "./trace.js";
import { resolve } from "./topology.js";
import { build, el, mark } from "./tree.js";

const MOST_ASKS = 200, IN_A_ROW = 16, RELAY_MS = 5_000, SOCKET_MS = 5_000, LOOK_MS = 50;
/** @type {(json: Record<string, unknown>) => boolean} */
const hasNone = json => !isPiece(json.piece);
/** @param {number} ms */
const later = ms => new Promise(done => setTimeout(done, ms));

/** @param {CaseEnv} env */
export function createDownload(env) {
  const { state, ask, player } = env, panel = casePanel("case-download", env), colour = colours(state);
  let cursor = noCursor();
  /** @type {Asked | null} */
  let relaying = null;

  /** @param {Token[]} [words] */
  function show(words) {
    if (words) panel.say(words);
    const { article } = panel, n = piecesOf(cursor);
    Object.assign(article.dataset, { pieces: n, misses: cursor.misses, at: cursor.at ?? "", gone: cursor.gone });
    panel.part("cells").replaceChildren(...cursor.pieces.map((piece, i) => cell(piece, i)));
    panel.part("from").replaceChildren(...sources(cursor).map(([by, k]) => el("span", "", swatch(colour(by) ?? 1), el("span", "id", by), " ", el("b", "", String(k)))));
    panel.score("score", [[`${n} of ${PIECES} pieces`], [`${cursor.misses} ${cursor.misses === 1 ? "miss" : "misses"}`, cursor.misses > 0]]);
    showKill();
  }

  /** @type {(piece: import("./case-cursor.js").Piece | null, i: number) => HTMLElement} */
  function cell(piece, i) {
    const slot = piece && colour(piece.by), next = i === nextOf(cursor);
    const li = el("li", piece ? (slot ? "" : "plain") : next && cursor.missed ? "missed" : cursor.gone ? "lost" : "");
    const words = piece ? (piece.by ? `from ${piece.by}` : "here") + (piece.way === "ws" ? ", over the WebSocket" : "") : next && cursor.missed ? "missed" : "not here";
    if (slot) li.append(build(["svg", { "aria-hidden": "true", width: "100%", height: "100%" }, ["rect", { width: "100%", height: "100%", fill: `url(#pt-${slot})` }]]));
    if (!piece && next && cursor.missed) li.append(mark("bad"));
    li.append(el("span", "vh", `piece ${i + 1}: ${words}`));
    li.title = `piece ${i + 1}: ${words}`;
    Object.assign(li.dataset, { by: piece?.by ?? "", way: piece?.way ?? "" });
    return li;
  }

  /** What to kill so that the cursor is lost: the pod, or its worker where it has several. */
  function victim() {
    if (!cursor.open || !cursor.at || cursor.gone) return null;
    const { at } = cursor, pod = state.world.pods.find(p => p.name === podOf(at));
    return pod ? { pod: pod.name, name: pod.workers.length > 1 ? at : pod.name } : null;
  }

  function showKill() {
    const whom = victim(), can = env.canKill(), b = panel.button("kill"), command = panel.part("command");
    b.hidden = !can;
    b.textContent = whom ? "kill " + whom.name : "kill its worker";
    command.hidden = can;
    const name = whom?.pod ?? "POD";
    command.replaceChildren("To lose the cursor half-way: ", el("code", "", state.world.door.kind === "local" ? `stickyctl kill ${whom?.name ?? name} --local` : `kubectl delete pod ${name}`));
  }

  /** Shows one request on the map, and its sentence here as well. @param {Asked} m */
  function follow(m) {
    player.follow(m);
    return m.whenFinished;
  }

  /** @type {(m: Asked, words: () => Token[]) => void} */
  function heard(m, words) {
    m.said = m.problem ? failedWords(m, env.bus()) : words();
    show(m.said);
  }

  /**
   * Opens a cursor at the first piece.
   * @param {"piece-sticky" | "piece-rr"} op
   */
  async function start(op) {
    cursor = noCursor();
    await follow(ask(op, "?from=0", {
      heard: m => heard(m, () => {
        cursor = opened(m.reached);
        return openedWords(m);
      }),
    }));
    return cursor.open;
  }

  const startIfNone = async (/** @type {"piece-sticky" | "piece-rr"} */ op) => cursor.open || start(op);

  /** @param {Asked} m */
  function take(m) {
    const before = seen(cursor, state.world), { piece } = m.json;
    cursor = before;
    if (m.problem) return failedWords(m, env.bus());
    if (isPiece(piece)) {
      cursor = received(cursor, piece, { by: m.reached, way: "http" });
      return pieceWords(m, cursor, piece);
    }
    cursor = missedAt(cursor, m.reached);
    return noCursorWords(m, before);
  }

  for (const op of /** @type {const} */ (["piece-sticky", "piece-rr"])) {
    panel.once(op, async () => {
      if (!await startIfNone(op)) return;
      await follow(ask(op, "/next", {
        missed: hasNone,
        heard(m) {
          m.said = take(m);
          show(m.said);
        },
      }));
    });
  }

  panel.once("again", async () => {
    await start("piece-sticky");
  });

  panel.often("rest", async signal => {
    if (!await startIfNone("piece-sticky")) return;
    const shown = burstOf(state, "piece-sticky", 0), paint = player.flow(shown);
    let pieces = 0, missed = 0, failed = 0, inARow = 0;
    await askInTurn(MOST_ASKS, signal, () => ask("piece-sticky", "/next", { signal, missed: hasNone }), m => {
      take(m);
      if (m.problem) failed++;
      else if (m.outcome === "arrived") pieces++;
      else missed++;
      inARow = m.outcome === "missed" ? inARow + 1 : 0;
      addTo(shown, m);
      Object.assign(shown, { n: pieces + missed + failed, said: ["Fetching the rest."] });
      show(shown.said);
      paint();
      return cursor.open && inARow < IN_A_ROW;
    });
    Object.assign(shown, { said: restWords(shown, pieces, missed, failed), done: true });
    show(shown.said);
    paint();
  });

  /** Waits until `done`, or for `ms`. @type {(done: () => boolean, ms: number, signal: AbortSignal) => Promise<boolean>} */
  async function until(done, ms, signal) {
    for (let waited = 0; !done() && waited < ms && !signal.aborted; waited += LOOK_MS) await later(LOOK_MS);
    return done();
  }

  panel.often("relay", async signal => {
    const from = nextOf(cursor), live = () => state.socket.state === "live";
    if (from === PIECES) return show(["All twelve pieces are here. ", "Start again to lose them another way."]);
    if (!live()) {
      show(["Opening your socket first."]);
      env.wake();
      if (!await until(live, SOCKET_MS, signal)) return show(["You have no socket right now, so the pieces would have nowhere to go: ", { end: "missed", miss: true }, "."]);
    }
    const got = () => cursor.pieces.slice(from).filter(p => p?.way === "ws").length;
    relaying = ask("relay", `/relay?from=${from}`, {
      signal,
      async heard(m) {
        if (m.problem) return heard(m, () => []);
        const published = Number(m.json.published) || 0, wanted = m.json.receivers !== 0;
        if (wanted) await until(() => got() >= published, RELAY_MS, signal);
        m.socket = { live: live(), at: state.socket.at };
        m.outcome = got() ? "arrived" : "missed";
        heard(m, () => relayWords(m, published, got(), state.socket.at, wanted));
      },
    });
    await follow(relaying);
    relaying = null;
  });

  panel.once("kill", async () => {
    const whom = victim();
    if (!whom) return show(["There is no cursor to lose. Fetch a piece first."]);
    const { ok, message } = await env.kill(whom.name);
    if (!ok) return show([message]);
    cursor = { ...cursor, gone: true };
    show(["Killed ", { id: whom.name }, ", and your cursor with it: ", { end: `${counted(piecesOf(cursor), "piece")} here, ${PIECES - piecesOf(cursor)} lost`, miss: true }, "."]);
  });

  show();
  return {
    /** The pods have changed. */
    refresh() {
      cursor = seen(cursor, state.world);
      show();
    },
    /** A piece came over the socket. @param {Wire} frame */
    frame(frame) {
      const piece = frame.download?.piece;
      if (!isPiece(piece)) return;
      const by = state.expose === "off" ? null : resolve(state.world, speakerOf(String(frame.text ?? "")));
      cursor = received(cursor, piece, { by, way: "ws" });
      // All pieces take one way; the first tells it.
      if (relaying && !relaying.frame) relaying.frame = { hops: hopsFrom(frame.trace?.hops), speaker: by };
      show();
    },
  };
}
