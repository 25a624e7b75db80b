/* The form of a visit and the week's list: position, the rest as passed, the nearest first.
   Everything works without this file; what a phone cannot do is said and left out. */
(() => {
  "use strict";

  const words = (element, name) => element.dataset[name] || "";
  const told = (element, text) => { element.textContent = text; };

  function locate(say, element, use) {
    if (!navigator.geolocation || !isSecureContext) {
      told(say, words(element, "cannot"));
      return;
    }
    told(say, words(element, "asking"));
    navigator.geolocation.getCurrentPosition(
      (found) => use(found.coords),
      (error) => told(say, words(element, error.code === error.PERMISSION_DENIED ? "denied" : "cannot")),
      { enableHighAccuracy: true, timeout: 20000, maximumAge: 30000 },
    );
  }

  /* Where the manager stands: one check-in point, only when asked for. */
  const place = document.querySelector("[data-place]");
  if (place) {
    const say = place.querySelector("[data-said]");
    const form = place.closest("form");
    place.hidden = false;
    place.querySelector("button").addEventListener("click", () => locate(say, place, (here) => {
      form.elements.latitude.value = here.latitude.toFixed(6);
      form.elements.longitude.value = here.longitude.toFixed(6);
      form.elements.accuracy.value = Math.ceil(here.accuracy);
      told(say, words(place, "done").replace("{m}", Math.ceil(here.accuracy)));
    }));
  }

  /* The rest as passed: marks what has no answer, and shows every mark. */
  const list = document.querySelector("[data-checklist]");
  const count = document.querySelector("[data-count]");
  const open = () => [...list.querySelectorAll("fieldset")].filter((item) => !item.querySelector("input:checked"));
  function tell() {
    const left = open().length;
    told(count, left ? words(count, "left").replace("{n}", left) : words(count, "none"));
    const rest = document.querySelector("[name=rest]");
    if (rest) rest.hidden = left === 0;
  }
  if (list) {
    list.addEventListener("change", tell);
    document.querySelector("[name=rest]").addEventListener("click", (event) => {
      event.preventDefault();
      for (const item of open()) item.querySelector("input[value=PASS]").checked = true;
      list.closest("form").dataset.typed = "yes";
      tell();
    });
    addEventListener("pageshow", tell);
    tell();
  }

  /* The nearest first. The position stays in the phone. */
  const nearby = document.querySelector("[data-nearby]");
  if (nearby) {
    const say = nearby.querySelector("[data-said]");
    nearby.hidden = false;
    nearby.querySelector("button").addEventListener("click", () => locate(say, nearby, (here) => {
      for (const rows of document.querySelectorAll("[data-sortable]")) sortByDistance(rows, here);
      told(say, words(nearby, "done"));
    }));
  }

  function sortByDistance(rows, here) {
    const away = (row) => row.dataset.latitude ? metres(here, row.dataset) : Infinity;
    const sorted = [...rows.children].sort((one, other) => away(one) - away(other));
    for (const row of sorted) {
      const far = away(row);
      const said = row.querySelector("[data-away]");
      if (said && far < Infinity) told(said, far < 950 ? `${Math.round(far / 10) * 10} m` : `${(far / 1000).toFixed(1)} km`);
      rows.append(row);
    }
  }

  function metres(here, there) {
    const rad = Math.PI / 180;
    const north = (there.latitude - here.latitude) * rad;
    const east = (there.longitude - here.longitude) * rad * Math.cos(here.latitude * rad);
    return Math.hypot(north, east) * 6371009;
  }
})();
