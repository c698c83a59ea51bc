// What index.html has before the modules come is what they would make.
import { readFileSync } from "node:fs";
import test from "node:test";
import assert from "node:assert/strict";
import { ACTIONS } from "../actions.js";

const html = readFileSync(new URL("../index.html", import.meta.url), "utf8");
/** @param {string} markup */
const textOf = markup => markup.replace(/<[^>]*>/g, "").replaceAll("&amp;", "&").trim();

test("the rows of buttons are the actions, in their order", () => {
  const rows = [...html.matchAll(/<li class="act" data-op="([^"]*)">(.*?)<\/li>/gs)].map(([, op, row]) => ({ op, row }));
  assert.deepEqual(rows.map(({ op, row }) => ({ op, name: textOf(row.match(/class="send">(.*?)<\/button>/s)[1]) })), ACTIONS.map(({ op, name }) => ({ op, name })));
  for (const { op, row } of rows) {
    // "non-sticky" and "in-memory" don't break across lines.
    const unbroken = [...row.matchAll(/<span class="nb">([^<]*)<\/span>/g)].map(([, word]) => word);
    assert.deepEqual(unbroken, ACTIONS.find(a => a.op === op).name.split(" ").filter(word => word.includes("-")), op);
    assert.equal(row.match(/aria-controls="([^"]*)"/)[1], row.match(/class="explain" id="([^"]*)"/)[1], op);
  }
  assert.equal(new Set([...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)).size, [...html.matchAll(/ id="/g)].length, "an id stands twice");
});

test("the first texts are those of the modules", () => {
  const field = html.match(/<input id="message"[^>]*maxlength="(\d+)"[^>]*value="([^"]*)"/);
  assert.equal(textOf(html.match(/<output id="count"[^>]*>.*?<\/output>/)[0]), `${field[2].length} of ${field[1]}`);
  const [again, hint] = [/<span id="again-name">.*?<\/span>/, /<p id="field-hint">.*?<\/p>/].map(part => textOf(html.match(part)[0]));
  assert.equal(again, ACTIONS[0].name);
  assert.equal(hint, `Enter sends by ${ACTIONS[0].name}.`);
});
