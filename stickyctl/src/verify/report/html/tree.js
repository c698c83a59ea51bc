/* Trees to elements. Whatever a text says, it becomes a text node: nothing here reads markup. */
const SVG = "http://www.w3.org/2000/svg";

/** `[name, attributes, ...children]` as an SVG element; a string is text. */
function svg(tree) {
  if (typeof tree === "string") return document.createTextNode(tree);
  const [name, attributes, ...children] = tree, element = document.createElementNS(SVG, name);
  for (const key in attributes) if (attributes[key] !== undefined) element.setAttribute(key, attributes[key]);
  for (const child of children) if (child) element.append(svg(child));
  return element;
}

/** A figure with what it shows in words. */
const figure = (width, height, label, children) =>
  svg(["svg", { class: "fig", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, ...children]);

/** An HTML element; strings among the children are text. */
function h(tag, css, ...children) {
  const element = document.createElement(tag);
  if (css) element.className = css;
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

/** A sentence with its commands and flags set as code. */
const withCode = text => text.split(/(`[^`]+`|(?<![\w-])--[a-z][a-z-]+(?: [0-9.]+(?:%|s)?)?)/).map(part =>
  part.startsWith("`") ? h("code", part.startsWith("`--") ? "flag" : "", part.slice(1, -1)) : part.startsWith("--") ? h("code", "flag", part) : part);

const px = number => number.toFixed(1);
const count = (number, one, many) => `${number.toLocaleString("en")} ${number === 1 ? one : many || one + "s"}`;
const seconds = ms => (ms < 1e5 ? (ms / 1000).toFixed(ms < 1e4 ? 2 : 1) : Math.round(ms / 1000)) + " s";

/** A round step of at least `least`: 1, 2 or 5 times a power of ten. */
function step(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map(factor => factor * power).find(value => value >= least * .999);
}
