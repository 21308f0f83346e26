// A mask painted over a picture: brush, eraser, undo, invert, rectangles, and a PNG of it in the picture's size.
//
// On the canvas what is masked is vermilion; in the PNG it is white on black.

const COLOUR = "rgb(200 60 35)";
const MOST_UNDO = 30;

/** A brush over `image` in `place`: methods to change the mask, `empty()` and `png()`. */
export function brush(place, image, label) {
  const canvas = document.createElement("canvas");
  canvas.className = "mask";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  canvas.width = image.naturalWidth || image.width;
  canvas.height = image.naturalHeight || image.height;
  place.append(canvas);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const state = { canvas, pen, erasing: false, size: 40, past: [] };
  pointer(state);
  return {
    canvas,
    tool: (name) => (state.erasing = name === "eraser"),
    size: (pixels) => (state.size = pixels),
    rectangle: (left, top, width, height) => {
      remember(state);
      pen.fillStyle = COLOUR;
      pen.fillRect(left, top, width, height);
    },
    invert: () => {
      remember(state);
      pen.globalCompositeOperation = "xor";
      pen.fillStyle = COLOUR;
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.globalCompositeOperation = "source-over";
    },
    clear: () => {
      remember(state);
      pen.clearRect(0, 0, canvas.width, canvas.height);
    },
    undo: () => state.past.length && pen.putImageData(state.past.pop(), 0, 0),
    empty: () => !pen.getImageData(0, 0, canvas.width, canvas.height).data.some((value, index) => index % 4 === 3 && value),
    png: () => png(state),
  };
}

function remember({ pen, canvas, past }) {
  past.push(pen.getImageData(0, 0, canvas.width, canvas.height));
  if (past.length > MOST_UNDO) past.shift();
}

/** Where on the picture an event is; the canvas lies over it as it is shown, letterboxed alike. */
function spot(canvas, event) {
  const box = canvas.getBoundingClientRect();
  const scale = Math.min(box.width / canvas.width, box.height / canvas.height);
  const left = box.left + (box.width - canvas.width * scale) / 2;
  const top = box.top + (box.height - canvas.height * scale) / 2;
  return [(event.clientX - left) / scale, (event.clientY - top) / scale];
}

function pointer(state) {
  const { canvas, pen } = state;
  let last = null;
  const draw = (event) => {
    for (const part of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) {
      const here = spot(canvas, part);
      line(state, last ?? here, here, part.pressure && event.pointerType === "pen" ? part.pressure * 2 : 1);
      last = here;
    }
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    remember(state);
    last = null;
    draw(event);
  });
  canvas.addEventListener("pointermove", (event) => last && draw(event));
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => (last = null));
  pen.lineCap = pen.lineJoin = "round";
}

function line({ pen, erasing, size }, [x0, y0], [x1, y1], pressure) {
  pen.globalCompositeOperation = erasing ? "destination-out" : "source-over";
  pen.strokeStyle = COLOUR;
  pen.lineWidth = Math.max(1, size * pressure);
  pen.lineCap = "round";
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1 + 0.01, y1);
  pen.stroke();
  pen.globalCompositeOperation = "source-over";
}

/** The mask as a PNG blob: white is drawn over, black stays. */
function png({ canvas }) {
  const flat = document.createElement("canvas");
  flat.width = canvas.width;
  flat.height = canvas.height;
  const pen = flat.getContext("2d");
  pen.drawImage(canvas, 0, 0);
  pen.globalCompositeOperation = "source-in";
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, flat.width, flat.height);
  pen.globalCompositeOperation = "destination-over";
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, flat.width, flat.height);
  return new Promise((resolve) => flat.toBlob(resolve, "image/png"));
}
