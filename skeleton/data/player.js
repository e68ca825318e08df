// One skeleton, played: the drawing of every page. Of a clip: frames (bodies of points), bones, sides, head,
// centre, extent, mirror (the direction of x on paper), rate (frames a second).

/**
 * Make a canvas play clips.
 * parts: {canvas, play, slider, number, speed} elements; colours: () => [middle, left, right].
 * Returns {show(clip, start), draw(), setPlaying(on)}.
 */
function skeletonPlayer({ canvas, play, slider, number, speed }, colours) {
  let clip = null, time = 0, playing = false, last = null, yaw = 0, pitch = 0;

  function draw() {
    if (!clip || !canvas.clientWidth) return;
    const box = canvas.getBoundingClientRect(), ratio = window.devicePixelRatio || 1, sides = colours();
    canvas.width = box.width * ratio; canvas.height = box.height * ratio;
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const scale = 0.85 * Math.min(box.width / clip.extent[0], box.height / clip.extent[1]);
    const index = Math.min(clip.frames.length - 1, Math.floor(time));
    const project = p => {
      const [x, y, z] = p.map((v, k) => v - clip.centre[k]);
      const across = x * Math.cos(yaw) + z * Math.sin(yaw), deep = z * Math.cos(yaw) - x * Math.sin(yaw);
      return [box.width / 2 + clip.mirror * across * scale, box.height / 2 - (y * Math.cos(pitch) + deep * Math.sin(pitch)) * scale];
    };
    clip.frames[index].forEach((joints, who) => {
      if (!joints.length) return;
      const points = joints.map(project);
      context.lineCap = "round"; context.lineWidth = 4.5; context.globalAlpha = who ? 0.65 : 1; context.setLineDash(who ? [7, 6] : []);
      const seen = joints.map(point => point.some(value => value));
      for (const [joint, parent, side] of clip.bones) {
        if (!seen[joint] || !seen[parent]) continue;
        context.strokeStyle = sides[side];
        context.beginPath(); context.moveTo(...points[parent]); context.lineTo(...points[joint]); context.stroke();
      }
      context.setLineDash([]);
      points.forEach((p, joint) => {
        if (!seen[joint]) return;
        context.fillStyle = sides[clip.sides[joint]];
        context.beginPath(); context.arc(p[0], p[1], joint === clip.head ? 8 : 3, 0, 7); context.fill();
      });
    });
    slider.value = index;
    number.value = `${index + 1} / ${clip.frames.length}`;
    canvas.dataset.frame = index;
  }
  function step(now) {
    if (!playing) return;
    if (last !== null) time = (time + (now - last) / 1000 * clip.rate * Number(speed.value)) % clip.frames.length;
    last = now;
    draw();
    requestAnimationFrame(step);
  }
  function setPlaying(on) {
    playing = on && Boolean(clip); last = null;
    play.textContent = playing ? "Pause" : "Play";
    play.setAttribute("aria-pressed", String(playing));
    if (playing) requestAnimationFrame(step);
  }
  function show(wanted, start = false) {
    clip = wanted; time = 0; yaw = pitch = 0;
    slider.max = clip ? clip.frames.length - 1 : 0;
    [play, slider].forEach(control => { control.disabled = !clip; });
    setPlaying(start);
    draw();
  }
  function turn(across, up) {
    yaw += across;
    pitch = Math.max(-1.5, Math.min(1.5, pitch + up));
    draw();
  }
  play.addEventListener("click", () => setPlaying(!playing));
  slider.addEventListener("input", () => { setPlaying(false); time = Number(slider.value); draw(); });
  canvas.addEventListener("pointerdown", event => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", event => {
    if (event.buttons && clip) turn(event.movementX / 120 * clip.mirror, event.movementY / 120);
  });
  canvas.addEventListener("keydown", event => {
    const turned = { ArrowLeft: [-0.12, 0], ArrowRight: [0.12, 0], ArrowUp: [0, -0.12], ArrowDown: [0, 0.12] }[event.key];
    if (turned) turn(...turned);
    else if (event.key === " ") setPlaying(!playing);
    else if ((event.key === "," || event.key === ".") && clip) {
      setPlaying(false);
      time = (Math.floor(time) + (event.key === "." ? 1 : clip.frames.length - 1)) % clip.frames.length;
      draw();
    } else return;
    event.preventDefault();
  });
  return { show, draw, setPlaying };
}
