// A divider follows the pointer that drags it, and the keys of the slider that lies under it.
for (const box of document.querySelectorAll(".compare")) {
  const slider = box.querySelector("input");
  const show = () => box.style.setProperty("--at", `${slider.value}%`);
  const follow = (event) => {
    const { left, width } = box.getBoundingClientRect();
    slider.value = (100 * (event.clientX - left)) / width;
    show();
  };
  slider.addEventListener("input", show);
  box.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    box.setPointerCapture(event.pointerId);
    slider.focus({ preventScroll: true });
    if (event.pointerType === "mouse") follow(event); // A finger may be about to scroll.
  });
  for (const kind of ["pointermove", "pointerup"]) {
    box.addEventListener(kind, (event) => {
      if (box.hasPointerCapture(event.pointerId)) follow(event);
    });
  }
}
