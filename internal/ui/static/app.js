// Small comforts. Every page does its job without this file.
(() => {
  "use strict";
  const all = (sel, root = document) => [...root.querySelectorAll(sel)];
  const typing = (el) => el && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName)) && !/^(checkbox|radio|submit)$/.test(el.type);

  // Keys: j and k move through the list, / goes to the search field, ? tells.
  const help = document.getElementById("keys");
  const stops = () => all(".row-title[href], .table tbody tr > :first-child a[href], [data-stop]");
  const move = (step) => {
    const list = stops();
    if (list.length === 0) return;
    const at = list.indexOf(document.activeElement);
    const to = at < 0 ? (step > 0 ? 0 : list.length - 1) : Math.min(Math.max(at + step, 0), list.length - 1);
    list[to].focus();
    list[to].scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (e) => {
    if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || e.isComposing || typing(e.target)) return;
    if (help && help.open) return;
    switch (e.key) {
      case "j": move(1); break;
      case "k": move(-1); break;
      case "/": {
        const search = document.querySelector('input[type="search"]');
        if (!search) return;
        search.focus();
        break;
      }
      case "?":
        if (!help || !help.showModal) return;
        help.showModal();
        break;
      default: {
        // A page may give a key to a control, data-key="a"; with data-press the
        // key presses it, too.
        const hit = /^[a-z0-9]$/.test(e.key) && document.querySelector(`[data-key="${e.key}"]`);
        if (!hit) return;
        for (let box = hit.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
        hit.focus();
        if (hit.tagName === "A" || "press" in hit.dataset) hit.click();
      }
    }
    e.preventDefault();
  });
  // Ctrl+Enter sends the form one is in, by its main button.
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Enter" || !(e.ctrlKey || e.metaKey) || e.isComposing) return;
    const form = e.target.closest("form");
    const button = form && form.querySelector("button.primary:not([disabled])");
    if (!button) return;
    e.preventDefault();
    form.requestSubmit(button);
  });
  for (const hint of all(".keys-hint")) hint.hidden = !(help && help.showModal);

  // Text areas grow with the text.
  const grow = (area) => {
    const left = window.scrollY;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight + 2, window.innerHeight * 0.8)}px`;
    window.scrollTo({ top: left });
  };
  const growing = (root) => {
    for (const area of all("textarea[data-autosize]", root)) {
      if (area.scrollHeight > area.clientHeight) grow(area);
      area.oninput = () => grow(area);
    }
  };
  growing(document);

  // A password can be looked at while it is typed; it leaves hidden.
  for (const button of all("[data-reveal]")) {
    const field = document.getElementById(button.getAttribute("aria-controls"));
    const show = button.textContent;
    const set = (seen) => {
      field.type = seen ? "text" : "password";
      button.textContent = seen ? button.dataset.hide : show;
    };
    button.hidden = false;
    button.addEventListener("click", () => set(field.type === "password"));
    field.form?.addEventListener("submit", () => set(false));
  }

  // How good a new password is, as far as length and variety tell. What counts is
  // what the server says.
  for (const hint of all("[data-strength]")) {
    const field = document.getElementById(hint.dataset.strength);
    const say = () => {
      const typed = [...field.value];
      const kinds = new Set(typed.map((c) => c.toLowerCase())).size;
      const missing = 12 - typed.length;
      const grade = missing > 0 ? 0 : kinds < 6 ? 1 : typed.length < 16 || kinds < 9 ? 2 : 3;
      hint.hidden = typed.length === 0;
      hint.querySelector("meter").value = Math.max(grade, 0.3);
      hint.querySelector("span").textContent = [hint.dataset.short.replace("{n}", String(missing)), hint.dataset.plain, hint.dataset.fair, hint.dataset.strong][grade];
    };
    field.addEventListener("input", say);
  }

  // Unsaved work: ask before the page is left.
  const dirty = new Set();
  for (const form of all("form[data-guard]")) {
    form.addEventListener("input", () => dirty.add(form));
    form.addEventListener("submit", () => dirty.clear());
  }
  window.addEventListener("beforeunload", (e) => {
    if (dirty.size > 0) e.preventDefault();
  });

  // Text kept in this tab until the server says it was taken: when sending fails
  // or the sign-in has run out, the form offers it again.
  const store = window.sessionStorage;
  const prefix = "kept:";
  const values = (form) => JSON.stringify([...form.elements]
    .filter((el) => el.name && !el.closest(".veiled") && /^(text|search|url|email|tel|textarea|date|select-one)$/.test(el.type))
    .map((el) => [el.name, el.value]));
  const forget = () => {
    for (const key of Object.keys(store)) if (key.startsWith(prefix)) store.removeItem(key);
  };
  // A form that came back with all of it (and perhaps with more fields) has
  // nothing to be offered.
  const holds = (form, text) => JSON.parse(text).every(([name, value]) =>
    value === "" || all(`[name="${CSS.escape(name)}"]`, form).some((el) => el.value === value));
  const offer = (form, key) => {
    const text = store.getItem(key);
    const words = document.getElementById("kept");
    if (!text || !words) return;
    if (holds(form, text)) {
      store.removeItem(key);
      return;
    }
    const strip = words.content.firstElementChild.cloneNode(true);
    const [again, drop] = all("button", strip);
    again.addEventListener("click", () => {
      for (const [name, value] of JSON.parse(text)) {
        const el = form.elements.namedItem(name);
        if (el && "value" in el) el.value = value;
      }
      dirty.add(form);
      growing(form);
      strip.remove();
    });
    drop.addEventListener("click", () => {
      store.removeItem(key);
      strip.remove();
    });
    form.prepend(strip);
  };
  try {
    if (document.querySelector(".flash.good")) forget();
    all("form[data-guard]").forEach((form, i) => {
      const key = `${prefix}${location.pathname}#${i}`;
      offer(form, key);
      let timer = 0;
      const keep = () => {
        clearTimeout(timer);
        try {
          store.setItem(key, values(form));
        } catch {
          // Full or switched off: the warning before leaving remains.
        }
      };
      form.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(keep, 500);
      });
      form.addEventListener("submit", keep);
    });
    for (const form of all("form.sign-out")) form.addEventListener("submit", forget);
  } catch {
    // Storage is switched off.
  }

  // A second press on a slow line must not send a form twice.
  document.addEventListener("submit", (e) => {
    const form = e.target;
    if (form.method === "dialog" || e.defaultPrevented) return;
    if (form.dataset.sent) {
      e.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 8000);
  });
  window.addEventListener("pageshow", () => {
    for (const form of all("form[data-sent]")) delete form.dataset.sent;
  });

  // What is made to be printed has a button for it.
  for (const button of all("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // Undo: count down, then take the button away.
  for (const form of all("form[data-undo-for]")) {
    const left = form.querySelector(".undo-left");
    const until = performance.now() + Number(form.dataset.undoFor); // clocks of old PCs are wrong
    const tick = () => {
      const seconds = Math.ceil((until - performance.now()) / 1000);
      if (seconds <= 0) {
        form.remove();
        clearInterval(timer);
      } else if (left) {
        left.textContent = left.dataset.words.replace("{n}", String(seconds));
      }
    };
    const timer = setInterval(tick, 500);
    tick();
  }

  // Live regions: the server names what changed, the page fetches itself anew
  // and takes over the regions of that name. What the reader is working in stays.
  const source = document.body.dataset.events;
  if (source && window.EventSource) {
    const waiting = new Set();
    let busy = false;
    const refresh = async () => {
      if (busy || document.hidden || waiting.size === 0) return;
      busy = true;
      const names = new Set(waiting);
      waiting.clear();
      try {
        const answer = await fetch(location.href, { headers: { "X-Live": "1" }, credentials: "same-origin" });
        if (answer.ok && !answer.redirected) {
          const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
          for (const region of all("[data-live]")) {
            if (!names.has(region.dataset.live) && !names.has("*")) continue;
            if (typing(document.activeElement) && region.contains(document.activeElement)) continue;
            if ([...dirty].some((form) => region.contains(form))) continue;
            const next = fresh.querySelector(`[data-live="${CSS.escape(region.dataset.live)}"]`);
            if (!next || next.innerHTML === region.innerHTML) continue;
            const focus = region.contains(document.activeElement) && document.activeElement.getAttribute("href");
            region.className = next.className;
            region.replaceChildren(...next.childNodes);
            growing(region);
            if (focus) region.querySelector(`[href="${CSS.escape(focus)}"]`)?.focus();
          }
        }
      } catch {
        // The line is down; the next event or the next visit brings the news.
      }
      busy = false;
      if (waiting.size > 0) setTimeout(refresh, 1000);
    };
    const events = new EventSource(source);
    events.addEventListener("change", (e) => {
      for (const name of e.data.split(/\s+/)) if (name) waiting.add(name);
      setTimeout(refresh, 150);
    });
    document.addEventListener("visibilitychange", refresh);
    window.addEventListener("pagehide", () => events.close());
  }
})();
