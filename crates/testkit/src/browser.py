"""Opens pages in headless Chromium, and prints what it saw of each; the tasks are JSON on standard input."""

import json
import os
import sys

from playwright.sync_api import sync_playwright

# What a page may not have, and what a person who sees it, or hears it, gets.
LOOK = r"""() => {
  const text = node => (node.textContent || "").replace(/\s+/g, " ").trim();
  const named = (node, inner) => node.getAttribute("aria-label")
      || (node.getAttribute("aria-labelledby") || "").split(/\s+/).filter(Boolean)
          .map(id => text(document.getElementById(id) || document.createElement("i"))).join(" ")
      || (node.querySelector(inner) ? text(node.querySelector(inner)) : "");
  const all = [...document.querySelectorAll("*")];

  const channel = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const colours = new Map();
  const colour = css => {
    if (!colours.has(css)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = css;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      colours.set(css, [r, g, b, a / 255]);
    }
    return colours.get(css);
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a)];
  const canvasColour = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  const behind = new Map();
  const background = node => {
    if (!node) return canvasColour;
    if (!behind.has(node)) {
      behind.set(node, over(colour(getComputedStyle(node).backgroundColor), background(node.parentElement)));
    }
    return behind.get(node);
  };

  const faint = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let seen = 0; walker.nextNode() && seen < 20000;) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || node.closest("svg, style, title, script, noscript")) continue;
    const box = node.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    seen++;

    const style = getComputedStyle(node), behindIt = background(node);
    const [light, dark] = [luminance(over(colour(style.color), behindIt)), luminance(behindIt)].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize), bold = parseInt(style.fontWeight) >= 700;
    const wanted = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < wanted - 0.005) {
      faint.add(`${ratio.toFixed(2)} of ${wanted}: <${node.localName} class="${node.className}">`);
    }
  }

  return {
    title: document.title,
    language: document.documentElement.lang,
    text: document.body.innerText,
    scripts: all.filter(node => node.localName === "script").length,
    handlers: all.flatMap(node => node.getAttributeNames()
        .filter(name => name.startsWith("on") || /^\s*javascript:/i.test(node.getAttribute(name)))
        .map(name => `<${node.localName} ${name}>`)),
    embedded: all.filter(node => ["img", "iframe", "object", "embed", "form", "input", "button", "audio", "video", "base"]
        .includes(node.localName)).map(node => `<${node.localName}>`),
    sentinel: window.sentinel === undefined ? "" : String(window.sentinel),
    headings: all.filter(node => /^h[1-6]$/.test(node.localName)).map(node => [Number(node.localName[1]), text(node)]),
    landmarks: all.filter(node => ["header", "nav", "main", "footer"].includes(node.localName)
        && !node.parentElement.closest("main, article, section")).map(node => node.localName),
    unnamed: [
      ...[...document.querySelectorAll("table")].filter(node => !named(node, "caption")).map(() => "table"),
      ...[...document.querySelectorAll("svg")]
          .filter(node => node.getAttribute("aria-hidden") !== "true" && !node.closest("[aria-hidden=true]")
              && !named(node, "title")).map(() => "svg"),
      ...[...document.querySelectorAll("a")].filter(node => !text(node) && !named(node, "title")).map(() => "a"),
    ],
    document_width: document.documentElement.scrollWidth,
    viewport_width: document.documentElement.clientWidth,
    faint: [...faint],
    elements: all.length,
  };
}"""


def look(browser, task):
    context = browser.new_context(
        viewport={"width": task["width"], "height": task["height"]},
        color_scheme=task["scheme"],
        locale="en-GB",
        timezone_id="UTC",
        reduced_motion="reduce",
    )
    page = context.new_page()
    requests, console = [], []
    page.on("request", lambda request: requests.append(f"{request.method} {request.url}"))
    page.on("console", lambda message: console.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: console.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (console.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    context.on("page", lambda other: console.append(f"another page: {other.url}"))

    answer = page.goto(task["url"], wait_until="load")
    # Everything that reacts to a pointer is given one.
    page.mouse.move(task["width"] / 2, task["height"] / 2)
    seen = page.evaluate(LOOK)
    seen["status"] = answer.status if answer else 0
    seen["html"] = page.content()
    seen["aria"] = page.locator("body").aria_snapshot()
    if task.get("screenshot"):
        page.screenshot(path=task["screenshot"], full_page=task["full_page"], animations="disabled", caret="hide")
    seen["requests"], seen["console"] = requests, console
    context.close()
    return seen


with sync_playwright() as playwright:
    program = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    flags = ["--font-render-hinting=none", "--force-color-profile=srgb", "--disable-lcd-text", "--hide-scrollbars"]
    with playwright.chromium.launch(executable_path=program, args=flags) as browser:
        json.dump([look(browser, task) for task in json.load(sys.stdin)], sys.stdout)
