// Explanations open beside the question mark that asks for them.
let asked = null;
for (const button of document.querySelectorAll(".word")) {
  button.addEventListener("click", () => (asked = button));
}
for (const box of document.querySelectorAll("[popover]")) {
  box.addEventListener("toggle", ({ newState }) => {
    if (newState !== "open" || !asked) return;
    box.classList.add("placed");
    const at = asked.getBoundingClientRect();
    const { width, height } = box.getBoundingClientRect();
    const below = at.bottom + height + 16 < innerHeight;
    box.style.left = `${Math.max(8, Math.min(at.left - 12, innerWidth - width - 8))}px`;
    box.style.top = `${Math.max(8, below ? at.bottom + 8 : at.top - height - 8)}px`;
  });
}
addEventListener("scroll", () => document.querySelector(":popover-open")?.hidePopover(), {
  passive: true,
});

// A picture opens as large as the window, in all of its states; the arrow keys go on to the next.
const large = document.querySelector(".large");
const figures = [...document.querySelectorAll("figure:has(.enlarge)")];
let opened = null;

const enlarge = (figure) => {
  opened = figure;
  large.querySelector("strong").textContent = figure.querySelector("figcaption").textContent;
  const states = large.querySelector(".states");
  states.className = "states";
  states.classList.toggle("one", !figure.closest(".gallery"));
  states.classList.toggle("smooth", figure.matches(".drawing"));
  states.replaceChildren(
    ...[...figure.querySelectorAll(".enlarge")].map((button) => {
      const state = document.createElement("div");
      state.append(button.firstElementChild.cloneNode());
      const words = button.parentElement.querySelector("span");
      if (words) state.append(words.cloneNode(true));
      return state;
    }),
  );
  if (!large.open) large.showModal();
  large.scrollTop = 0;
};

for (const button of document.querySelectorAll(".enlarge")) {
  button.setAttribute("aria-label", `Enlarge: ${button.firstElementChild.alt}`);
  button.addEventListener("click", () => enlarge(button.closest("figure")));
}
large.addEventListener("click", (event) => event.target === large && large.close());
large.addEventListener("keydown", ({ key }) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
  const next = step && figures[figures.indexOf(opened) + step];
  if (next) enlarge(next);
});
