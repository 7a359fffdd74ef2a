// Strokes go to the module as lines; after each one it says what it sees.

const bytes = await (await fetch("lenet.wasm")).arrayBuffer();
const { instance, module } = await WebAssembly.instantiate(bytes);
const lenet = instance.exports;
const $ = (name) => document.getElementById(name);
const paper = $("paper"), pen = paper.getContext("2d"), side = lenet.side();

const bars = Array.from({ length: 10 }, (_, digit) => {
  const row = document.createElement("li");
  row.innerHTML = `<span>${digit}</span><div class="track"><i></i></div><span></span>`;
  $("bars").append(row);
  return row;
});

/** Milliseconds of the predictions so far, of which the clock of a browser knows single ones roughly only. */
const spent = { time: 0, times: 0 };

function show() {
  const begin = performance.now();
  const place = lenet.classify();
  spent.time += performance.now() - begin;
  spent.times += 1;
  const seen = place ? [...new Float32Array(lenet.memory.buffer, place, 10)] : Array(10).fill(0);
  const best = place ? seen.indexOf(Math.max(...seen)) : -1;
  $("digit").textContent = place ? best : "?";
  bars.forEach((row, digit) => {
    row.classList.toggle("best", digit === best);
    row.querySelector("i").style.width = `${100 * seen[digit]}%`;
    row.lastElementChild.textContent = place ? `${(100 * seen[digit]).toFixed(1)} %` : "";
  });
  if (place) $("time").textContent = `${Math.round(1000 * spent.time / spent.times)} µs`;
}

/** Where a pointer is, in points of the paper. */
function point(event) {
  const box = paper.getBoundingClientRect();
  return [(event.clientX - box.left) * side / box.width, (event.clientY - box.top) * side / box.height];
}

function line(from, to) {
  const scale = paper.width / side;
  pen.strokeStyle = getComputedStyle(paper).color;
  pen.lineWidth = 22 * scale;
  pen.lineCap = "round";
  pen.beginPath();
  pen.moveTo(from[0] * scale, from[1] * scale);
  pen.lineTo(to[0] * scale, to[1] * scale);
  pen.stroke();
  lenet.line(...from, ...to);
}

/** The last place of each pointer that is down. */
const last = new Map();

paper.addEventListener("pointerdown", (event) => {
  paper.setPointerCapture(event.pointerId);
  last.set(event.pointerId, point(event));
  line(point(event), point(event));
  show();
});
paper.addEventListener("pointermove", (event) => {
  if (!last.has(event.pointerId)) return;
  for (const moved of event.getCoalescedEvents?.() ?? [event]) {
    const to = point(moved);
    line(last.get(event.pointerId), to);
    last.set(event.pointerId, to);
  }
  show();
});
for (const end of ["pointerup", "pointercancel"]) {
  paper.addEventListener(end, (event) => last.delete(event.pointerId));
}

function clear() {
  lenet.clear();
  pen.clearRect(0, 0, paper.width, paper.height);
  show();
}

$("clear").addEventListener("click", clear);
addEventListener("keydown", (event) => event.key === "Escape" && clear());
$("size").textContent = `${(bytes.byteLength / 1000).toFixed(0)} kB, weights included`;
$("imports").textContent = WebAssembly.Module.imports(module).length;
show();
document.documentElement.dataset.ready = "yes";
