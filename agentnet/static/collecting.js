/* The counter. Without this file every page still works: the keypad, the change while typing and the watch over a lost
   answer are what it adds. */
(() => {
  "use strict";

  const fen = (text) => {
    const match = /^(\d{1,11})(?:\.(\d{0,2}))?$/.exec(text.replace(/[,，\s]/g, ""));
    return match ? Number(match[1]) * 100 + Number((match[2] || "").padEnd(2, "0")) : null;
  };
  const yuan = (amount) =>
    `${String(Math.floor(amount / 100)).replace(/\B(?=(\d{3})+$)/g, ",")}.${String(amount % 100).padStart(2, "0")}`;

  const take = document.querySelector("[data-take]");
  if (take) {
    const amount = take.elements.amount;
    const cash = take.elements.cash_received;
    const change = take.querySelector("[data-change]");
    const keypad = take.querySelector("[data-keypad]");
    let typing = amount;
    let untouched = true; // the first key replaces the figure that was filled in

    const tender = () => take.elements.tender.value;
    const show = () => {
      const isCash = tender() === "CASH";
      take.querySelector("[data-for-cash]").hidden = !isCash;
      take.querySelector("[data-for-card]").hidden = isCash;
      const [due, given] = [fen(amount.value), fen(cash.value)];
      change.hidden = due === null || given === null;
      if (!change.hidden) {
        const short = given < due;
        change.classList.toggle("short", short);
        change.textContent = `${short ? change.dataset.short : change.dataset.words} ${yuan(Math.abs(given - due))}`;
      }
    };

    keypad.hidden = false;
    for (const box of [amount, cash]) {
      box.addEventListener("focus", () => {
        typing = box;
        untouched = box.value !== "";
        box.select();
      });
    }
    keypad.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
    keypad.addEventListener("click", (event) => {
      const key = event.target.closest("[data-key]");
      if (!key) return;
      const before = untouched ? "" : typing.value;
      untouched = false;
      if (key.dataset.key === "back") typing.value = before.slice(0, -1);
      else if (key.dataset.key !== "." || !before.includes(".")) typing.value = before + key.dataset.key;
      show();
    });
    take.addEventListener("input", () => {
      untouched = false;
      show();
    });
    take.addEventListener("change", show);
    show();
    amount.focus();
  }

  /* The answer may be lost on the way back. Then the money is not asked for again: the page looks the id up until it
     knows. Sending the same page again is safe, for its id counts once. */
  const record = document.querySelector("[data-record]");
  if (record && window.fetch) {
    const lost = document.querySelector("[data-lost]");
    const again = lost.querySelector("[data-again]");
    const notRecorded = lost.querySelector("[data-not-recorded]");
    const button = record.querySelector("[type=submit]");
    let sent = false;

    const look = async () => {
      try {
        const answer = await fetch(record.dataset.status, { headers: { Accept: "application/json" }, cache: "no-store" });
        if (answer.redirected) location.assign(answer.url); // signed out meanwhile
        else if (answer.ok) {
          const found = await answer.json();
          if (found.recorded) location.replace(found.receipt);
          else {
            lost.hidden = false;
            record.hidden = true;
            notRecorded.hidden = false;
            again.hidden = false;
            again.focus();
          }
        } else setTimeout(look, 3000);
      } catch {
        setTimeout(look, 3000); // still no signal
      }
    };

    const send = async () => {
      const limit = new AbortController();
      const timer = setTimeout(() => limit.abort(), 15000);
      const request = { method: "POST", body: new FormData(record), redirect: "manual", signal: limit.signal };
      try {
        const answer = await fetch(record.action, request);
        if (answer.type === "opaqueredirect") look();
        else record.submit(); // a refusal: let the server show its page; the same id cannot count twice
      } catch {
        lost.hidden = false;
        record.hidden = true;
        look();
      } finally {
        clearTimeout(timer);
      }
    };

    record.addEventListener("submit", (event) => {
      event.preventDefault();
      if (sent) return;
      sent = true;
      button.disabled = true;
      button.lastElementChild.textContent = button.dataset.sending;
      send();
    });
    again.addEventListener("click", () => {
      lost.hidden = true;
      again.hidden = true;
      notRecorded.hidden = true;
      send();
    });
  }
})();
