/* Small comforts. Every page works without this file; nothing here decides anything. */
(() => {
  "use strict";

  const words = (name) => document.documentElement.dataset[name] || "";

  /* Household numbers in groups of four, as they are read aloud. The server takes the spaces out again. */
  function group(input) {
    const size = Number(input.dataset.group) || 4;
    const typed = input.value;
    if (/[^\d\s-]/.test(typed)) return; // leave full-width digits and mistakes as typed
    const before = typed.slice(0, input.selectionStart ?? typed.length).replace(/\D/g, "").length;
    const digits = typed.replace(/\D/g, "");
    input.value = digits.replace(new RegExp(`(\\d{${size}})(?=\\d)`, "g"), "$1 ");
    if (document.activeElement === input && input.setSelectionRange) {
      const place = before + Math.max(0, Math.ceil(before / size) - 1);
      input.setSelectionRange(place, place);
    }
  }

  /* One press, one posting. The button stays in the form data because it is disabled only after the form is read.
     A form whose answer is a file (data-download) never leaves the page, and may be asked again. */
  function hold(form, button) {
    if (form.dataset.sent) return false;
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
    setTimeout(() => {
      for (const each of form.querySelectorAll("[type=submit]")) each.disabled = true;
      if (button && button.dataset.sending) button.lastChild.textContent = button.dataset.sending;
    });
    return true;
  }

  function release(form) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
    for (const each of form.querySelectorAll("[type=submit]")) each.disabled = false;
  }

  const typedForms = () => document.querySelectorAll("form[data-keep]");
  const changed = (form) => form.dataset.typed && !form.dataset.sent;

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-group]")) group(event.target);
    const form = event.target.closest("form[data-keep]");
    if (form) form.dataset.typed = "yes";
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented || "download" in form.dataset) return;
    if (!hold(form, event.submitter)) event.preventDefault();
  });

  addEventListener("beforeunload", (event) => {
    if ([...typedForms()].some(changed)) event.preventDefault();
  });

  /* Back from the browser's memory: the form may be sent again; its id makes sure that it counts once. */
  addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(release);
  });

  /* A select that filters a list applies at once; the button beside it is for those without script. */
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-apply]")) event.target.form.requestSubmit();
  });

  /* An open menu closes on Escape or on a press elsewhere. */
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) print();
  });

  /* A reader in another zone sees the own clock in the title of an instant; the page itself stays on Shanghai time. */
  function localTimes(root) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (!zone || zone === "Asia/Shanghai") return;
    for (const time of root.querySelectorAll("time[datetime*='T']:not([data-local])")) {
      const here = new Date(time.dateTime).toLocaleString(document.documentElement.lang, { timeZoneName: "short" });
      time.title += `\n${words("yourTime")} ${here}`;
      time.dataset.local = "yes";
    }
  }

  /* htmx: the form token on every unsafe request; a failure says so instead of leaving the page silent. */
  document.addEventListener("htmx:config:request", (event) => {
    const { request } = event.detail.ctx;
    const token = document.querySelector("meta[name=csrf-token]");
    if (token && !["GET", "HEAD"].includes(request.method.toUpperCase())) request.headers["X-CSRFToken"] = token.content;
  });
  document.addEventListener("htmx:error", () => {
    const place = document.getElementById("unreachable");
    if (place) place.hidden = false;
  });
  document.addEventListener("htmx:after:request", (event) => {
    const form = event.detail.ctx.sourceElement.closest("form");
    if (form) release(form);
    const place = document.getElementById("unreachable");
    if (place) place.hidden = true;
  });
  document.addEventListener("htmx:after:swap", () => start(document));

  function start(root) {
    root.querySelectorAll("[data-group]").forEach(group);
    localTimes(root);
  }

  start(document);
  const summary = document.querySelector(".summary[tabindex]");
  if (summary) summary.focus();
})();
